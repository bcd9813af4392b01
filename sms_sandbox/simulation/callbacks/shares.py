"""The concurrent callback attempts, shared by tenants and the addresses that they call."""

from collections import Counter

from .file_descriptors import callback_share

MAX_PER_LANE = 32
"""Concurrent attempts of one tenant to one address."""

MAX_PER_SLOW_LANE = 2
"""Concurrent attempts to an address whose last attempt timed out."""

_MAX_HELD_LANES = 2000
"""Lanes that one query can exclude."""

_MAX_SLOW_LANES = 10_000
"""Lanes that are remembered as slow; the oldest are forgotten for newer ones."""


class Shares:
    """The attempts that are running, and the limits for new ones, by tenant and lane.

    A tenant may have as many attempts as are left to all others: half of them if it is alone, a third each if there are
    two. So there is always room for another tenant, however many addresses of the first ones do not answer.
    """

    def __init__(self) -> None:
        self._tenants: Counter[int] = Counter()
        self._lanes: Counter[str] = Counter()
        self._slow: dict[str, None] = {}
        self._held: dict[str, int] = {}
        """Lanes that wait because their tenant has its share."""

    @property
    def free(self) -> int:
        """Return the number of attempts that may be started by all tenants together."""
        return callback_share() - self._tenants.total()

    def copy(self) -> "Shares":
        """Return a copy that can begin attempts on trial. Both remember the same held lanes."""
        copied = Shares()
        copied._tenants, copied._lanes = self._tenants.copy(), self._lanes.copy()
        copied._slow, copied._held = self._slow, self._held
        return copied

    @property
    def full_lanes(self) -> list[str]:
        """Return the lanes on which no attempt may be started."""
        for lane, tenant in list(self._held.items()):
            if self._has_room(tenant):
                del self._held[lane]
        full = [lane for lane, running in self._lanes.items() if running >= self._limit(lane)]
        return list(dict.fromkeys([*full, *self._held]))

    def may_begin(self, tenant: int, lane: str) -> bool:
        """Return True if a tenant may begin an attempt on a lane. If it has its share, the lane is held."""
        if not self._has_room(tenant):
            if len(self._held) < _MAX_HELD_LANES:
                self._held[lane] = tenant
            return False
        return self._lanes[lane] < self._limit(lane)

    def _has_room(self, tenant: int) -> bool:
        return self._tenants[tenant] < self.free

    def _limit(self, lane: str) -> int:
        return MAX_PER_SLOW_LANE if lane in self._slow else MAX_PER_LANE

    def begin(self, tenant: int, lane: str) -> None:
        """Count an attempt that begins."""
        self._tenants[tenant] += 1
        self._lanes[lane] += 1

    def end(self, tenant: int, lane: str, timed_out: bool) -> None:
        """Count an attempt that has ended."""
        self._tenants[tenant] -= 1
        self._lanes[lane] -= 1
        if not self._tenants[tenant]:
            del self._tenants[tenant]
        if not self._lanes[lane]:
            del self._lanes[lane]
        self._slow.pop(lane, None)
        if timed_out:
            self._slow[lane] = None
            if len(self._slow) > _MAX_SLOW_LANES:
                del self._slow[next(iter(self._slow))]
