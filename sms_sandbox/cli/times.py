"""Times that a person types: a date, a date with a time, or a span that lies in the past."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from .options import seconds

if TYPE_CHECKING:
    from ..client.control import Client

EXAMPLES = "write 2030-01-31, 2030-01-31T12:00 or 2030-01-31T12:00:00Z"


class Time(click.ParamType[datetime | timedelta]):
    """A time, in UTC unless it says another zone. With `takes_spans`, 30m means 30 minutes ago."""

    name = "time"

    def __init__(self, *, takes_spans: bool = False) -> None:
        self._takes_spans = takes_spans

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime | timedelta:
        """Return the time, or the span before now."""
        try:
            time = datetime.fromisoformat(value)
        except ValueError:
            if not self._takes_spans:
                self.fail(f"{value!r} is not a time; {EXAMPLES}.", param, ctx)
        else:
            return time if time.tzinfo else time.replace(tzinfo=UTC)
        try:
            return timedelta(seconds=seconds(value))
        except click.UsageError:
            self.fail(f"{value!r} is not a time; {EXAMPLES}, or 30m for 30 minutes ago.", param, ctx)


def before_now(client: "Client", time: datetime | timedelta | None) -> str | None:
    """Return a time as control takes it. A span is counted back from the time on the tenant's clock."""
    if isinstance(time, timedelta):
        from ..control.shapes.clock import Clock  # here, because --help does not need it

        time = client.read(Clock, "GET", "/clock").now - time
    return None if time is None else time.isoformat()


def format_time(time: datetime) -> str:
    """Return a time of the tenant's clock for people. All of them are in UTC."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def format_span(span: timedelta) -> str:
    """Return a span for people: 45 s, 5 min, 3 h 20 min, 2 d 4 h."""
    total = int(span.total_seconds())
    parts = ((total // 86400, "d"), (total // 3600 % 24, "h"), (total // 60 % 60, "min"), (total % 60, "s"))
    shown = [f"{count} {unit}" for count, unit in parts if count]
    return " ".join(shown[:2]) or "0 s"
