"""A connection of the store with its unit of work: what its transaction has cached, deferred and announced.

What calls ask for every time is cached by tenant. On a shared database other processes change tenants too, so a
transaction first locks each tenant it works on and reads the tenant's versions: as long as nobody else has changed the
tenant, what is cached is right. Rows that no statement needs yet are collected and written together, at the latest at
the commit. A scope is a part of the transaction that can be undone alone.
"""

from collections.abc import Callable, Collection, Hashable, Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine

from . import tenant_versions
from .scopes import DeferredRows, PendingEntry, Scope
from .tenant_versions import SETTINGS, STATE, THROTTLE, TenantCache, TenantCaches

if TYPE_CHECKING:
    from .statement import Params, Statement

_IN_ERROR = 3
"""The status of a transaction on PostgreSQL that accepts no more statements."""


class UnitOfWork:
    """The unit of work of a connection. It serves one transaction after the other."""

    def __init__(self, db: Connection, caches: TenantCaches) -> None:
        self.driver: Any = db.connection.dbapi_connection
        self._dialect = db.dialect
        self._caches = caches
        self._tenants: dict[int, TenantCache] = caches.by_tenant if caches.is_exclusive else {}
        """The tenants whose cached values are known to be right in this transaction."""
        self._invalidated: set[int] = set()
        self._scopes: list[Scope] = []
        self._has_begun = False
        self._must_catch_up = True
        """True if the transaction must begin, or rows must be written, before the next statement."""
        self._waits_for_locks = True
        self._is_broken = False
        self.entries_anyway: list[PendingEntry] = []
        self.must_write_traffic = False
        """True if all traffic that waits is written with this transaction."""
        self._changes_before = 0

    # The transaction

    def begin(self, waits_for_locks: bool = True) -> None:
        """Begin a transaction, before any statement runs. Raises RuntimeError inside of one.

        A tenant is locked when it is first used. Without `waits_for_locks`, that raises TenantBusyError if another
        transaction has it.
        """
        if self._scopes:
            raise RuntimeError("A transaction cannot begin inside of another.")
        self._scopes.append(Scope())
        self._waits_for_locks = waits_for_locks
        if self._caches.is_exclusive:
            self._changes_before = self.driver.total_changes

    def lock(self, tenants: Collection[int]) -> None:
        """Lock tenants of a shared database in the order of their ids. Waits for other transactions."""
        if tenants:
            self._tenants.update(tenant_versions.lock_all(self.prepare_driver(), sorted(tenants), self._caches))

    def prepare_driver(self, only_reads: bool = False) -> Any:
        """Return the driver's connection, ready for a statement: in the transaction, and with deferred rows written.

        A statement that `only_reads` needs no savepoint.
        """
        if self._must_catch_up:
            self._catch_up(only_reads)
        return self.driver

    def _catch_up(self, only_reads: bool) -> None:
        if not self._has_begun:
            if self._caches.is_exclusive:  # psycopg begins by itself
                if self.driver.in_transaction:  # the last rollback failed
                    self.driver.execute("ROLLBACK")
                self.driver.execute("BEGIN")
            self._has_begun = True
        last = len(self._scopes) - 1
        writing = last
        while only_reads and writing >= 0 and not self._scopes[writing].deferred:
            writing -= 1
        for level, scope in enumerate(self._scopes[: writing + 1]):
            try:
                if level and not scope.has_savepoint:
                    self.driver.execute(f"SAVEPOINT scope_{level}")
                    scope.has_savepoint = True
                if scope.deferred:
                    deferred, scope.deferred = scope.deferred, {}
                    self._write(deferred)
            except Exception:
                self._is_broken = self._is_broken or level < last
                raise
        self._must_catch_up = writing < last  # the next statement may write, and needs savepoints

    def _write(self, deferred: DeferredRows) -> None:
        for statement, rows in deferred.items():
            statement.put_by(self.driver, self._dialect, list(rows.values()))

    def commit(self) -> None:
        """Write what is left, and commit."""
        (root,) = self._scopes
        if self._caches.is_exclusive:
            if self._has_begun or root.deferred:
                self.prepare_driver().execute("COMMIT")
            return
        if self._has_begun or root.deferred or root.changed:
            with self.driver.pipeline():
                self.prepare_driver()
                tenant_versions.store_all(self.driver, root.changed, self._tenants)
                self.driver.commit()

    def end(self, is_committed: bool) -> None:
        """Clear what belongs to this transaction, whichever way it ended."""
        root = self._scopes[0]
        if not is_committed:
            for restore in reversed(root.undo):
                restore()
        if self._invalidated or not is_committed:
            stale = self._invalidated if is_committed else self._invalidated.union(root.changed)
            if not is_committed and not self._caches.is_exclusive:
                stale = stale.union(self._tenants)
            for tenant in stale:
                self._caches.drop(tenant)
            self._invalidated.clear()
        self._scopes.clear()
        if not self._caches.is_exclusive:
            self._tenants.clear()
        self._caches.limit()
        self._has_begun, self._must_catch_up, self._is_broken = False, True, False
        self.entries_anyway = []
        self.must_write_traffic = False
        if self._caches.is_exclusive and self.driver.in_transaction:
            self.driver.execute("ROLLBACK")

    @property
    def wake(self) -> int | None:
        """The moment at which a scheduled event wakes."""
        return self._scopes[0].wake

    def take_traffic(self) -> tuple[list[PendingEntry], list[PendingEntry]]:
        """Take the traffic of this transaction: what is to be written in it, and what can wait for another one.

        The traffic of a transaction that writes nothing else can wait.
        """
        root = self._scopes[0]
        entries, root.entries = root.entries, []
        return (entries, []) if self.has_written else ([], entries)

    @property
    def has_written(self) -> bool:
        """True if the transaction has changed, or will change, something in the database."""
        root = self._scopes[0]
        if root.deferred or self.must_write_traffic:
            return True
        if self._caches.is_exclusive:
            return bool(self.driver.total_changes != self._changes_before)
        return bool(root.changed)

    @property
    def is_broken(self) -> bool:
        """True if the whole transaction has failed.

        The connection is lost, or rows of an earlier scope could not be written.
        """
        return self._is_broken or self.is_lost

    @property
    def is_lost(self) -> bool:
        """True if the database has closed the connection."""
        return not self._caches.is_exclusive and self.driver.closed

    # Scopes

    def enter_scope(self) -> None:
        self._scopes.append(Scope())
        self._must_catch_up = True

    def leave_scope(self, is_done: bool) -> None:
        """Leave the innermost scope. What it did is undone unless `is_done`."""
        scope = self._scopes.pop()
        if not is_done:
            self._undo(scope)
            return
        parent = self._scopes[-1]
        if scope.deferred:
            self._must_catch_up = True
            if parent.deferred:
                for statement, rows in scope.deferred.items():
                    parent.deferred.setdefault(statement, {}).update(rows)
            else:
                parent.deferred = scope.deferred
        for tenant, change in scope.changed.items():
            parent.changed[tenant] = parent.changed.get(tenant, 0) | change
        if scope.entries:
            parent.entries += scope.entries
        if scope.undo:
            parent.undo += scope.undo
        if scope.wake is not None:
            self.announce_wake(scope.wake)
        if scope.has_savepoint:  # last, because it can fail, and by then the parent must know what has changed
            self._end_savepoint("RELEASE")

    def _undo(self, scope: Scope) -> None:
        for restore in reversed(scope.undo):
            restore()
        for tenant, change in scope.changed.items():
            if change > THROTTLE:
                self._tenants[tenant].clear()  # it is read again, after what earlier scopes have deferred is written
        if scope.has_savepoint and not self.is_broken:
            self._end_savepoint("ROLLBACK TO", "RELEASE")
        elif not self._caches.is_exclusive and self.driver.info.transaction_status == _IN_ERROR:
            self._is_broken = True  # a statement that only reads has failed, so there is no savepoint to go back to

    def _end_savepoint(self, *verbs: str) -> None:
        """End the savepoint of the scope that was left. If that fails, nothing of the transaction may be committed."""
        is_broken, self._is_broken = self._is_broken, True
        for verb in verbs:
            self.driver.execute(f"{verb} SAVEPOINT scope_{len(self._scopes)}")
        self._is_broken = is_broken

    # What functions of the store use

    def defer(self, statement: "Statement", rows: "Iterable[tuple[Hashable, Params]]") -> None:
        """Defer rows, each with its key. A later row under the same key replaces it."""
        self._scopes[-1].deferred.setdefault(statement, {}).update(rows)
        self._must_catch_up = True

    def cache_of(self, tenant: int) -> TenantCache:
        """Return what is cached of a tenant, after locking it. Raises TenantBusyError."""
        cache = self._tenants.get(tenant)
        if cache is None:
            if self._caches.is_exclusive:
                cache = TenantCache()
            else:
                cache = tenant_versions.lock(self.prepare_driver(), tenant, self._caches, self._waits_for_locks)
            self._tenants[tenant] = cache
        return cache

    def mark_changed(self, tenant: int, change: int) -> TenantCache:
        """Return what is cached of a tenant, to change it. Other processes will read that again."""
        cache = self.cache_of(tenant)
        changed = self._scopes[-1].changed
        changed[tenant] = changed.get(tenant, 0) | change
        return cache

    def invalidate(self, tenant: int) -> None:
        """Drop what is cached of a tenant, now and after the transaction."""
        self.mark_changed(tenant, SETTINGS | STATE).clear()
        self._invalidated.add(tenant)

    def is_invalidated(self, tenant: int) -> bool:
        """Return True if settings of the tenant must not be cached in this transaction."""
        return tenant in self._invalidated

    def mark_as_event(self) -> None:
        self._scopes[-1].is_event = True

    @property
    def is_event(self) -> bool:
        """True in the work of an event."""
        return any(scope.is_event for scope in self._scopes)

    def announce_wake(self, wake: int) -> None:
        scope = self._scopes[-1]
        scope.wake = wake if scope.wake is None else min(wake, scope.wake)

    def on_undo(self, restore: Callable[[], object]) -> None:
        """Call `restore` if the innermost scope, or one around it, is undone."""
        self._scopes[-1].undo.append(restore)

    def record(self, entry: PendingEntry) -> None:
        self._scopes[-1].entries.append(entry)


class StoreConnection(Connection):
    """A connection with its unit of work, because a call needs it about twenty times."""

    def __init__(self, engine: Engine, caches: TenantCaches) -> None:
        super().__init__(engine)
        self.unit = UnitOfWork(self, caches)


def unit_of(db: Connection) -> UnitOfWork:
    """Return the unit of work of a store's connection."""
    unit: UnitOfWork = db.unit  # type: ignore[attr-defined]  # a StoreConnection; others need not know
    return unit


def catch_up(db: Connection, _: object, statement: str, *__: object) -> None:
    """Write deferred rows before SQLAlchemy runs a statement that could see that they are missing."""
    if isinstance(db, StoreConnection):
        db.unit.prepare_driver(statement.startswith("SELECT"))
