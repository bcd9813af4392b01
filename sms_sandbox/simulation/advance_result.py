"""The result of an advance of a clock, and the errors of one."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct, field

from ..store.timeline import Due

_MAX_LISTED_EVENTS = 1000


class RanEvent(Struct, frozen=True):
    """An event that ran during an advance. The meaning of `ref` depends on the kind."""

    at: datetime
    kind: str
    ref: int


class AdvanceResult(Struct):
    """The result of an advance: its start and end, the number of events by kind, and the first events in order.

    `late` is the number of events that calls added during the advance and that run after it.
    """

    start: datetime
    end: datetime
    counts: Counter[str] = field(default_factory=Counter)
    events: list[RanEvent] = field(default_factory=list)
    late: int = 0

    def add(self, rows: Sequence[Due]) -> None:
        """Count rows that ran, and list them as far as there is room."""
        for row in rows:
            self.counts[row.kind] += 1
            if len(self.events) < _MAX_LISTED_EVENTS:
                self.events.append(RanEvent(row.due, row.kind, row.ref))


class BackwardsError(ValueError):
    """A target of an advance that lies before the clock's time."""


class NothingDueError(ValueError):
    """An advance to the next event of a tenant that has none."""
