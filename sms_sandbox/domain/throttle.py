"""The throttle: a limit on the calls in any second."""

from collections import deque
from collections.abc import Iterable

SECOND = 1.0


def admit_within_rate(admitted: deque[float], now: float, rate: int) -> bool:
    """Admit a call if there were fewer than `rate` in the last second; True if it was admitted.

    Times are in seconds. Refused calls do not count, so a client that never pauses still gets `rate` calls a second.
    Calls in the future, from before a clock was set back, do not count. A rate of 0 is no limit.
    """
    if rate <= 0:
        return True
    while admitted and (admitted[0] <= now - SECOND or admitted[-1] > now or len(admitted) > rate):
        admitted.popleft()
    if len(admitted) >= rate:
        return False
    admitted.append(now)
    return True


def count_last_second(admitted: Iterable[float], now: float) -> int:
    """Return how many of the admitted calls were in the last second."""
    return sum(now - SECOND < at <= now for at in admitted)
