"""The limit of open files, and how clients' connections and callbacks share it."""

import errno
import socket
from collections.abc import Callable

try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None  # type: ignore[assignment]

_RESERVED = 32
"""Descriptors for everything else: listening sockets, the database, the event loop, logs."""

_NO_LIMIT = 10_240
"""Number of descriptors that is asked for where the system has no limit. macOS takes no more."""

_MAX_CONNECTIONS = 4096
"""Connections of clients, however many descriptors there are. Each may take a hundred kilobytes."""

_MAX_CALLBACK_CONNECTIONS = 1000
"""Connections of callbacks, however many descriptors there are."""


def raise_limit() -> None:
    """Raise this process's limit of open files as far as the system allows."""
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = _NO_LIMIT if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < target:
        resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))


def _read_limit() -> int:
    if resource is None:
        return _NO_LIMIT
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _NO_LIMIT if soft == resource.RLIM_INFINITY else soft


def callback_share() -> int:
    """Return how many connections callbacks may have, which is at most half of the descriptors."""
    return max(1, min(_MAX_CALLBACK_CONNECTIONS, (_read_limit() - _RESERVED) // 2))


def connection_share() -> int:
    """Return how many connections clients may have."""
    return max(1, min(_MAX_CONNECTIONS, _read_limit() - _RESERVED - callback_share()))


def are_scarce() -> bool:
    """Return True if there are too few descriptors to keep idle connections."""
    return callback_share() < _MAX_CALLBACK_CONNECTIONS


class ExhaustedError(Exception):
    """This process can open no more files or connections, wherever they lead."""


def raise_if_exhausted(error: Exception, probe: Callable[[], socket.socket] = socket.socket) -> None:
    """Raise ExhaustedError if an operation failed because no file could be opened.

    A resolver that can't open its files only says that it knows no address, so its errors need a look of their own.
    """
    if _is_of_limit(error):
        raise ExhaustedError from error
    if isinstance(error.__cause__ or error, socket.gaierror):
        try:
            probe().close()
        except OSError as failure:
            if _is_of_limit(failure):
                raise ExhaustedError from error


def _is_of_limit(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE)
