"""The buffer of entries that wait to be written, within the limits of the memory."""

import logging
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence

from ..store.connection import PendingEntry

log = logging.getLogger(__name__)

MAX_PENDING_ENTRIES = 20_000
"""Entries kept for a database that cannot follow. Of more, the oldest are lost, and the log says how many."""

SLACK_ENTRIES = 2_500
"""Entries above the limit that may wait meanwhile, so that the buffer is not searched at every entry."""

TimedEntry = tuple[int, PendingEntry]
"""An entry with the moment it was added, in microseconds of real time."""


class EntryBuffer:
    """Entries in the order they came.

    With `max_per_tenant`, a tenant's oldest entries beyond that number are dropped here, as its journal would drop
    them. Dropped and lost entries are counted, because their numbers are used up.
    """

    def __init__(self, max_per_tenant: int | None) -> None:
        self._max_per_tenant = max_per_tenant
        self._entries: deque[TimedEntry] = deque()
        self._limit = SLACK_ENTRIES + min(max_per_tenant or MAX_PENDING_ENTRIES, MAX_PENDING_ENTRIES)
        self._by_tenant: dict[int | None, int] = {}
        self._dropped: Counter[int | None] = Counter()
        self._lost = 0
        self.lost_count = 0
        """Number of entries that were ever lost, because the database could not follow."""
        self.weight = 0
        """Size of the entries that wait, in bytes, roughly."""
        self.added = 0
        """Number of entries that were ever added."""

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: PendingEntry) -> None:
        """Add an entry. On a shared store this is called from its threads."""
        self._entries.append((time.time_ns() // 1000, entry))
        self.weight += entry.weight
        if self._max_per_tenant is not None:
            self._by_tenant[entry.tenant] = self._by_tenant.get(entry.tenant, 0) + 1
        self.added += 1
        if len(self._entries) > self._limit:
            self._make_room()

    def _make_room(self) -> None:
        if self._max_per_tenant is not None:
            self._drop_beyond(self._max_per_tenant)
        while len(self._entries) > MAX_PENDING_ENTRIES:
            self._dropped[self._pop()[1].tenant] += 1
            self._lost += 1
            self.lost_count += 1
        self._limit = len(self._entries) + SLACK_ENTRIES

    def _drop_beyond(self, limit: int) -> None:
        surplus = Counter({tenant: count - limit for tenant, count in self._by_tenant.items() if count > limit})
        self._dropped += surplus
        passed: list[TimedEntry] = []
        for _ in range(surplus.total()):
            while not surplus[self._entries[0][1].tenant]:
                passed.append(self._entries.popleft())
            surplus[self._pop()[1].tenant] -= 1
        self._entries.extendleft(reversed(passed))

    def _pop(self) -> TimedEntry:
        oldest = self._entries.popleft()
        entry = oldest[1]
        self.weight -= entry.weight
        if self._max_per_tenant is not None:
            left = self._by_tenant.pop(entry.tenant) - 1
            if left:
                self._by_tenant[entry.tenant] = left
        return oldest

    def take(self, limit: int) -> list[TimedEntry]:
        """Remove and return the oldest entries, up to a limit."""
        if self._lost:
            log.warning("%d entries of the traffic are lost, because the database could not follow.", self._lost)
            self._lost = 0
        return [self._pop() for _ in range(min(limit, len(self._entries)))]

    def put_back(self, entries: Sequence[TimedEntry], dropped: Mapping[int | None, int]) -> None:
        """Put entries and counts back that could not be written, before all others."""
        self._entries.extendleft(reversed(entries))
        self._dropped.update(dropped)
        for _, entry in entries:
            self.weight += entry.weight
            if self._max_per_tenant is not None:
                self._by_tenant[entry.tenant] = self._by_tenant.get(entry.tenant, 0) + 1

    def take_dropped(self) -> Counter[int | None]:
        """Return and reset the counts of dropped and lost entries, by tenant.

        They are older than the entries that wait.
        """
        dropped, self._dropped = self._dropped, Counter()
        return dropped
