"""`sms-sandbox callbacks` and `resend`: callbacks with their attempts, and one sent again."""

import time
from typing import TYPE_CHECKING

import click

from .answers import Answer, pad_table
from .connection import with_client
from .messages import MAX_OPTION, with_rest
from .terminal import count, escape, quote
from .times import format_time

if TYPE_CHECKING:
    from ..client.control import Client
    from ..control.shapes.callbacks import Attempt, Callback

HEAD = ("ID", "TIME", "EVENT", "HANDSET", "STATE", "LAST ANSWER", "URL")

EVENTS = ("dlr", "reply", "inbound", "link-hit", "list-action")

_ANSWER_TIMEOUT_SECONDS = 12.0
"""Longest wait for the answer to a callback that is sent again. The sandbox gives an app 10 seconds."""

_ANSWER_PAUSE_SECONDS = 0.05


@click.command()
@click.option("--event", type=click.Choice(EVENTS), help="Only callbacks of this event.")
@click.option("--state", type=click.Choice(("waiting", "delivered", "given-up")), help="Only callbacks in this state.")
@click.option("--message", type=int, metavar="ID", help="Only callbacks about this message.")
@click.option("--number", metavar="MSISDN", help="Only callbacks about this handset.")
@MAX_OPTION
@with_client
def callbacks(
    client: "Client", event: str | None, state: str | None, message: int | None, number: str | None, most: int
) -> Answer:
    """List callbacks, newest first, with the last answer.

    `sms-sandbox message ID` shows each attempt, and `sms-sandbox resend ID` sends one again.
    """
    from ..control.shapes.callbacks import Callbacks  # here, because --help does not need it

    page = client.read(
        Callbacks, "GET", "/callbacks", event=event, state=state, message=message, msisdn=number, max=most
    )
    if not page.callbacks:
        filtered = event or state or message or number
        return Answer(
            page,
            "There are no such callbacks." if filtered else
            "There are no callbacks. They need a URL: `sms-sandbox account --dlr-url URL`, or one in the call.",
        )  # fmt: skip
    rows = [
        (
            str(each.id), format_time(each.created), each.event, each.msisdn, _describe_state(each),
            describe_attempt(each.attempts[-1]) if each.attempts else "-", show_url(each.url),
        )
        for each in page.callbacks
    ]  # fmt: skip
    return Answer(page, with_rest(pad_table(rows, HEAD), len(rows), page.page.total))


@click.command()
@click.argument("id_", type=int, metavar="ID")
@with_client
def resend(client: "Client", id_: int) -> Answer:
    """Send the callback with this ID now, and show the answer.

    A waiting one is sent before its time, any other is sent once more. The exit code is 1 if the attempt failed.
    """
    from ..control.shapes.callbacks import Callback  # here, because --help does not need it

    before = client.read(Callback, "GET", f"/callbacks/{id_}")
    callback = client.read(Callback, "POST", f"/callbacks/{id_}/send")
    until = time.monotonic() + _ANSWER_TIMEOUT_SECONDS
    while not (ended := _has_ended(callback, len(before.attempts))) and time.monotonic() < until:
        time.sleep(_ANSWER_PAUSE_SECONDS)
        callback = client.read(Callback, "GET", f"/callbacks/{id_}")
    what = f"Callback {id_} ({callback.event}, handset {callback.msisdn}) to {show_url(callback.url)}"
    if not ended:
        return Answer(callback, f"{what} is due, but was not answered yet.", ok=False)
    attempt = callback.attempts[-1]
    return Answer(callback, f"{what}: {describe_attempt(attempt)}", ok=attempt.error is None)


def _has_ended(callback: "Callback", earlier: int) -> bool:
    """Return True if a later attempt was answered or failed."""
    return len(callback.attempts) > earlier and callback.attempts[-1].latency_ms is not None


def show_url(url: str) -> str:
    """Return a callback's URL without its parameters, which only repeat the event."""
    return escape(url.partition("?")[0])


def _describe_state(callback: "Callback") -> str:
    """Return the state of a callback, and how many attempts it took."""
    number = len(callback.attempts)
    tried = f" after {count(number, 'attempt')}" if number > 1 else ""
    if callback.state == "waiting" and callback.next_due is not None:
        return f"next at {format_time(callback.next_due)}{tried}"
    return f"{callback.state}{tried}"


def describe_attempt(attempt: "Attempt") -> str:
    """Return what an app answered to an attempt, or why the attempt failed."""
    latency = "" if attempt.latency_ms is None else f" after {attempt.latency_ms:.0f} ms"
    answer = f" {quote(attempt.answer.strip())}" if attempt.answer.strip() else ""
    if attempt.status is not None:
        rule = f" ({escape(attempt.error)})" if attempt.error and "fault" in attempt.error else ""
        return f"answered {attempt.status}{latency}{answer}{rule}"
    return escape(attempt.error or "under way").removesuffix(".")
