"""`sms-sandbox fire-callback`: one callback to a URL, signed as the service does."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import reduce
from typing import Any

import click

from ..client.command_client import Failure
from ..domain import callbacks
from ..settings import Settings
from .options import setting

NOW = datetime(2030, 1, 31, 12, tzinfo=UTC)
"""Stands where the time of the call goes."""

DLR = callbacks.delivery_report(message_id=340000001, mobile="61491570156", at=NOW, status="delivered", user_id=54911)
REPLY = callbacks.reply(
    user_id=54911, mobile="61491570156", response="Yes please", message_id=340000001, response_id=36500001,
    longcode="61491570112", at=NOW, is_optout=False,
)  # fmt: skip

WORDS = {
    "datetime": "When it was delivered, in UTC.",
    "datetime_entry": "When it was written, in UTC.",
    "is_optout": "Whether it is a word such as STOP: yes or no.",
    "longcode": "The number that the handset wrote to.",
    "message_id": "Of the message; for a reply, 0 says that it answers none.",
    "mobile": "The handset.",
    "rate": "A number that every callback has.",
    "response": "What the handset wrote.",
    "response_id": "Of what the handset wrote.",
    "status": "What became of the message: delivered, soft-bounce, hard-bounce or pending.",
    "user_id": "Of the account.",
}
"""What each parameter means."""


@click.group()
def fire_callback() -> None:
    """Send one signed callback to a URL.

    No sandbox has to run. Every parameter can be given; the exit code is 0 if the answer is 2xx.
    """


def of_event(params: callbacks.Params) -> Callable[[Any], Any]:
    """An option for each parameter that a callback has, a text whatever it means, and those that say how to send it."""

    def add(command: Any) -> Any:
        return reduce(lambda so_far, option: option(so_far), [*SENDING, *map(parameter, reversed(params))], command)

    return add


def parameter(pair: tuple[str, str]) -> Callable[[Any], Any]:
    name, usual = pair
    is_time = name.startswith("datetime")
    return click.option(
        f"--{name.replace('_', '-')}", name, default=None if is_time else usual, help=WORDS[name],
        show_default="now" if is_time else True, metavar="TIME" if is_time else "TEXT",
    )  # fmt: skip


SENDING = (
    setting("callback_host"),
    click.option(
        "--secret", default=Settings().pairs[0][1], envvar="SMS_SANDBOX_SECRET", show_envvar=True, show_default=True,
        metavar="SECRET", help="The API secret to sign with.",
    ),
    click.argument("url"),
)  # fmt: skip


@fire_callback.command()
@of_event(DLR)
def dlr(url: str, secret: str, callback_host: tuple[str, ...], **given: str | None) -> None:
    """Send a delivery report."""
    fire(url, filled(DLR, given), secret, callback_host)


@fire_callback.command()
@of_event(REPLY)
def reply(url: str, secret: str, callback_host: tuple[str, ...], **given: str | None) -> None:
    """Send what a handset wrote."""
    fire(url, filled(REPLY, given), secret, callback_host)


def filled(params: callbacks.Params, given: Mapping[str, str | None]) -> callbacks.Params:
    """The parameters in the order they are sent, with the values that are given, and the time where none is."""
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
    return [(name, now if (value := given[name]) is None else value) for name, _ in params]


def fire(url: str, params: callbacks.Params, secret: str, hosts: tuple[str, ...]) -> None:
    """Send a callback once and print all there is to know of it."""
    from ..simulation.callbacks.http_client import Courier, Posting  # here, since --help needs none of it

    if not callbacks.is_http_url(url):
        raise click.UsageError(f"{url!r} is no http or https address.")
    whole = callbacks.with_parameters(url, params)
    signature = callbacks.signature(whole, secret)
    click.echo(f"GET {whole}\nx-transmitsms-signature: {signature}")

    async def send() -> Any:
        courier = Courier(allowed_hosts=hosts)
        try:
            return await courier.post(Posting(0, 0, 1, whole, signature, datetime.now(UTC), ""))
        finally:
            await courier.close()

    outcome = asyncio.run(send())
    if outcome.status is not None:
        click.echo(f"{outcome.status} after {outcome.latency / 1000:.0f} ms")
    if outcome.answer:
        click.echo(outcome.answer)
    if outcome.error is not None:
        raise Failure(f"The callback did not arrive: {outcome.error.removesuffix('.')}.")
