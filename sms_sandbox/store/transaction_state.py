"""The unit of work of a connection: what its transaction has cached, deferred and announced.

Values that every call needs are cached by tenant. On a shared database other processes change tenants too, so a
transaction first locks each tenant it works on and reads the tenant's versions: as long as no other process has
changed the tenant, the cached values are right. Rows that no statement needs yet are collected and written together,
at the latest at the commit. A scope is a part of the transaction that can be undone alone.
"""

from collections.abc import Callable, Collection, Hashable, Sequence
from typing import Any

from sqlalchemy import Connection

from . import tenant_versions
from .bulk_sql import Params
from .deferred_rows import DeferredRows, WritingStatement, write_rows
from .scopes import PendingEntry, Scope
from .shared_transaction import SharedTransaction
from .tenant_versions import SETTINGS, STATE, THROTTLE, TenantCache, TenantCaches

_IN_ERROR = 3
"""The status of a transaction on PostgreSQL that accepts no more statements."""


class UnitOfWork:
    """The unit of work of a connection. It serves one transaction after the other."""

    def __init__(self, db: Connection, caches: TenantCaches) -> None:
        driver: Any = db.connection.dbapi_connection
        self.driver = driver
        self._dialect = db.dialect
        self.caches = caches
        self.shared = SharedTransaction(caches)
        self._tenants: dict[int, TenantCache] = caches.by_tenant if caches.is_exclusive else {}
        """The tenants whose cached values this transaction may use."""
        if not caches.is_exclusive:
            driver.autocommit = True  # so that psycopg sends no BEGIN of its own
        self._invalidated: set[int] = set()
        self._scopes: list[Scope] = []
        self._deferred: list[DeferredRows] = []
        self._changes: list[tuple[int, int]] = []
        """The tenants whose cached values this transaction has changed, each with what was changed."""
        self._entries: list[PendingEntry] = []
        self._undo: list[Callable[[], object]] = []
        """Functions that restore changed values in memory."""
        self.wake: int | None = None
        """The moment at which a scheduled event wakes."""
        self._event_level: int | None = None
        """The scope that does the work of an event."""
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
        self._scopes.append(Scope(0, 0, 0, 0, 0, None))
        self._waits_for_locks = waits_for_locks
        if self.caches.is_exclusive:
            self._changes_before = self.driver.total_changes

    def lock(self, tenants: Collection[int]) -> None:
        """Lock tenants of a shared database in the order of their ids. Waits for other transactions."""
        if tenants and not self._has_begun:
            self._has_begun = True
            self._tenants.update(self.shared.lock(self.driver, sorted(tenants)))
        else:
            for tenant in sorted(tenants):
                self.cache_of(tenant)

    def prepare_driver(self, only_reads: bool = False) -> Any:
        """Return the driver's connection, ready for a statement: in the transaction, and with deferred rows written.

        A statement that `only_reads` needs no savepoint.
        """
        if self._must_catch_up:
            self._catch_up(only_reads)
        return self.driver

    def _catch_up(self, only_reads: bool) -> None:
        if not self._has_begun:
            if self.caches.is_exclusive and self.driver.in_transaction:  # the last rollback failed
                self.driver.execute("ROLLBACK")
            self.shared.follow()
            self.driver.execute("BEGIN")
            self._has_begun = True
        elif not self.caches.is_exclusive:
            self.shared.settle()
        last = len(self._scopes) - 1
        writing = last
        while only_reads and writing >= 0 and self._scopes[writing].deferred == len(self._deferred):
            writing -= 1
        deferred, self._deferred = self._deferred, []
        ends = [scope.deferred for scope in self._scopes[1:]] + [len(deferred)]
        for scope in self._scopes:
            scope.deferred = 0
        start = 0
        for level in range(writing + 1):
            scope, end = self._scopes[level], ends[level]
            try:
                if level and not scope.has_savepoint:
                    self.driver.execute(f"SAVEPOINT scope_{level}")
                    scope.has_savepoint = True
                write_rows(self.driver, self._dialect, deferred[start:end])
            except Exception:
                self._is_broken = self._is_broken or level < last
                raise
            start = end
        self._must_catch_up = writing < last  # the next statement may write, and needs savepoints

    def send_commit(self) -> None:
        """Write the remaining rows, and commit. On a shared database the answer comes later."""
        if self.caches.is_exclusive:
            if self._has_begun or self._deferred:
                self.prepare_driver().execute("COMMIT")
            return
        self.shared.follow()
        if self._has_begun or self._deferred or self._changes:
            self.shared.prepare_commit(self.driver)
            self.prepare_driver()
            self.shared.send_commit(self.driver, self._changes, self._tenants)

    def end(self, is_committed: bool) -> None:
        """Clear the state of this transaction, however it ended."""
        if not is_committed:
            for restore in reversed(self._undo):
                restore()
        if self._invalidated or not is_committed:
            stale = set(self._invalidated)
            if not is_committed:
                stale.update(tenant for tenant, _ in self._changes)
                if not self.caches.is_exclusive:
                    stale.update(self._tenants)
            for tenant in stale:
                self.caches.drop(tenant)
            self._invalidated.clear()
        for part in (self._scopes, self._deferred, self._changes, self._undo):
            part.clear()
        self._entries = []
        self.wake = self._event_level = None
        if not self.caches.is_exclusive:
            self._tenants.clear()
            self.shared.end()
        self.caches.limit()
        self._has_begun, self._must_catch_up, self._is_broken = False, True, False
        self.entries_anyway = []
        self.must_write_traffic = False
        if self.caches.is_exclusive and self.driver.in_transaction:
            self.driver.execute("ROLLBACK")

    def take_traffic(self) -> tuple[list[PendingEntry], list[PendingEntry]]:
        """Take the traffic of this transaction: what is to be written in it, and what can wait for another one.

        The traffic of a transaction that writes nothing else can wait.
        """
        entries, self._entries = self._entries, []
        return (entries, []) if self.has_written else ([], entries)

    @property
    def has_written(self) -> bool:
        """True if the transaction has changed, or will change, something in the database."""
        if self._deferred or self.must_write_traffic:
            return True
        if self.caches.is_exclusive:
            return bool(self.driver.total_changes != self._changes_before)
        return bool(self._changes)

    @property
    def is_broken(self) -> bool:
        """True if the whole transaction has failed.

        The connection is lost, or rows of an earlier scope could not be written.
        """
        return self._is_broken or self.shared.is_stale or self.is_lost

    @property
    def is_lost(self) -> bool:
        """True if the database has closed the connection."""
        return not self.caches.is_exclusive and self.driver.closed

    # Scopes

    def enter_scope(self) -> None:
        lengths = len(self._deferred), len(self._changes), len(self._entries), len(self._undo), len(self._tenants)
        self._scopes.append(Scope(*lengths, self.wake))
        self._must_catch_up = True

    def leave_scope(self, is_done: bool) -> None:
        """Leave the innermost scope. Its changes are undone unless `is_done`; else they belong to the outer scope."""
        scope = self._scopes.pop()
        if self._event_level == len(self._scopes):
            self._event_level = None
        if not is_done:
            self._undo_scope(scope)
        elif scope.has_savepoint:
            self._end_savepoint("RELEASE")

    def _undo_scope(self, scope: Scope) -> None:
        del self._deferred[scope.deferred :]
        del self._entries[scope.entries :]
        self.wake = scope.wake
        while len(self._undo) > scope.undo:
            self._undo.pop()()
        for tenant, change in self._changes[scope.changes :]:
            if change > THROTTLE:
                self._tenants[tenant].clear()  # it is read again, after what earlier scopes have deferred is written
        del self._changes[scope.changes :]
        if scope.has_savepoint and not self.is_broken:
            self._end_savepoint("ROLLBACK TO", "RELEASE")
            if not self.caches.is_exclusive:  # locks that were taken since the savepoint are gone
                for tenant in list(self._tenants)[scope.tenants :]:
                    del self._tenants[tenant]
        elif not self.caches.is_exclusive and self.driver.info.transaction_status == _IN_ERROR:
            self._is_broken = True  # a statement that only reads has failed, so there is no savepoint to go back to

    def _end_savepoint(self, *verbs: str) -> None:
        """End the savepoint of the scope that was left. If that fails, nothing of the transaction may be committed."""
        is_broken, self._is_broken = self._is_broken, True
        for verb in verbs:
            self.driver.execute(f"{verb} SAVEPOINT scope_{len(self._scopes)}")
        self._is_broken = is_broken

    # For functions of the store

    def defer(self, statement: WritingStatement, key: Hashable, rows: Sequence[Params]) -> None:
        """Defer rows under a key. Later rows under the same key replace them."""
        self._deferred.append((statement, key, rows))
        self._must_catch_up = True

    def cache_of(self, tenant: int) -> TenantCache:
        """Return the cached values of a tenant, after locking it. Raises TenantBusyError."""
        cache = self._tenants.get(tenant)
        if cache is None:
            if self.caches.is_exclusive:
                cache = TenantCache()
            else:
                cache = tenant_versions.lock(self.prepare_driver(), tenant, self.caches, self._waits_for_locks)
            self._tenants[tenant] = cache
        return cache

    def lock_free(self, tenants: Collection[int]) -> list[int]:
        """Lock the tenants that no other transaction has locked. Returns them in the order of their ids."""
        if self.caches.is_exclusive:
            return sorted(tenants)
        wanted = sorted(tenant for tenant in tenants if tenant not in self._tenants)
        if wanted:
            self._tenants.update(tenant_versions.lock_free(self.prepare_driver(only_reads=True), wanted, self.caches))
        return sorted(tenant for tenant in tenants if tenant in self._tenants)

    def mark_changed(self, tenant: int, change: int) -> TenantCache:
        """Return the cached values of a tenant, to change them. Other processes will read them again."""
        cache = self._tenants.get(tenant) or self.cache_of(tenant)
        self._changes.append((tenant, change))
        return cache

    def invalidate(self, tenant: int) -> None:
        """Drop the cached values of a tenant, now and after the transaction."""
        self.mark_changed(tenant, SETTINGS | STATE).clear()
        self._invalidated.add(tenant)

    def is_invalidated(self, tenant: int) -> bool:
        """Return True if settings of the tenant must not be cached in this transaction."""
        return tenant in self._invalidated

    def mark_as_event(self) -> None:
        if self._event_level is None:
            self._event_level = len(self._scopes) - 1

    @property
    def is_event(self) -> bool:
        """True in the work of an event."""
        return self._event_level is not None

    def announce_wake(self, wake: int) -> None:
        self.wake = wake if self.wake is None else min(wake, self.wake)

    def on_undo(self, restore: Callable[[], object]) -> None:
        """Call `restore` if the innermost scope, or one around it, is undone."""
        self._undo.append(restore)

    def record(self, entry: PendingEntry) -> None:
        self._entries.append(entry)
