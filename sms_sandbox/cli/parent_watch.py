"""The end of the program that started this one."""

import os
import select
import sys
from collections.abc import Callable
from threading import Thread

CHECK_SECONDS = 1.0
"""Time between two looks at the parent process."""


def call_at_end_of_stdin(act: Callable[[], object]) -> None:
    """Call a function, on a thread, when standard input ends or the parent process does.

    A pipe ends when its last writer has closed it. Where the parent has forked, its children are writers too.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            # On Windows `select` takes sockets only, and no process is forked.
            is_readable = sys.platform == "win32" or select.select([0], [], [], CHECK_SECONDS)[0]
            if is_readable and not os.read(0, 65536):
                break
        act()

    Thread(target=watch, name="parent-watch", daemon=True).start()
