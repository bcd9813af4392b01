"""Waiting for a condition, and working within a second."""

import time
from collections.abc import Callable
from typing import TypeVar

DEADLINE_SECONDS = 60
"""Longest wait of a test. It is long, because a busy machine may pause a process for seconds."""

Result = TypeVar("Result")


def within_a_second(act: Callable[[], Result]) -> Result:
    """Return the result of a call that took less than a second.

    The throttle counts by seconds. On a busy machine this may need several attempts.
    """
    for _ in range(10):
        began = time.monotonic()
        result = act()
        if time.monotonic() - began < 1:
            return result
        time.sleep(1.05)  # so that the next attempt begins in a new second
    raise AssertionError("this machine is too slow to do that within a second")


def eventually(condition: Callable[[], object], seconds: float = DEADLINE_SECONDS) -> None:
    """Wait until a condition holds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "the condition did not become true in time"
        time.sleep(0.02)
