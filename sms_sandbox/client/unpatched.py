"""Parts of the standard library that tests can't patch.

Tests freeze the time, forbid sockets and replace whole modules. The client works all the same, because it holds its own
references to what lies below those modules. They are attributes of a class, because freezegun looks through the names
of every module.
"""

import subprocess
import sys
from importlib import import_module
from typing import Any


def _original(module: str, name: str) -> Any:
    """Return a function as it was before gevent replaced it."""
    gevent = sys.modules.get("gevent.monkey")
    return gevent.get_original(module, name) if gevent else getattr(import_module(module), name)


class Unpatched:
    """Functions and types of the operating system."""

    socket = _original("_socket", "socket")
    getaddrinfo = staticmethod(_original("_socket", "getaddrinfo"))
    start_thread = staticmethod(_original("_thread", "start_new_thread"))
    make_lock = staticmethod(_original("_thread", "allocate_lock"))
    monotonic = staticmethod(_original("time", "monotonic"))
    pipe = staticmethod(_original("os", "pipe"))
    read = staticmethod(_original("os", "read"))
    list_directory = staticmethod(_original("os", "listdir"))
    close = staticmethod(_original("os", "close"))
    getpid = staticmethod(_original("os", "getpid"))
    start_process = subprocess.Popen  # gevent makes the original one unusable
