"""The unit of work, as functions of the store use it: cache, defer, undo and announce."""

from collections.abc import Callable, Collection, Hashable, Sequence
from typing import TypeVar

from sqlalchemy import Connection

from .bulk_sql import Params
from .connection import unit_of
from .deferred_rows import WritingStatement
from .scopes import PendingEntry
from .tenant_versions import STATE

T = TypeVar("T")

MAX_CACHED_VALUES = 1_000
"""Number of cached values of a tenant at which they are dropped. So no caller can fill the memory."""

_TRANSACTION_ROLLBACK = "40"
"""PostgreSQL's class of errors for transactions that it ended, because of a deadlock for example."""


class scope:  # noqa: N801 (used as a function)
    """Undo what the block does if it raises; earlier changes of the transaction stay."""

    __slots__ = ("_unit",)

    def __init__(self, db: Connection) -> None:
        self._unit = unit_of(db)

    def __enter__(self) -> None:
        self._unit.enter_scope()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._unit.leave_scope(kind is None)


def has_failed(db: Connection, error: Exception) -> bool:
    """Return True if an error has ended the whole transaction, not only a part."""
    state = getattr(getattr(error, "orig", error), "sqlstate", None) or ""
    return unit_of(db).is_broken or state.startswith(_TRANSACTION_ROLLBACK)


def has_written(db: Connection) -> bool:
    """Return True if the transaction has changed something that is to be committed."""
    return unit_of(db).has_written


def lock_tenant(db: Connection, tenant: int) -> None:
    """Lock a tenant until the transaction ends. Calls and events of it, in all processes, wait."""
    unit_of(db).cache_of(tenant)


def lock_free_tenants(db: Connection, tenants: Collection[int]) -> list[int]:
    """Lock the tenants that no other transaction has locked. Returns them in the order of their ids."""
    return unit_of(db).lock_free(tenants)


def invalidate(db: Connection, tenant: int) -> None:
    """Invalidate the cached values of a tenant, because this transaction changes its settings.

    These are of accounts, numbers, clocks, rules and opt-outs.
    """
    unit_of(db).invalidate(tenant)


def cached(db: Connection, tenant: int, key: Hashable, find: Callable[[], T]) -> T:
    """Return a tenant's cached setting, or else call `find` and cache what it returns.

    `find` is called every time after this transaction invalidated the tenant's cache.
    """
    unit = unit_of(db)
    values = unit.cache_of(tenant).settings
    if key not in values:
        value = find()
        if unit.is_invalidated(tenant):
            return value
        if len(values) > MAX_CACHED_VALUES:
            values.clear()
        values[key] = value
    result: T = values[key]
    return result


def state(db: Connection, tenant: int, key: Hashable, find: Callable[[], T]) -> T:
    """Return a mutable value of a tenant to be changed: a balance, or the counters of ids.

    The caller must defer the row that stores the changed value.
    """
    values = unit_of(db).mark_changed(tenant, STATE).state
    value: T | None = values.get(key)
    if value is None:
        value = values[key] = find()
    return value


def write_later(db: Connection, statement: WritingStatement, key: Hashable, row: Params) -> None:
    """Defer a statement, until another one could see that it did not run.

    Of several rows under one key, only the last is written. Use it for values that are cached until then.
    """
    unit_of(db).defer(statement, key, (row,))


def write_all_later(db: Connection, statement: WritingStatement, rows: Sequence[Params]) -> None:
    """Defer a statement for many rows.

    It runs before another one could see that it did not. No two of the rows may change the same row of the database,
    unless the statement adds amounts.
    """
    if rows:
        unit_of(db).defer(statement, object(), rows)


def mark_as_event(db: Connection) -> None:
    """Mark the present work as that of an event. All other work is that of a call."""
    unit_of(db).mark_as_event()


def is_event(db: Connection) -> bool:
    """Return True in the work of an event."""
    return unit_of(db).is_event


def announce_wake(db: Connection, wake: int) -> None:
    """Announce at the commit that a row of the timeline wakes.

    `wake` is the moment in microseconds of real time.
    """
    unit_of(db).announce_wake(wake)


def on_rollback(db: Connection, restore: Callable[[], object]) -> None:
    """Call `restore` if the current part of the transaction is undone."""
    unit_of(db).on_undo(restore)


def record(db: Connection, entry: PendingEntry, even_if_rolled_back: bool = False) -> None:
    """Record a traffic entry at the commit, or even at a rollback."""
    unit = unit_of(db)
    if even_if_rolled_back:
        unit.entries_anyway.append(entry)
    else:
        unit.record(entry)


def write_traffic(db: Connection) -> None:
    """Write the traffic of earlier transactions that waits with this one."""
    unit_of(db).must_write_traffic = True
