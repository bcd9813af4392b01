"""Moments, their form in the store, and the clock of a tenant."""

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)
"""The limit of every clock, so that adding a wait never exceeds the largest date."""


def to_micros(moment: datetime) -> int:
    """Convert a UTC moment to microseconds since 1970, as the store keeps it."""
    return (moment - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """Convert microseconds since 1970 to a UTC moment."""
    return EPOCH + micros * MICROSECOND


def month_after(moment: datetime, day: int = 0) -> datetime:
    """Return the same day of the next month, or its last day.

    `day` is the first charge's day of the month; a shorter month in between must not change it.
    """
    year, month = (moment.year + 1, 1) if moment.month == 12 else (moment.year, moment.month + 1)
    return moment.replace(year=year, month=month, day=min(day or moment.day, calendar.monthrange(year, month)[1]))


@dataclass(frozen=True)
class Clock:
    """The clock of a tenant: `offset` ahead of real time, or frozen at `frozen_at`.

    `moving` marks a clock that an advance moves, and `was_frozen` that it was frozen before. So it can be set as it was
    if the process of the advance dies.
    """

    offset: timedelta = timedelta()
    frozen_at: datetime | None = None
    moving: bool = False
    was_frozen: bool = False

    @property
    def is_frozen(self) -> bool:
        """True if only an advance or a change moves it."""
        return self.frozen_at is not None and (self.was_frozen or not self.moving)

    def now(self, real: datetime) -> datetime:
        """Return the time on this clock at a moment of real time."""
        return self.frozen_at or real + self.offset

    def micros(self, real: int) -> int:
        """Return the time on this clock; both times are in microseconds since 1970."""
        if self.frozen_at is not None:
            return to_micros(self.frozen_at)
        return real + self.offset // MICROSECOND

    def real_due(self, due: datetime) -> datetime | None:
        """Return the real time at which an event due on this clock must run.

        None if the clock is frozen before that. An event due exactly when the clock is frozen runs at once, except
        during an advance, which runs the due events itself.
        """
        if self.frozen_at is None:
            return due - self.offset
        return EPOCH if due <= self.frozen_at and not self.moving else None

    def frozen(self, real: datetime) -> "Clock":
        """Return this clock frozen at its present time."""
        return Clock(self.offset, self.now(real))

    def running(self, real: datetime) -> "Clock":
        """Return this clock running on from its present time."""
        return Clock(self.now(real) - real)

    def moved_to(self, moment: datetime) -> "Clock":
        """Return this clock as an advance moves it."""
        return Clock(self.offset, moment, moving=True, was_frozen=self.is_frozen)

    def after_move(self, real: datetime) -> "Clock":
        """Return this clock as it is after an advance: frozen or running, as it was before."""
        return Clock(self.offset, self.frozen_at) if self.was_frozen else self.running(real)
