"""Scopes of transactions: what each has deferred, changed and announced."""

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from .connection import PendingEntry
    from .statement import Params, Statement

DeferredRows: TypeAlias = "dict[Statement, dict[Hashable, Params]]"
"""Deferred rows by their statement, each under a key that no other row of the statement has."""


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
