"""`sms-sandbox clock`: shows and moves the clock of a tenant."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import click

from .answers import Answer
from .connection import with_client
from .options import NamedArgument, Span
from .terminal import count, escape
from .times import Time, format_span, format_time

if TYPE_CHECKING:
    from ..client.control import Client
    from ..control.shapes.clock import Advanced, Clock, DueEvent

EVENTS = {
    "send": ("message handed over", "messages handed over"),
    "report": ("delivery report", "delivery reports"),
    "callback": ("callback attempt", "callback attempts"),
    "inbound": ("message from a handset", "messages from handsets"),
    "list-action": ("list action", "list actions"),
    "import": ("import", "imports"),
    "number-renewal": ("number renewed", "numbers renewed"),
    "keyword-renewal": ("keyword renewed", "keywords renewed"),
}
"""The kinds of events that people know of. The others are work of the sandbox."""


_DUE = {
    "send": "handover to the carrier",
    "number-renewal": "renewal of a number",
    "keyword-renewal": "renewal of a keyword",
}
"""Words for events that have not happened yet, where these differ."""

MAX_DUE = 5
"""Most events that are shown as due."""


@click.group()
def clock() -> None:
    """Show the tenant's clock, freeze it, or move it.

    Everything due on the way happens at once, so a day of retries takes no time.
    """


@clock.command()
@with_client
def show(client: "Client") -> Answer:
    """Show the time, if the clock is running, and what is due next."""
    from ..control.shapes.clock import Clock, DueEvents  # here, because --help needs neither

    now = client.read(Clock, "GET", "/clock")
    due = client.read(DueEvents, "GET", "/clock/due", max=MAX_DUE)
    lines = [f"{_describe_clock(now)} {'Due next:' if due.events else 'Nothing is due.'}"]
    lines += [f"  {format_time(each.at)}  {_describe_due(each)}" for each in due.events]
    lines += [f"  ({due.page.total - MAX_DUE} later)"] if due.page.total > MAX_DUE else []
    return Answer({"clock": now, "due": due.events}, "\n".join(lines))


@clock.command()
@with_client
def freeze(client: "Client") -> Answer:
    """Freeze the clock. Nothing that is due later happens then."""
    return _call(client, "POST", "/clock/freeze")


@clock.command()
@with_client
def resume(client: "Client") -> Answer:
    """Resume a frozen clock, from the time it shows."""
    return _call(client, "POST", "/clock/resume")


@clock.command()
@click.option("--to", type=Time(), help="Advance to this time instead, such as 2030-01-31T12:00:00Z.")
@click.argument("span", type=Span(), required=False, metavar="[SPAN]", cls=NamedArgument)
@with_client
def advance(client: "Client", to: datetime | None, span: float | None) -> Answer:
    """Advance the clock by a SPAN, for example 24h.

    A SPAN is 90s, 5m, 24h or 3d, for example. Everything due on the way happens before this command ends, retries of
    callbacks included.
    """
    if (to is None) == (span is None):
        raise click.UsageError("Say how far: either a SPAN such as 24h, or --to a time.")
    return _advance(client, {"to": to.isoformat()} if to else {"seconds": span})


@clock.command("next")
@with_client
def next_(client: "Client") -> Answer:
    """Advance the clock to the next event, and let it happen."""
    from ..control.shapes.clock import Advanced

    answer = client.read(Advanced, "POST", "/clock/next")
    return Answer(answer, _describe_advance(answer))


def _call(client: "Client", verb: str, path: str) -> Answer:
    from ..control.shapes.clock import Clock  # here, because --help does not need it

    answer = client.read(Clock, verb, path)
    return Answer(answer, _describe_clock(answer))


def _advance(client: "Client", body: Mapping[str, object]) -> Answer:
    from ..control.shapes.clock import Advanced

    answer = client.read(Advanced, "POST", "/clock/advance", body)
    return Answer(answer, _describe_advance(answer))


def _describe_clock(clock: "Clock") -> str:
    """Return a sentence about a clock."""
    return f"{format_time(clock.now)} UTC, {'running' if clock.running else 'frozen'}."


def _describe_due(event: "DueEvent") -> str:
    """Return what is due, in words."""
    words = _DUE.get(event.kind) or (EVENTS[event.kind][0] if event.kind in EVENTS else event.kind)
    about = f" for {event.number}" if event.number else ""
    message = f" of message {event.message_id}" if event.message_id else ""
    return f"{words}{about}{message}{f': {escape(event.says)}' if event.says else ''}"


def _describe_advance(advanced: "Advanced") -> str:
    """Return a sentence about an advance, and one about what happened on the way."""
    moved = f"The clock went {format_span(advanced.end - advanced.start)} ahead, to {format_time(advanced.end)} UTC"
    known = [(name, advanced.counts[name]) for name in EVENTS if advanced.counts.get(name)]
    happened = ", ".join(count(number, *EVENTS[name]) for name, number in known) or "nothing"
    return f"{moved}, and {'is running' if advanced.running else 'stays there'}. On the way: {happened}."
