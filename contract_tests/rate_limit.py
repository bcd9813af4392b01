"""A limit for the rate of calls, below the endpoint's throttle."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

WINDOW_SECONDS = 1.1
"""The throttle's window of one second, plus a margin for calls that arrive late."""


@dataclass
class RateLimiter:
    """Lets at most `rate` calls pass in any second. 0 means no limit."""

    rate: int
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    passed: deque[float] = field(default_factory=deque)

    def wait(self) -> None:
        """Wait until the next call is allowed."""
        if not self.rate:
            return
        while self.passed and self.passed[0] <= self.clock() - WINDOW_SECONDS:
            self.passed.popleft()
        if len(self.passed) >= self.rate:
            self.sleep(max(0.0, self.passed.popleft() + WINDOW_SECONDS - self.clock()))
        self.passed.append(self.clock())
