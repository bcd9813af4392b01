"""`sms-sandbox fire-callback`: sends one callback to a URL, signed like those of the service."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import reduce
from typing import Any

import click

from ..domain import callbacks
from ..settings import Settings
from .answers import Answer, answers
from .options import setting

_PLACEHOLDER_TIME = datetime(2030, 1, 31, 12, tzinfo=UTC)
"""Stands in the parameters where the current time goes."""

DLR = callbacks.delivery_report(
    message_id=340000001, mobile="61491570156", at=_PLACEHOLDER_TIME, status="delivered", user_id=54911
)
REPLY = callbacks.reply(
    user_id=54911, mobile="61491570156", response="Yes please", message_id=340000001, response_id=36500001,
    longcode="61491570112", at=_PLACEHOLDER_TIME, is_optout=False,
)  # fmt: skip

PARAMETER_HELP = {
    "datetime": "Time of the delivery, in UTC.",
    "datetime_entry": "Time of the handset's message, in UTC.",
    "is_optout": "yes if the message is an opt-out such as STOP, else no.",
    "longcode": "Number that the handset sent to.",
    "message_id": "Id of the message. For a reply, 0 means that it replies to none.",
    "mobile": "Number of the handset.",
    "rate": "A number that every callback has.",
    "response": "Text that the handset sent.",
    "response_id": "Id of the handset's message.",
    "status": "Status of the message: delivered, soft-bounce, hard-bounce or pending.",
    "user_id": "Id of the account.",
}


@click.group()
def fire_callback() -> None:
    """Send one signed callback to a URL.

    It needs no running sandbox. The exit code is 0 if the answer is 2xx.
    """


def _options_of(params: callbacks.Params) -> Callable[[Any], Any]:
    """Return a decorator that adds an option for each parameter, and the common ones."""

    def add(command: Any) -> Any:
        return reduce(
            lambda so_far, option: option(so_far), [*_COMMON_OPTIONS, *map(_option, reversed(params))], command
        )

    return add


def _option(param: tuple[str, str]) -> Callable[[Any], Any]:
    """Return the option of one parameter. It takes any text, so that wrong values can be tried."""
    name, usual = param
    is_time = name.startswith("datetime")
    return click.option(
        f"--{name.replace('_', '-')}", name, default=None if is_time else usual, help=PARAMETER_HELP[name],
        show_default="now" if is_time else True, metavar="TIME" if is_time else "TEXT",
    )  # fmt: skip


_COMMON_OPTIONS = (
    setting("callback_host"),
    click.option(
        "--secret", default=Settings().pairs[0][1], envvar="SMS_SANDBOX_SECRET", show_envvar=True, show_default=True,
        metavar="SECRET", help="API secret to sign with.",
    ),
    click.argument("url"),
)  # fmt: skip


@fire_callback.command()
@_options_of(DLR)
@answers
def dlr(url: str, secret: str, callback_host: tuple[str, ...], **given: str | None) -> Answer:
    """Send a delivery report."""
    return _fire(url, _fill(DLR, given), secret, callback_host)


@fire_callback.command()
@_options_of(REPLY)
@answers
def reply(url: str, secret: str, callback_host: tuple[str, ...], **given: str | None) -> Answer:
    """Send a handset's reply."""
    return _fire(url, _fill(REPLY, given), secret, callback_host)


def _fill(params: callbacks.Params, given: Mapping[str, str | None]) -> callbacks.Params:
    """Return the parameters in the order they are sent, with the given values. A time that is not given is now."""
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
    return [(name, now if (value := given[name]) is None else value) for name, _ in params]


def _fire(url: str, params: callbacks.Params, secret: str, hosts: tuple[str, ...]) -> Answer:
    """Send a callback once, and return the request and the answer."""
    # Imported here, because --help needs neither.
    import asyncio

    from ..simulation.callbacks.destinations import Destinations
    from ..simulation.callbacks.http_client import CallbackClient, CallbackRequest

    if not callbacks.is_http_url(url):
        raise click.UsageError(f"{url!r} is not an http or https URL.")
    whole = callbacks.with_parameters(url, params)
    signature = callbacks.signature(whole, secret)

    async def send() -> Any:
        client = CallbackClient(destinations=Destinations(hosts))
        try:
            return await client.send(CallbackRequest(0, 0, 1, 0, whole, signature, datetime.now(UTC), ""))
        finally:
            await client.close()

    outcome = asyncio.run(send())
    lines = [f"GET {whole}", f"x-transmitsms-signature: {signature}"]
    if outcome.status is not None:
        lines.append(f"{outcome.status} after {outcome.latency / 1000:.0f} ms")
    if outcome.answer:
        lines.append(outcome.answer)
    error = f"The callback failed: {outcome.error.removesuffix('.')}." if outcome.error is not None else ""
    data = {
        "url": whole, "signature": signature, "status": outcome.status, "latency_ms": outcome.latency / 1000,
        "answer": outcome.answer, "error": outcome.error,
    }  # fmt: skip
    return Answer(data, "\n".join(lines), ok=not error, error=error)
