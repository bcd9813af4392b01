"""`sms-sandbox message`: the story of a message."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from .answers import Answer
from .callbacks import describe_attempt, show_url
from .connection import with_client
from .messages import describe_result
from .terminal import count, escape
from .times import format_time

if TYPE_CHECKING:
    from datetime import datetime

    from ..client.control import Client
    from ..control.shapes.callbacks import Callback
    from ..control.shapes.messages import Message, Recipient
    from ..control.shapes.reasons import Reasons
    from ..control.shapes.traffic import Entry

_MAX_ROWS = 200
"""Most recipients and callbacks that a story tells of; the newest."""


class _Moment(NamedTuple):
    """An event of the story. `order` sorts what happened at the same time."""

    at: "datetime"
    order: int
    words: str


@click.command()
@click.argument("id_", type=int, metavar="ID")
@with_client
def message(client: "Client", id_: int) -> Answer:
    """Tell the story of a message.

    It tells why the message has its sender, parts, price and fate; when it was accepted, handed to the carrier and
    reported; each reply; and each callback attempt with its answer.
    """
    from ..control.shapes.callbacks import Callbacks  # here, because --help needs none of them
    from ..control.shapes.messages import Message, Recipients
    from ..control.shapes.reasons import Reasons
    from ..control.shapes.traffic import Traffic

    message = client.read(Message, "GET", f"/messages/{id_}")
    recipients = client.read(Recipients, "GET", "/recipients", message=id_, max=_MAX_ROWS)
    callbacks = client.read(Callbacks, "GET", "/callbacks", message=id_, max=_MAX_ROWS)
    reasons = client.read(Reasons, "GET", f"/messages/{id_}/reasons")
    traffic = client.read(Traffic, "GET", "/traffic", message=id_, max=1000)
    data = {
        "message": message, "reasons": reasons, "recipients": recipients.recipients, "callbacks": callbacks.callbacks,
        "traffic": traffic.entries,
    }  # fmt: skip
    moments = [
        *_of_recipients(message, recipients.recipients),
        *_of_callbacks(callbacks.callbacks),
        *_of_traffic(traffic.entries),
    ]
    lines = [*_head(message, recipients.recipients), *_why(reasons), ""]
    lines += [f"{format_time(at)}  {words}" for at, _, words in sorted(moments)]
    left_out = max(recipients.page.total, callbacks.page.total) - _MAX_ROWS
    lines += [f"(only the newest {_MAX_ROWS} recipients and callbacks are shown)"] if left_out > 0 else []
    return Answer(data, "\n".join(lines))


def _head(message: "Message", recipients: "Sequence[Recipient]") -> Iterator[str]:
    """Yield the facts about a message: its text, its recipients and its cost."""
    text = recipients[0].text if len(recipients) == 1 else message.text
    where = recipients[0].msisdn if len(recipients) == 1 else count(message.recipients, "handset")
    where += f" of list {message.list_id}" if message.list_id else ""
    yield f"Message {message.id} from {message.sender} to {where}: {describe_result(message)}"
    yield from (f"  {escape(line)}" for line in text.splitlines())
    codes = list(dict.fromkeys(code for recipient in recipients for code in recipient.codes))
    if codes:
        yield f"  one-time code: {', '.join(codes[:5])}"


def _why(reasons: "Reasons") -> Iterator[str]:
    """Yield why a message has its sender, parts, price, fate and delivery report."""
    for name in ("sender", "parts", "price", "fate", "delivery_report"):
        yield f"  {name.removeprefix('delivery_') + ':':8}{escape(getattr(reasons, name))}"


def _of_recipients(message: "Message", recipients: "Sequence[Recipient]") -> Iterator[_Moment]:
    several = len(recipients) > 1
    if message.status == "scheduled":
        yield _Moment(message.send_at, 1, "will be handed to the carrier")
    for recipient in recipients if message.status == "sent" else ():
        if recipient.reported_at is None:
            to = f" for {recipient.msisdn}" if several else ""
            yield _Moment(recipient.sent_at, 2, f"the carrier has not reported{to} yet")
    if message.status == "sent":
        yield _Moment(message.send_at, 1, "handed to the carrier")


def _of_callbacks(callbacks: "Sequence[Callback]") -> Iterator[_Moment]:
    for callback in callbacks:
        what = f"callback {callback.id} ({callback.event}, {callback.msisdn})"
        for attempt in callback.attempts:
            number = f", attempt {attempt.number}" if len(callback.attempts) > 1 else ""
            where = f" to {show_url(callback.url)}" if attempt.number == 1 else ""
            yield _Moment(attempt.at, 3, f"{what}{number}{where}: {describe_attempt(attempt)}")
        if callback.next_due is not None:
            yield _Moment(callback.next_due, 4, f"{what} is due again" if callback.attempts else f"{what} is due")
        elif callback.state == "given-up":
            yield _Moment(callback.attempts[-1].at, 4, f"{what} was given up")


def _of_traffic(entries: "Sequence[Entry]") -> Iterator[_Moment]:
    """Yield events that only the traffic has: the call, reports with their cause, and the handset's messages."""
    for entry in entries:
        rule = f" [{escape(entry.rule)}]" if entry.rule else ""
        if entry.kind == "call":
            yield _Moment(entry.at, 0, f"{entry.method} answered {entry.code}{rule}")
        elif entry.kind == "report":
            yield _Moment(entry.at, 2, f"the carrier reports {entry.code} for {entry.number}{rule}")
        elif entry.kind == "inbound":
            text = escape(entry.request.get("response") or entry.request.get("text") or "")
            yield _Moment(entry.at, 2, f'{entry.number} replies "{text}"{rule}')
