"""The throttle: so many calls in any second, and what is over is refused."""

from collections import deque

SECOND = 1.0


def admit(admitted: deque[float], now: float, rate: int) -> bool:
    """Whether a call at `now` (seconds) is one of at most `rate` in any second; notes it in `admitted` if so.

    Refused calls do not count, so a client that hammers still gets `rate` calls a second. A rate of 0 is no limit.
    """
    if rate <= 0:
        return True
    while admitted and (admitted[0] <= now - SECOND or len(admitted) > rate):
        admitted.popleft()
    if len(admitted) >= rate:
        return False
    admitted.append(now)
    return True
