"""The parts of a transaction that can be undone alone."""

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from .statement import Params, Statement

DeferredRows: TypeAlias = "dict[Statement, dict[Hashable, Params]]"
"""Deferred rows by their statement, each under a key that no other row of the statement has."""


class PendingEntry(NamedTuple):
    """An entry of the traffic that is made when it is written: `make(*args)`.

    `tenant` is None for the default tenant, and `recorded_at` is in microseconds of real time.
    """

    tenant: int | None
    recorded_at: int
    make: Callable[..., Any]
    args: tuple[Any, ...]


class Scope:
    """A part of a transaction that can be undone alone: its deferred rows, and what it has changed and announces."""

    __slots__ = ("changed", "deferred", "entries", "has_savepoint", "is_event", "undo", "wake")

    def __init__(self) -> None:
        self.deferred: DeferredRows = {}
        self.changed: dict[int, int] = {}
        """What was changed of tenants that are cached."""
        self.wake: int | None = None
        self.entries: list[PendingEntry] = []
        self.undo: list[Callable[[], object]] = []
        """What restores values in memory that were changed."""
        self.has_savepoint = False
        self.is_event = False
