"""The database behind everything: SQLite inside the process, or PostgreSQL shared by several."""

import asyncio
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from operator import itemgetter
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Connection, Dialect, Engine, text
from sqlalchemy.sql import ClauseElement

T = TypeVar("T")

WORKERS = 16
"""Threads, and so connections, that a process keeps busy on PostgreSQL."""

MOST_KNOWN = 10_000
"""Answers remembered before all are forgotten, so that nobody can fill the memory by asking."""

PATIENCE_MS = 50
"""How long what takes all of a tenant waits for a lock before it gives way; a deadlock is seen after a second only."""

MOST_TRIES = 100

LOCK_NOT_AVAILABLE = "55P03"
"""PostgreSQL's code for a lock that did not come in time."""

_CHANGED = "sms-sandbox changed"
_KNOWN = "sms-sandbox known"
_NOTED = "sms-sandbox noted"
_NOTED_ANYWAY = "sms-sandbox noted anyway"
_OWED = "sms-sandbox owed"
_SCHEDULED = "sms-sandbox scheduled"


Params: TypeAlias = Sequence[Any]
"""The parameters of a statement in the order it names them; an insert names the table's columns in theirs."""

InOrder: TypeAlias = Callable[[Mapping[str, Any]], Params]

Note: TypeAlias = tuple[int, Callable[..., Any], tuple[Any, ...]]
"""Something for the journal: its weight in bytes, roughly, and what makes its entry of what when it is written."""


class Statement:
    """One SQL statement, compiled once for each dialect and run on the driver's own cursor.

    The hot path of the project: SQLAlchemy's execution costs several times what the driver does. Parameters are
    plain ints and strings, rows are tuples, and it all happens inside the connection's transaction.
    """

    def __init__(self, what: ClauseElement | str) -> None:
        self._what = text(what) if isinstance(what, str) else what
        self._compiled: dict[str, tuple[str, InOrder]] = {}

    def _compile(self, dialect: Dialect) -> tuple[str, InOrder]:
        compiled: Any = self._what.compile(dialect=dialect)
        fixed = {name: value for name, value in (compiled.params or {}).items() if value is not None}
        made = self._compiled[dialect.name] = (str(compiled), _in_order(compiled.positiontup, fixed))
        return made

    def _cursor(self, db: Connection, params: Mapping[str, Any]) -> Any:
        sql, in_order = self._compiled.get(db.dialect.name) or self._compile(db.dialect)
        driver: Any = db.connection.dbapi_connection  # both drivers make the cursor on the way, which saves two calls
        return driver.execute(sql, in_order(params))

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

    def rows(self, db: Connection, params: Params) -> list[tuple[Any, ...]]:
        """`all` for parameters in order."""
        sql, _ = self._compiled.get(db.dialect.name) or self._compile(db.dialect)
        found: list[tuple[Any, ...]] = _driver(db).execute(sql, params).fetchall()
        return found

    def value(self, db: Connection, **params: Any) -> Any:
        """The first column of the first row; None when there is no row."""
        row = self._cursor(db, params).fetchone()
        return row[0] if row else None

    def many(self, db: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Execute it once for each mapping of parameters; how many rows that touched in all."""
        _, in_order = self._compiled.get(db.dialect.name) or self._compile(db.dialect)
        return self.put(db, [in_order(row) for row in rows])

    def put(self, db: Connection, rows: Sequence[Params]) -> int:
        """`many` for parameters in order, which are cheaper than those by name."""
        if not rows:
            return 0
        sql, _ = self._compiled.get(db.dialect.name) or self._compile(db.dialect)
        driver: Any = db.connection.dbapi_connection
        if len(rows) == 1:
            return int(driver.execute(sql, rows[0]).rowcount)
        cursor = driver.cursor()
        cursor.executemany(sql, rows)
        return int(cursor.rowcount)


def _in_order(names: Sequence[str], fixed: Mapping[str, Any]) -> InOrder:
    """What makes of parameters by name, and of some that are `fixed`, those in the order of `names`."""
    if len(names) < 2:
        return lambda params: [{**fixed, **params}[name] for name in names]
    pick = itemgetter(*names)
    return (lambda params: pick({**fixed, **params})) if fixed else pick


def changed(db: Connection) -> None:
    """Say that this transaction changes something that is remembered: an account, a number, a clock, an opt-out."""
    told = db.info
    pay(db, told)
    told[_CHANGED] = True


def remembers(db: Connection) -> bool:
    """Whether what is asked now is remembered: not of a shared store, nor once this transaction `changed` something."""
    told = db.info
    return _KNOWN in told and _CHANGED not in told


def remembered(db: Connection, what: Hashable, find: Callable[[], T]) -> T:
    """What `find` answers, asked once until a transaction `changed` something; always, of a shared store."""
    told = db.info
    known: dict[Hashable, T] | None = told.get(_KNOWN)
    if known is None or _CHANGED in told:
        return find()
    if what not in known:
        if len(known) >= MOST_KNOWN:
            pay(db, told)
            known.clear()
        known[what] = find()
    return known[what]


def owe(db: Connection, what: Statement, about: Hashable, row: Params) -> None:
    """Have a statement run with a row before this transaction ends; of several rows about the same, the last alone.

    It is for what is `remembered` meanwhile, and so for an embedded store only.
    """
    db.info.setdefault(_OWED, {}).setdefault(what, {})[about] = row


def pay(db: Connection, told: dict[Any, Any]) -> None:
    """Run what this transaction owes."""
    for what, rows in told.pop(_OWED, {}).items():
        what.put(db, list(rows.values()))


def scheduled(db: Connection, wake: int) -> None:
    """Say that this transaction puts something on the timeline that is due at `wake` (real microseconds)."""
    db.info[_SCHEDULED] = min(wake, db.info.get(_SCHEDULED, wake))


def noted(db: Connection, note: Note, even_if_undone: bool = False) -> None:
    """Say what the journal is to note when this transaction is committed, or however it ends."""
    db.info.setdefault(_NOTED_ANYWAY if even_if_undone else _NOTED, []).append(note)


class Transaction:
    """One transaction on a store.

    On an embedded one it is begun and ended on the driver's own connection, which does nothing of the kind by itself.
    """

    def __init__(self, store: "Store") -> None:
        self._store = store

    def __enter__(self) -> Connection:
        self._db = db = self._store.connect()
        if self._store.embedded:
            _driver(db).execute("BEGIN")
        else:
            db.begin()
        return db

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        store, db, done = self._store, self._db, False
        told: dict[Any, Any] = db.info
        try:
            if kind is None:
                self._commit(told)
                done = True
        finally:  # before the connection goes back to the pool, where another thread may take it
            was_changed, wake = told.pop(_CHANGED, None), told.pop(_SCHEDULED, None)
            notes, anyway = told.pop(_NOTED, ()), told.pop(_NOTED_ANYWAY, ())
            told.pop(_OWED, None)
            if was_changed or not done:  # some of what is known may be of what is undone
                told.get(_KNOWN, {}).clear()
            if not store.embedded:
                db.close()  # which undoes what is not committed
            elif _driver(db).in_transaction:
                _driver(db).execute("ROLLBACK")
            for note in anyway:
                store.on_noted(note)
        for note in notes if done else ():
            store.on_noted(note)
        if done and was_changed:
            store.generation += 1
        if done and wake is not None:
            store.on_scheduled(wake)

    def _commit(self, told: dict[Any, Any]) -> None:
        if self._store.embedded:
            pay(self._db, told)
            _driver(self._db).execute("COMMIT")
        else:
            self._db.commit()


def _driver(db: Connection) -> Any:
    return db.connection.dbapi_connection


class Store:
    """An open database, and how work on it is run.

    `embedded` is SQLite: one connection, used on the event loop's own thread, since a statement costs less than a
    hop to another thread. PostgreSQL is worked on by a pool of threads. `generation` rises whenever something
    changed that may be remembered outside; `on_scheduled` hears of what became due, `on_noted` of what goes into the
    journal.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.embedded = engine.dialect.name == "sqlite"
        self.generation = 0
        self.on_scheduled: Callable[[int], None] = lambda _: None
        self.on_noted: Callable[[Note], None] = lambda _: None
        self._workers = None if self.embedded else ThreadPoolExecutor(WORKERS, "store")
        self._only: Connection | None = None
        """The embedded store's connection: to get it from the pool costs more than a transaction on it does."""

    def begin(self) -> "Transaction":
        """One transaction: committed when the block ends, undone when it raises."""
        return Transaction(self)

    def connect(self) -> Connection:
        """A connection for a transaction; an embedded store has one for all."""
        db = self._only or self.engine.connect()
        if self.embedded and self._only is None:
            self._only = db
            db.info[_KNOWN] = {}
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
        if self._only is not None:
            self._only.close()
        self.engine.dispose()
