"""The database behind everything: SQLite inside the process, or PostgreSQL shared by several."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, text
from sqlalchemy.sql import ClauseElement

T = TypeVar("T")

WORKERS = 16
"""Threads, and so connections, that a process keeps busy on PostgreSQL."""

_CHANGED = "sms-sandbox changed"
_SCHEDULED = "sms-sandbox scheduled"


class Statement:
    """One SQL statement, compiled once for each dialect and run on the driver's own cursor.

    The hot path of the project: SQLAlchemy's execution costs several times what the driver does. Parameters are
    plain ints and strings by name, rows are tuples, and it all happens inside the connection's transaction.
    """

    def __init__(self, what: ClauseElement | str) -> None:
        self._what = text(what) if isinstance(what, str) else what
        self._compiled: dict[str, tuple[str, dict[str, Any]]] = {}

    def _on(self, db: Connection) -> tuple[str, dict[str, Any]]:
        known = self._compiled.get(db.dialect.name)
        if known is None:
            compiled = self._what.compile(dialect=db.dialect)
            fixed = {name: value for name, value in (compiled.params or {}).items() if value is not None}
            known = self._compiled[db.dialect.name] = (str(compiled), fixed)
        return known

    def _cursor(self, db: Connection, params: Mapping[str, Any]) -> Any:
        sql, fixed = self._on(db)
        cursor = db.connection.cursor()
        cursor.execute(sql, {**fixed, **params} if fixed else params)
        return cursor

    def run(self, db: Connection, **params: Any) -> int:
        """Execute it and answer how many rows it touched."""
        return int(self._cursor(db, params).rowcount)

    def one(self, db: Connection, **params: Any) -> tuple[Any, ...] | None:
        """The first row, or None."""
        row: tuple[Any, ...] | None = self._cursor(db, params).fetchone()
        return row

    def all(self, db: Connection, **params: Any) -> list[tuple[Any, ...]]:
        """Every row."""
        rows: list[tuple[Any, ...]] = self._cursor(db, params).fetchall()
        return rows

    def value(self, db: Connection, **params: Any) -> Any:
        """The first column of the first row; None when there is no row."""
        row = self.one(db, **params)
        return row[0] if row else None

    def many(self, db: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute it once for each mapping of parameters."""
        if rows:
            sql, fixed = self._on(db)
            db.connection.cursor().executemany(sql, [{**fixed, **row} for row in rows] if fixed else rows)


def changed(db: Connection) -> None:
    """Say that something the gate remembers (an account, a clock) is being changed by this transaction."""
    db.info[_CHANGED] = True


def scheduled(db: Connection, wake: int) -> None:
    """Say that this transaction puts something on the timeline that is due at `wake` (real microseconds)."""
    db.info[_SCHEDULED] = min(wake, db.info.get(_SCHEDULED, wake))


class Store:
    """An open database, and how work on it is run.

    `embedded` is SQLite: one connection, used on the event loop's own thread, since a statement costs less than a
    hop to another thread. PostgreSQL is worked on by a pool of threads. `generation` rises whenever something
    changed that may be remembered outside; `on_scheduled` hears of what became due.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.embedded = engine.dialect.name == "sqlite"
        self.generation = 0
        self.on_scheduled: Callable[[int], None] = lambda _: None
        self._workers = None if self.embedded else ThreadPoolExecutor(WORKERS, "store")

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction: committed when the block ends, undone when it raises."""
        was_changed, wake = None, None
        with self.engine.begin() as db:
            try:
                yield db
            finally:  # before the connection goes back to the pool, where another thread may take it
                was_changed, wake = db.info.pop(_CHANGED, None), db.info.pop(_SCHEDULED, None)
        if was_changed:
            self.generation += 1
        if wake is not None:
            self.on_scheduled(wake)

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in one transaction, where this store wants it done."""
        return await self.call(self._in_transaction, work)

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
        self.engine.dispose()
