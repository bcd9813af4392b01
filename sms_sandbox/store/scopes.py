"""The parts of a transaction that can be undone alone."""

from collections.abc import Callable
from typing import Any, NamedTuple


class PendingEntry(NamedTuple):
    """An entry of the traffic that is made when it is written: `make(*args)`.

    `tenant` is None for the default tenant, and `recorded_at` is in microseconds of real time.
    """

    tenant: int | None
    recorded_at: int
    make: Callable[..., Any]
    args: tuple[Any, ...]


class Scope:
    """A part of a transaction that can be undone alone: how much the transaction had done when the scope began.

    What the transaction does is added to the ends of lists, so a scope that is done costs nothing to leave.
    """

    __slots__ = ("changes", "deferred", "entries", "has_savepoint", "tenants", "undo", "wake")

    def __init__(self, deferred: int, changes: int, entries: int, undo: int, tenants: int, wake: int | None) -> None:
        self.deferred = deferred
        self.changes = changes
        self.entries = entries
        self.undo = undo
        self.wake = wake
        self.tenants = tenants
        self.has_savepoint = False
