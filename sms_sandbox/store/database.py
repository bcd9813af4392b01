"""The database behind everything: SQLite inside the process, or PostgreSQL shared by several."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, event, text

from .tenant_locks import Holds
from .tenant_signal import TenantSignal
from .unit_of_work import Note, Working, make_ready

T = TypeVar("T")

WORKERS = 16
"""Threads, and so connections, that a process keeps busy on PostgreSQL."""

PATIENCE_MS = 50
"""How long what takes all of a tenant waits for a lock before it gives way; a deadlock is seen after a second only."""

MOST_TRIES = 100

LOCK_NOT_AVAILABLE = "55P03"
"""PostgreSQL's code for a lock that did not come in time."""


class Transaction:
    """One transaction on a store.

    On an embedded one its unit of work begins and ends it on the driver's own connection, which does nothing of the
    kind by itself.
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
        store, unit, done = self._store, self._db.unit, False
        try:
            if kind is None:
                if store.embedded:
                    unit.commit()
                else:
                    self._db.commit()
                done = True
        finally:  # before the connection goes back to the pool, where another thread may take it
            was_changed, wake, notes, anyway = unit.changed, unit.wake, unit.notes, unit.notes_anyway
            unit.end(undone=not done)
            if not store.embedded:
                self._db.close()  # which undoes what is not committed
            for note in anyway:
                store.on_noted(note)
        for note in notes if done else ():
            store.on_noted(note)
        if done and was_changed:
            store.generation += 1
        if done and wake is not None:
            store.on_scheduled(wake)


class Store:
    """An open database, and how work on it is run.

    `embedded` is SQLite: one connection, used on the event loop's own thread, since a statement costs less than a
    hop to another thread; a `volatile` one, in memory, ends with the process. PostgreSQL is worked on by a pool of
    threads. `generation` rises whenever something
    changed that may be remembered outside; `on_scheduled` hears of what became due, `on_noted` of what goes into the
    journal.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.embedded = engine.dialect.name == "sqlite"
        self.volatile = self.embedded and engine.url.database in (None, "", ":memory:")
        self.generation = 0
        self.on_scheduled: Callable[[int], None] = lambda _: None
        self.on_noted: Callable[[Note], None] = lambda _: None
        self.reports = TenantSignal()
        """Sent when delivery reports were taken in, or attempts at callbacks have ended."""
        self._workers = None if self.embedded else ThreadPoolExecutor(WORKERS, "store")
        self._only: Working | None = None
        """The embedded store's connection: to get it from the pool costs more than a transaction on it does."""
        self.holds = Holds(self)
        """What this process holds of tenants, so that no other does."""
        if self.embedded:
            event.listen(engine, "before_cursor_execute", make_ready)

    def begin(self) -> "Transaction":
        """One transaction: committed when the block ends, undone when it raises."""
        return Transaction(self)

    def connect(self) -> Working:
        """A connection for a transaction; an embedded store has one for all."""
        if self._only is not None:
            return self._only
        db = Working(self.engine, self.embedded, self.volatile)
        if self.embedded:
            self._only = db
        return db

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in one transaction, where this store wants it done."""
        return await self.call(self._in_transaction, work)

    async def insist(self, work: Callable[[Connection], T]) -> T:
        """Do `work` that takes all of a tenant, which calls and the timeline lock bit by bit and in orders of their
        own: it gives way when it waits for long, so that none of them is given up for it, and is then begun anew."""

        def in_transaction(db: Connection) -> T:
            if not self.embedded:
                db.execute(text(f"SET LOCAL lock_timeout = {PATIENCE_MS}"))
            return work(db)

        for _ in range(MOST_TRIES):
            try:
                return await self.run(in_transaction)
            except Exception as why:
                if getattr(getattr(why, "orig", why), "sqlstate", None) != LOCK_NOT_AVAILABLE:
                    raise
            await asyncio.sleep(PATIENCE_MS / 1000)
        return await self.run(work)

    async def call(self, work: Callable[..., T], *args: Any) -> T:
        """Call something that uses the store: at once if it is embedded, on a thread if it is not."""
        if self._workers is None:
            return work(*args)
        return await asyncio.get_running_loop().run_in_executor(self._workers, work, *args)

    def _in_transaction(self, work: Callable[[Connection], T]) -> T:
        with self.begin() as db:
            return work(db)

    def close(self) -> None:
        if self._workers is not None:
            self._workers.shutdown()
        self.holds.close()
        if self._only is not None:
            self._only.close()
        self.engine.dispose()
