"""Calls under the endpoint's throttle."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

WINDOW = 1.1
"""Seconds: one, and something for calls that take longer to arrive than others."""


@dataclass
class Pacer:
    """Lets at most `rate` calls pass in any second; 0 is no limit."""

    rate: int
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    passed: deque[float] = field(default_factory=deque)

    def wait(self) -> None:
        """Come back when the next call may be made."""
        if not self.rate:
            return
        while self.passed and self.passed[0] <= self.clock() - WINDOW:
            self.passed.popleft()
        if len(self.passed) >= self.rate:
            self.sleep(max(0.0, self.passed.popleft() + WINDOW - self.clock()))
        self.passed.append(self.clock())
