"""Notes for the journal that wait to be written, as many as the memory should hold."""

import logging
import time
from collections import Counter, deque

from ..store.unit_of_work import PendingEntry

log = logging.getLogger(__name__)

MOST_WAITING = 20_000
"""Notes kept for a database that can't follow; of more, the oldest are lost, and the log says how many."""

SLACK = 2_500
"""Notes above what is kept that may wait meanwhile, so that it is not looked through at every one."""

Waiting = tuple[int, PendingEntry]
"""A note with the moment it was taken, in real microseconds."""


class Backlog:
    """Notes in the order they came.

    With `most_of_each`, a tenant's oldest notes beyond so many are left out, as its journal would drop them. They are
    counted, as are those that are lost, for they have numbers of their own.
    """

    def __init__(self, most_of_each: int | None) -> None:
        self._most_of_each = most_of_each
        self._notes: deque[Waiting] = deque()
        self._room = SLACK + min(most_of_each or MOST_WAITING, MOST_WAITING)
        self._of_each: dict[int | None, int] = {}
        self._left_out: Counter[int | None] = Counter()
        self._lost = 0
        self.weight = 0
        """Bytes that wait, roughly."""
        self.taken = 0
        """How many were ever taken in."""

    def __len__(self) -> int:
        return len(self._notes)

    def add(self, note: PendingEntry) -> None:
        """Take a note; on a shared store this comes from its threads, too."""
        self._notes.append((time.time_ns() // 1000, note))
        self.weight += note.weight
        if self._most_of_each is not None:
            self._of_each[note.tenant] = self._of_each.get(note.tenant, 0) + 1
        self.taken += 1
        if len(self._notes) > self._room:
            self._make_room()

    def _make_room(self) -> None:
        if self._most_of_each is not None:
            self._leave_out(self._most_of_each)
        while len(self._notes) > MOST_WAITING:
            self._left_out[self._pop()[1].tenant] += 1
            self._lost += 1
        self._room = len(self._notes) + SLACK

    def _leave_out(self, beyond: int) -> None:
        surplus = Counter({tenant: count - beyond for tenant, count in self._of_each.items() if count > beyond})
        self._left_out += surplus
        passed: list[Waiting] = []
        for _ in range(surplus.total()):
            while not surplus[self._notes[0][1].tenant]:
                passed.append(self._notes.popleft())
            surplus[self._pop()[1].tenant] -= 1
        self._notes.extendleft(reversed(passed))

    def _pop(self) -> Waiting:
        oldest = self._notes.popleft()
        note = oldest[1]
        self.weight -= note.weight
        if self._most_of_each is not None:
            left = self._of_each.pop(note.tenant) - 1
            if left:
                self._of_each[note.tenant] = left
        return oldest

    def take(self, most: int) -> list[Waiting]:
        """The oldest notes, which wait no more."""
        if self._lost:
            log.warning("%d entries of the traffic are lost, as the database could not follow.", self._lost)
            self._lost = 0
        return [self._pop() for _ in range(min(most, len(self._notes)))]

    def take_left_out(self) -> Counter[int | None]:
        """How many notes of each tenant were left out or lost before the oldest that still wait."""
        found, self._left_out = self._left_out, Counter()
        return found
