"""The database behind everything: SQLite inside the process, or PostgreSQL shared by several."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
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
"""Connections that a process may use on PostgreSQL: two for all calls, the others for long reads and locks."""


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
        self._written: Collection[int] = ()
        """The tenants whose traffic is written with this transaction."""
        self._later: Sequence[PendingEntry] = ()
        """Traffic that another transaction will write."""

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
        if kind is None:
            self._send_commit()
            self.finish_commit()
        else:
            self._end(failure)

    @contextmanager
    def sent_at_end(self) -> Iterator[Connection]:
        """Send the commit when the block ends. `finish_commit` waits for the answer."""
        db = self.__enter__()
        try:
            yield db
        except BaseException as error:
            self._end(error)
            raise
        self._send_commit()

    def follow(self, finish_before: Callable[[], bool]) -> None:
        """Begin while another transaction of this process commits. `finish_before` waits for that one."""
        self._db.unit.shared.finish_before = finish_before

    def _send_commit(self) -> None:
        try:
            now, self._later = self._db.unit.take_traffic()
            if now or self._db.unit.must_write_traffic:
                self._written = self._store.journal.write(self._db, now, self._db.unit.must_write_traffic)
            self._db.unit.send_commit()
        except BaseException as error:
            self._end(error)
            raise

    def is_answered(self, seconds: float) -> bool:
        """Return True if the commit is answered within a time."""
        return self._db.unit.shared.is_answered(self._db.unit.driver, seconds)

    def finish_commit(self) -> None:
        """Wait until the commit is done, and tell those who wait for what was committed. Raises if it failed."""
        store, wake = self._store, self._db.unit.wake
        try:
            self._db.unit.shared.finish_commit()
            if not store.embedded:
                self._db.commit()
        except BaseException as error:
            self._end(error)
            raise
        self._end(None, is_committed=True)
        if self._later:
            store.journal.add_later(self._later)
        if self._written:
            store.traffic.send(self._written)
        if wake is not None:
            store.on_scheduled(wake)

    def _end(self, failure: BaseException | None, is_committed: bool = False) -> None:
        if failure is not None and not self._store.embedded and ends_session(failure):
            self._db.unit.driver.close()  # psycopg may leave it open and busy, and so does not say that it is lost
        is_lost, may_be_committed = self._db.unit.is_lost, self._db.unit.shared.is_committing
        self.was_lost, self.is_uncertain = is_lost and not may_be_committed, is_lost and may_be_committed
        anyway = self._db.unit.entries_anyway
        self._db.unit.end(is_committed)
        if not self._store.embedded:
            self._store.give_back(self._db, is_committed)
        if anyway:
            self._store.journal.add_later(anyway)


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
        self._idle: list[StoreConnection] = []
        """Idle connections of calls. To get one from the pool costs more than a transaction on it does."""
        self._group: TurnCommit | ThreadedGroupCommit = (TurnCommit if self.embedded else ThreadedGroupCommit)(
            self._begin_group
        )
        self.tenant_locks = TenantLocks(None if self.embedded else engine)
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
        db = self._group_connection()
        if not self.embedded:
            self._idle.remove(db)
        return Transaction(self, db, tenants, waits_for_locks=False)

    def _group_connection(self) -> StoreConnection:
        if not self._idle:
            self._idle.append(StoreConnection(self.engine, self._caches))
        return self._idle[-1]

    def give_back(self, db: StoreConnection, is_committed: bool) -> None:
        """Take a connection back after its transaction. One that may be broken is closed."""
        if db.unit.caches is not self._caches:
            db.close()  # closing rolls back what is not committed
        elif is_committed:
            self._idle.append(db)
        elif db.unit.is_lost:
            self._idle, lost = [], [*self._idle, db]
            for each in lost:
                each.invalidate()
                each.close()
            self.engine.dispose()  # idle ones are likely to be lost too, and to find out can take seconds for each
        else:
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
        for connection in self._idle:
            connection.close()
        self.engine.dispose()
