"""The concurrent callback attempts, shared by tenants and the addresses that they call."""

from collections import Counter

from .file_descriptors import callback_share

MAX_PER_LANE = 32
"""Concurrent attempts of one tenant to one address."""

MAX_PER_SLOW_LANE = 2
"""Concurrent attempts to an address whose last attempt timed out."""

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

    @property
    def free(self) -> int:
        """Return the number of attempts that may be started by all tenants together."""
        return callback_share() - self._tenants.total()

    def copy(self) -> "Shares":
        """Return a copy that can begin attempts on trial."""
        copied = Shares()
        copied._tenants, copied._lanes = self._tenants.copy(), self._lanes.copy()
        copied._slow = self._slow
        return copied

    @property
    def full_lanes(self) -> list[str]:
        """Return the lanes on which no attempt may be started."""
        return [lane for lane, running in self._lanes.items() if running >= self._limit(lane)]

    @property
    def full_tenants(self) -> list[int]:
        """Return the tenants that have their share."""
        return [tenant for tenant in self._tenants if not self._has_room(tenant)]

    def may_begin(self, tenant: int, lane: str) -> bool:
        """Return True if a tenant may begin an attempt on a lane."""
        return self._has_room(tenant) and self._lanes[lane] < self._limit(lane)

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
