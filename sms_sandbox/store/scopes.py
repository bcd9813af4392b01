"""The parts of a transaction that can be undone alone."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from .statement import Params, Statement

DeferredRows: TypeAlias = "tuple[Statement, Hashable, Sequence[Params]]"
"""A statement with deferred rows and their key. Later rows under the same key replace them."""


def group_rows(deferred: "Iterable[DeferredRows]") -> "Iterator[tuple[Statement, list[Params]]]":
    """Yield each statement with all its rows. The statement that was deferred first comes first."""
    groups: dict[Hashable, tuple[Statement, dict[Hashable, Sequence[Params]]]] = {}
    for statement, key, rows in deferred:
        together = key if statement.adds_up else statement
        group = groups.get(together)
        if group is None:
            group = groups[together] = statement, {}
        group[1][key] = rows
    for statement, by_key in groups.values():
        yield statement, list(chain.from_iterable(by_key.values()))


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

    __slots__ = ("changes", "deferred", "entries", "has_savepoint", "undo", "wake")

    def __init__(self, deferred: int, changes: int, entries: int, undo: int, wake: int | None) -> None:
        self.deferred = deferred
        self.changes = changes
        self.entries = entries
        self.undo = undo
        self.wake = wake
        self.has_savepoint = False
