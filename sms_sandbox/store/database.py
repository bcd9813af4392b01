"""The database behind everything: SQLite inside the process, or PostgreSQL shared by several."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, event, text

from .tenant_locks import TenantLocks
from .tenant_signal import TenantSignal
from .unit_of_work import PendingEntry, StoreConnection, catch_up

T = TypeVar("T")

WORKERS = 16
"""Threads, and so connections, that a process uses on PostgreSQL."""

_LOCK_TIMEOUT_MS = 50
"""Wait for a lock after which `run_yielding` gives up. PostgreSQL looks for deadlocks after a second only."""

_MAX_YIELDS = 100
"""Attempts of `run_yielding` before the one that waits as long as any call."""

_LOCK_NOT_AVAILABLE = "55P03"
"""PostgreSQL's code for a lock that timed out."""


class Transaction:
    """A transaction on a store.

    On an embedded store its unit of work begins and ends it on the driver's own connection, which does neither by
    itself.
    """

    def __init__(self, store: "Store") -> None:
        self._store = store

    def __enter__(self) -> Connection:
        store = self._store
        self._db = db = store.connect()
        if not store.embedded:
            db.begin()
        db.unit.begin()
        return db

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        store, unit, is_committed = self._store, self._db.unit, False
        try:
            if kind is None:
                if store.embedded:
                    unit.commit()
                else:
                    self._db.commit()
                is_committed = True
        finally:  # before the connection goes back to the pool, where another thread may take it
            was_invalidated, wake, entries, anyway = unit.is_invalidated, unit.wake, unit.entries, unit.entries_anyway
            unit.end(rolled_back=not is_committed)
            if not store.embedded:
                self._db.close()  # which rolls back what is not committed
            for entry in anyway:
                store.on_entry(entry)
        if not is_committed:
            return
        for entry in entries:
            store.on_entry(entry)
        if was_invalidated:
            store.generation += 1
        if wake is not None:
            store.on_scheduled(wake)


class Store:
    """An open database, and how work on it is run.

    `embedded` is SQLite: one connection, used on the event loop's own thread, because a statement costs less than a hop
    to another thread. A `volatile` store, in memory, ends with the process. PostgreSQL is used by a pool of threads.

    `generation` rises when cached values become invalid. `on_scheduled` is called with the moment at which a new row of
    the timeline is due, `on_entry` with each entry of the traffic.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.embedded = engine.dialect.name == "sqlite"
        self.volatile = self.embedded and engine.url.database in (None, "", ":memory:")
        self.generation = 0
        self.on_scheduled: Callable[[int], None] = lambda _: None
        self.on_entry: Callable[[PendingEntry], None] = lambda _: None
        self.reports = TenantSignal()
        """Sent when delivery reports were taken in, or callback attempts have ended."""
        self._workers = None if self.embedded else ThreadPoolExecutor(WORKERS, "store")
        self._connection: StoreConnection | None = None
        """The embedded store's connection. To get it from the pool costs more than a transaction on it does."""
        self.tenant_locks = TenantLocks(self)
        if self.embedded:
            event.listen(engine, "before_cursor_execute", catch_up)

    def begin(self) -> "Transaction":
        """Begin a transaction. It is committed when the block ends, and rolled back if it raises."""
        return Transaction(self)

    def connect(self) -> StoreConnection:
        """Return a connection for a transaction. An embedded store has one for all."""
        if self._connection is not None:
            return self._connection
        db = StoreConnection(self.engine, self.embedded, self.volatile)
        if self.embedded:
            self._connection = db
        return db

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction, on the thread this store wants."""
        return await self.call(self._in_transaction, work)

    async def run_yielding(self, work: Callable[[Connection], T]) -> T:
        """Run `work` that locks all of a tenant, and yield to calls and events.

        These lock parts of the tenant in orders of their own. If `work` waited for them, a deadlock could end one of
        them. So it gives up when it waits for long, and starts again.
        """

        def in_transaction(db: Connection) -> T:
            if not self.embedded:
                db.execute(text(f"SET LOCAL lock_timeout = {_LOCK_TIMEOUT_MS}"))
            return work(db)

        for _ in range(_MAX_YIELDS):
            try:
                return await self.run(in_transaction)
            except Exception as why:
                if getattr(getattr(why, "orig", why), "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                    raise
            await asyncio.sleep(_LOCK_TIMEOUT_MS / 1000)
        return await self.run(work)

    async def call(self, work: Callable[..., T], *args: Any) -> T:
        """Call a function that uses the store: at once if it is embedded, on a thread if it is not."""
        if self._workers is None:
            return work(*args)
        return await asyncio.get_running_loop().run_in_executor(self._workers, work, *args)

    def _in_transaction(self, work: Callable[[Connection], T]) -> T:
        with self.begin() as db:
            return work(db)

    def close(self) -> None:
        """Close the database. Nothing may use the store any more."""
        if self._workers is not None:
            self._workers.shutdown()
        self.tenant_locks.close()
        if self._connection is not None:
            self._connection.close()
        self.engine.dispose()
