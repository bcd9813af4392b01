"""The time of this machine."""

import time
from collections.abc import Callable
from datetime import UTC, datetime


class SteadyTime:
    """The time of this machine, which never goes back.

    If the machine's clock is set back, it goes on from where it was, so that what is due is not delayed. If the clock
    is set forward, or the machine has slept, it follows.
    """

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._ahead = wall() - monotonic()
        """The greatest distance between the two clocks so far, in seconds."""

    def now(self) -> float:
        """Return the time in seconds since 1970."""
        # In this order: what passes between the two calls must not put this time ahead of the machine's for ever.
        wall = self._wall()
        monotonic = self._monotonic()
        self._ahead = max(self._ahead, wall - monotonic)
        return monotonic + self._ahead


_steady = SteadyTime()


def real_now() -> datetime:
    """Return the time of this machine, in UTC. It never goes back."""
    return datetime.fromtimestamp(_steady.now(), UTC)
