"""Shapes of a tenant's clock."""

from datetime import timedelta
from typing import Annotated

from msgspec import Meta

from .primitives import DateTime, PageInfo, PageQuery, PositiveInt, Request, Response, check_time


class Clock(Response):
    """The time that a tenant's clock shows, and whether the clock is running."""

    now: DateTime
    running: bool


class Advance(Request):
    """The distance to advance: `to` a time, or a span. The parts of a span add up."""

    to: DateTime | None = None
    days: Annotated[float, Meta(ge=0, le=36600)] = 0
    hours: Annotated[float, Meta(ge=0, le=1_000_000)] = 0
    minutes: Annotated[float, Meta(ge=0, le=100_000_000)] = 0
    seconds: Annotated[float, Meta(ge=0, le=4_000_000_000)] = 0

    def __post_init__(self) -> None:
        if self.to is not None and self.span:
            raise ValueError("Give either `to` or a span of time, not both")
        if self.to is not None:
            check_time("to", self.to)
        elif not self.span:
            raise ValueError("Say how far: `to` a time, or days, hours, minutes or seconds")

    @property
    def span(self) -> timedelta:
        """The sum of days, hours, minutes and seconds."""
        return timedelta(days=self.days, hours=self.hours, minutes=self.minutes, seconds=self.seconds)


class Event(Response):
    """An event during an advance. `id` is that of a message, recipient or callback, as `kind` says."""

    at: DateTime
    kind: str
    id: int


class Advanced(Response):
    """The result of an advance. `happened` lists the first thousand events; `truncated` is true if there were more.

    `late` counts the events that calls added during the advance and that happen right after it.
    """

    start: DateTime
    end: DateTime
    running: bool
    counts: dict[str, int]
    happened: list[Event]
    truncated: bool
    late: int


class DueFilter(PageQuery):
    """The events to list: all of the tenant, or those about one message."""

    message: PositiveInt | None = None


class DueEvent(Response):
    """An event that is due `at` a time. `id` is that of a message, recipient or callback, as `kind` says.

    `says` is the status that the carrier will report, the text that a handset will write, or the event of a
    callback. `number` is the handset it is about.
    """

    at: DateTime
    kind: str
    id: int
    says: str | None
    number: str | None
    message_id: int | None


class DueEvents(Response):
    """A page of events, the next one first."""

    page: PageInfo
    events: list[DueEvent]
