"""Time as a value: moments, how the store counts them, and a tenant's clock."""

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)
"""No clock goes past this, so that a wait added to it is still a date."""


def to_micros(moment: datetime) -> int:
    """A UTC moment as microseconds since 1970, which is how the store keeps it."""
    return (moment - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """The moment that many microseconds after 1970, in UTC."""
    return EPOCH + micros * MICROSECOND


def real_now() -> datetime:
    """The machine's own time, in UTC."""
    return datetime.now(UTC)


def month_after(moment: datetime, day: int = 0) -> datetime:
    """The same day of the next month, or that month's last. `day` is the one it began with, where months between were
    too short for it."""
    year, month = (moment.year + 1, 1) if moment.month == 12 else (moment.year, moment.month + 1)
    return moment.replace(year=year, month=month, day=min(day or moment.day, calendar.monthrange(year, month)[1]))


@dataclass(frozen=True)
class Clock:
    """A tenant's clock: `offset` ahead of real time, or standing still at `frozen_at`.

    `moving` marks a running clock that an advance holds for a while, so that a start after a crash can let it go.
    """

    offset: timedelta = timedelta()
    frozen_at: datetime | None = None
    moving: bool = False

    def now(self, real: datetime) -> datetime:
        return self.frozen_at or real + self.offset

    def micros(self, real: int) -> int:
        """The same in microseconds since 1970, of both."""
        if self.frozen_at is not None:
            return to_micros(self.frozen_at)
        return real + self.offset // MICROSECOND

    def real_due(self, due: datetime) -> datetime | None:
        """When, in real time, something due by this clock comes; None while the clock stands before it.

        What is due at the very moment a clock stands at comes at once; but a clock that is moved lets nothing come by
        itself, since whoever moves it runs what is due.
        """
        if self.frozen_at is None:
            return due - self.offset
        return EPOCH if due <= self.frozen_at and not self.moving else None

    def frozen(self, real: datetime) -> "Clock":
        """This clock, standing still at what it shows."""
        return Clock(self.offset, self.now(real))

    def running(self, real: datetime) -> "Clock":
        """This clock, going on from what it shows."""
        return Clock(self.now(real) - real)
