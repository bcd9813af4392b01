"""The database behind everything: SQLite inside the process, or PostgreSQL shared by several."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Protocol, TypeVar

from sqlalchemy import Connection, Engine, event

from .connection import StoreConnection, catch_up
from .failures import describe_failure, ends_session, is_database_failure
from .group_commit import ThreadedGroupCommit
from .grouped_log import GroupedLog
from .open_file import OpenFile
from .scopes import PendingEntry
from .tenant_locks import TenantLocks
from .tenant_signal import TenantSignal
from .tenant_versions import TenantCaches
from .turn_commit import TurnCommit

log = logging.getLogger(__name__)

T = TypeVar("T")

CONNECTIONS = 8
"""Connections that a process may use on PostgreSQL: one for all calls, the others for long reads and locks."""


class Transaction:
    """A transaction on a connection. It is committed when its block ends, and rolled back if the block raises."""

    def __init__(
        self, store: "Store", db: StoreConnection, tenants: Collection[int] = (), waits_for_locks: bool = True
    ) -> None:
        self._store = store
        self._db = db
        self._tenants = tenants
        self._waits_for_locks = waits_for_locks
        self.was_lost = False
        """True if the connection was lost before the commit. Nothing has happened, and all may be repeated."""
        self.is_uncertain = False
        """True if it was lost during the commit. All may have happened, and nothing may be repeated."""

    def __enter__(self) -> Connection:
        if self._store.file is not None:
            self._store.file.check()
        self._db.unit.begin(self._waits_for_locks)
        if not self._store.embedded:
            try:
                self._db.begin()
                if self._waits_for_locks:
                    self._db.unit.prepare_driver(only_reads=True).execute("SET LOCAL lock_timeout = 0")
                self._db.unit.lock(self._tenants)
            except BaseException as error:
                self._end(error)
                raise
        return self._db

    def __exit__(self, kind: type[BaseException] | None, failure: BaseException | None, _: object) -> None:
        store, unit, is_committed = self._store, self._db.unit, False
        wake, anyway = unit.wake, unit.entries_anyway
        written: Collection[int] = ()
        later: list[PendingEntry] = []
        try:
            if kind is None:
                now, later = unit.take_traffic()
                if now or unit.must_write_traffic:
                    written = store.journal.write(self._db, now, unit.must_write_traffic)
                unit.commit()
                if not store.embedded:
                    self._db.commit()
                is_committed = True
        except BaseException as error:
            failure = error
            raise
        finally:
            self._end(failure, is_committed)
            if anyway:
                store.journal.add_later(anyway)
        if is_committed:
            if later:
                store.journal.add_later(later)
            if written:
                store.traffic.send(written)
            if wake is not None:
                store.on_scheduled(wake)

    def _end(self, failure: BaseException | None, is_committed: bool = False) -> None:
        if failure is not None and not self._store.embedded and ends_session(failure):
            self._db.unit.driver.close()  # psycopg may leave it open and busy, and so does not say that it is lost
        is_lost, may_be_committed = self._db.unit.is_lost, self._db.unit.may_be_committed
        self.was_lost, self.is_uncertain = is_lost and not may_be_committed, is_lost and may_be_committed
        self._db.unit.end(is_committed)
        if not self._store.embedded:
            self._store.give_back(self._db, is_committed)


class Journal(Protocol):
    """A journal, to which transactions give their traffic."""

    def write(self, db: Connection, new: Sequence[PendingEntry], with_waiting: bool) -> Collection[int]:
        """Add entries to the transaction, which is about to be committed, and return their tenants.

        `with_waiting` adds all entries of earlier transactions that wait, too.
        """

    def add_later(self, new: Sequence[PendingEntry]) -> None:
        """Add entries to a later transaction."""


class _NoJournal:
    """A journal that keeps nothing."""

    def write(self, db: Connection, new: Sequence[PendingEntry], with_waiting: bool) -> Collection[int]:  # noqa: ARG002
        return ()

    def add_later(self, new: Sequence[PendingEntry]) -> None:
        pass


class Store:
    """An open database, and how work on it is run.

    `embedded` is SQLite: one connection, used on the event loop's own thread, because a statement costs less than a hop
    to another thread. A `volatile` store, in memory, ends with the process. PostgreSQL is used by a thread.

    `on_scheduled` is called with the moment at which a new row of the timeline is due. `journal` gets the traffic.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.embedded = engine.dialect.name == "sqlite"
        self.volatile = self.embedded and engine.url.database in (None, "", ":memory:")
        self.file: OpenFile | None = None
        """The file of the database, once it is open."""
        self.on_scheduled: Callable[[int], None] = lambda _: None
        self.journal: Journal = _NoJournal()
        self.traffic = TenantSignal()
        """Sent when traffic entries were written."""
        self.reports = TenantSignal()
        """Sent when delivery reports were taken in, or callback attempts have ended."""
        self.failure_log = GroupedLog(log, "failures")
        """The log of failures of the database, one line a second."""
        self._caches = TenantCaches(is_exclusive=self.embedded)
        self._connection: StoreConnection | None = None
        """The connection of all calls. To get it from the pool costs more than a transaction on it does."""
        self._group: TurnCommit | ThreadedGroupCommit = (TurnCommit if self.embedded else ThreadedGroupCommit)(
            self._begin_group
        )
        self.tenant_locks = TenantLocks(self)
        event.listen(engine, "before_cursor_execute", catch_up)

    @property
    def group(self) -> TurnCommit | ThreadedGroupCommit:
        """The group commit, for measurements."""
        return self._group

    def begin(self, tenants: Collection[int] = ()) -> Transaction:
        """Begin a separate transaction. It is committed when the block ends, and rolled back if it raises.

        `tenants` are locked at once.
        """
        if self.embedded:
            self._group.finish()
            return Transaction(self, self._group_connection())
        return Transaction(self, StoreConnection(self.engine, TenantCaches(is_exclusive=False)), tenants)

    def _begin_group(self, tenants: Collection[int]) -> Transaction:
        return Transaction(self, self._group_connection(), tenants, waits_for_locks=False)

    def _group_connection(self) -> StoreConnection:
        if self._connection is None:
            self._connection = StoreConnection(self.engine, self._caches)
        return self._connection

    def give_back(self, db: StoreConnection, is_committed: bool) -> None:
        """Take a connection back after its transaction. One that may be broken is closed."""
        if db is not self._connection:
            db.close()  # closing rolls back what is not committed
        elif not is_committed:
            self._connection = None
            if db.unit.is_lost:
                db.invalidate()
                self.engine.dispose()  # idle ones are likely to be lost too, and to find out can take seconds for each
            db.close()

    def run(self, work: Callable[[Connection], T], tenants: Collection[int] = ()) -> Awaitable[T]:
        """Run `work` in the next transaction, beside other work, and return its result.

        If it raises, it is undone alone. It may run more than once, and returns when it is committed. `tenants` are
        those it is known to need.
        """
        return self._group.run(work, tenants)

    async def run_aside(self, work: Callable[[Connection], T]) -> T:
        """Run `work` that only reads, for long, in a transaction of its own. It does not hold up calls if it can."""
        if self.embedded:
            return self._in_transaction(work)
        return await asyncio.to_thread(self._in_transaction, work)

    def _in_transaction(self, work: Callable[[Connection], T]) -> T:
        with self.begin() as db:
            return work(db)

    def log_failure(self, what: str, error: BaseException) -> None:
        """Log that something failed because the database did, now or together with others."""
        self.failure_log.warning(f"{what} failed, because the database did: {describe_failure(error)}")

    def log_error(self, what: str, error: BaseException) -> None:
        """Log that something failed: with a traceback, unless the database did."""
        if is_database_failure(error):
            self.log_failure(what, error)
        else:
            log.error("%s failed because of an error in the sandbox.", what, exc_info=error)

    def close(self) -> None:
        """Close the database. Nothing may use the store any more."""
        self.failure_log.flush()
        self._group.close()
        self.tenant_locks.close()
        if self._connection is not None:
            self._connection.close()
        self.engine.dispose()
