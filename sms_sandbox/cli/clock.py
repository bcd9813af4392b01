"""`sms-sandbox clock`: shows and moves the clock of a tenant."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import click

from .answers import Answer
from .connection import with_client
from .options import seconds
from .terminal import count
from .times import Time, format_span, format_time

if TYPE_CHECKING:
    from ..client.control import Client
    from ..control.shapes.clock import Advanced, Clock

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


@click.group()
def clock() -> None:
    """Show the tenant's clock, freeze it, or move it.

    Everything due on the way happens at once, so a day of retries takes no time.
    """


@clock.command()
@with_client
def show(client: "Client") -> Answer:
    """Show the time, and if the clock is running."""
    return _call(client, "GET", "/clock")


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
@click.argument("span", required=False)
@with_client
def advance(client: "Client", to: datetime | None, span: str | None) -> Answer:
    """Advance the clock by a SPAN, such as 24h.

    A SPAN is 90s, 5m, 24h or 3d, for example. Everything due on the way happens before this command ends, retries of
    callbacks included.
    """
    if (to is None) == (span is None):
        raise click.UsageError("Say how far: either a SPAN such as 24h, or --to a time.")
    return _advance(client, {"to": to.isoformat()} if to else {"seconds": seconds(span or "")})


def _call(client: "Client", verb: str, path: str) -> Answer:
    from ..control.shapes.clock import Clock  # here, because --help does not need it

    answer = client.read(Clock, verb, path)
    return Answer(answer, describe_clock(answer))


def _advance(client: "Client", body: Mapping[str, object]) -> Answer:
    from ..control.shapes.clock import Advanced

    answer = client.read(Advanced, "POST", "/clock/advance", body)
    return Answer(answer, describe_advance(answer))


def describe_clock(clock: "Clock") -> str:
    """Return a sentence about a clock."""
    return f"{format_time(clock.now)} UTC, {'running' if clock.running else 'frozen'}."


def describe_advance(advanced: "Advanced") -> str:
    """Return a sentence about an advance, and one about what happened on the way."""
    moved = f"The clock went {format_span(advanced.end - advanced.start)} ahead, to {format_time(advanced.end)} UTC"
    known = [(name, advanced.counts[name]) for name in EVENTS if advanced.counts.get(name)]
    happened = ", ".join(count(number, *EVENTS[name]) for name, number in known) or "nothing"
    return f"{moved}, and {'is running' if advanced.running else 'stays there'}. On the way: {happened}."
