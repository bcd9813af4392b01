"""What has to be done within a second, as the throttle counts by seconds."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def within_a_second(act: Callable[[], Found]) -> Found:
    """What came of something that took less than a second; a busy machine may need some tries."""
    for _ in range(10):
        began = time.monotonic()
        found = act()
        if time.monotonic() - began < 1:
            return found
        time.sleep(1.05)  # the next try has a second of its own
    raise AssertionError("this machine is too slow to do that within a second")
