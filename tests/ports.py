"""Ports for servers that cannot choose their own, and for addresses where nothing listens."""

import socket
from secrets import randbelow

_FIRST, _END = 20_000, 32_000
"""Ports that no system gives away on its own, as to other tests."""


def free_port() -> int:
    """Return a port of this machine on which nothing listens."""
    for _ in range(1_000):
        port = _FIRST + randbelow(_END - _FIRST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError(f"no port from {_FIRST} to {_END} is free")
