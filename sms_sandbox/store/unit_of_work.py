"""The unit of work of a transaction: its cache, its deferred writes, and what it announces when it commits.

An embedded store defers what it can. A transaction begins with its first statement. Rows that no statement needs yet
wait (`write_later`); if the store is in memory, they may wait beyond the commit, until a later statement could see that
they are missing. So a call that reads only cached values and only adds rows needs no statement of its own, and the rows
of many calls are written together, which is several times as fast.
"""

import logging
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar

from sqlalchemy import Connection, Engine

if TYPE_CHECKING:
    from .statement import Params, Statement

log = logging.getLogger(__name__)

T = TypeVar("T")

_Rows: TypeAlias = "dict[Statement, dict[Hashable, Params]]"
"""Deferred rows by their statement, each under a key that no other row of the statement has."""

MAX_CACHED = 10_000
"""Values in the cache before it is cleared, so that no caller can fill the memory by asking."""

MAX_LATE_ROWS = 1_000
"""Rows that wait beyond their commit before they are written, so that writing them holds up no call for long."""


class PendingEntry(NamedTuple):
    """An entry of the traffic that is made when it is written: `make(*args)`.

    `tenant` is None for the default tenant, and `weight` is the size in bytes, roughly.
    """

    tenant: int | None
    weight: int
    make: Callable[..., Any]
    args: tuple[Any, ...]


class UnitOfWork:
    """The unit of work of a connection. It serves one transaction after the other."""

    def __init__(self, db: Connection, embedded: bool, volatile: bool) -> None:
        self.driver: Any = db.connection.dbapi_connection
        self.cache: dict[Hashable, Any] | None = {} if embedded else None
        """Values that outlast a transaction; None if other processes may change the database."""
        self._dialect = db.dialect
        self._volatile = volatile
        self._late: list[_Rows] = []
        """Rows that committed transactions have deferred."""
        self._late_count = 0
        self._deferred: _Rows = {}
        self._is_open = False
        self._has_begun = not embedded
        self._must_catch_up = embedded
        """True if the transaction must begin, or rows must be written, before the next statement."""
        self.is_invalidated = False
        self.wake: int | None = None
        self.entries: list[PendingEntry] = []
        self.entries_anyway: list[PendingEntry] = []

    def begin(self) -> None:
        """Begin a transaction, before any statement runs. Raises RuntimeError inside of one."""
        if self._is_open:
            raise RuntimeError("A transaction cannot begin inside of another.")
        self._is_open = True

    def prepare_driver(self) -> Any:
        """Return the driver's connection, ready for a statement: in the transaction, and with deferred rows written."""
        if self._must_catch_up:
            self._catch_up()
        return self.driver

    def defer(self, statement: "Statement", key: Hashable, row: "Params") -> None:
        """Defer a row. A later row under the same key replaces it."""
        rows = self._deferred.get(statement)
        if rows is None:
            rows = self._deferred[statement] = {}
            self._must_catch_up = True
        rows[key] = row

    def defer_all(self, statement: "Statement", rows: "Iterable[tuple[Hashable, Params]]") -> None:
        """Defer rows, each with its key."""
        self._deferred.setdefault(statement, {}).update(rows)
        self._must_catch_up = True

    def _catch_up(self) -> None:
        if not self._has_begun:
            self._flush_late()
            self.driver.execute("BEGIN")
            self._has_begun = True
        deferred, self._deferred, self._must_catch_up = self._deferred, {}, False
        self._write(deferred)

    def _write(self, deferred: _Rows) -> None:
        for statement, rows in deferred.items():
            statement.put_by(self.driver, self._dialect, list(rows.values()))

    def _flush_late(self) -> None:
        """Write the rows that committed transactions have deferred."""
        if not self._late:
            return
        late, self._late, self._late_count = self._late, [], 0
        try:
            self._write_in_transaction(_merge(late))
        except Exception:
            log.exception("Deferred rows of several transactions cannot be written together; they are written singly.")
            for deferred in late:
                try:
                    self._write_in_transaction(deferred)
                except Exception:
                    log.exception("Deferred rows of a transaction cannot be written, and are lost.")

    def _write_in_transaction(self, deferred: _Rows) -> None:
        self.driver.execute("BEGIN")
        try:
            self._write(deferred)
            self.driver.execute("COMMIT")
        finally:
            if self.driver.in_transaction:
                self.driver.execute("ROLLBACK")

    def commit(self) -> None:
        """Commit the transaction of an embedded store."""
        if self._volatile and not self._has_begun:
            if self._deferred:
                self._late.append(self._deferred)
                self._late_count += sum(map(len, self._deferred.values()))
                self._deferred = {}
                if self._late_count > MAX_LATE_ROWS:
                    self._flush_late()
        elif self._has_begun or self._deferred:
            self.prepare_driver().execute("COMMIT")

    def end(self, rolled_back: bool) -> None:
        """Clear what belongs to this transaction, whichever way it ended."""
        if (self.is_invalidated or rolled_back) and self.cache:  # cached values may have come from this transaction
            self.cache.clear()
        if self.cache is not None:
            if self.driver.in_transaction:
                self.driver.execute("ROLLBACK")
            self._deferred, self._has_begun, self._must_catch_up = {}, False, True
        self._is_open = self.is_invalidated = False
        self.wake = None
        if self.entries or self.entries_anyway:
            self.entries, self.entries_anyway = [], []


def _merge(several: Iterable[_Rows]) -> _Rows:
    """Merge the deferred rows of several transactions. Of rows with the same key, the last one stays."""
    merged: _Rows = {}
    for deferred in several:
        for statement, rows in deferred.items():
            merged.setdefault(statement, {}).update(rows)
    return merged


class StoreConnection(Connection):
    """A connection with its unit of work, because a call needs it about twenty times."""

    def __init__(self, engine: Engine, embedded: bool, volatile: bool) -> None:
        super().__init__(engine)
        self.unit = UnitOfWork(self, embedded, volatile)


def unit_of(db: Connection) -> UnitOfWork:
    """Return the unit of work of a store's connection."""
    unit: UnitOfWork = db.unit  # type: ignore[attr-defined]  # a StoreConnection; others need not know
    return unit


def catch_up(db: Connection, *_: object) -> None:
    """Write deferred rows before SQLAlchemy runs a statement that could see that they are missing."""
    if isinstance(db, StoreConnection):
        db.unit.prepare_driver()


def invalidate(db: Connection) -> None:
    """Invalidate the cache, because this transaction changes cached values.

    These are of accounts, numbers, clocks, rules and opt-outs.
    """
    unit_of(db).is_invalidated = True


def is_caching(db: Connection) -> bool:
    """Return True if cached values are valid in this transaction."""
    unit = unit_of(db)
    return unit.cache is not None and not unit.is_invalidated


def cached(db: Connection, key: Hashable, find: Callable[[], T]) -> T:
    """Return the cached value, or else call `find` and cache what it returns.

    `find` is called every time on a shared store, and after this transaction invalidated the cache.
    """
    unit = unit_of(db)
    cache = unit.cache
    if cache is None or unit.is_invalidated:
        return find()
    if key not in cache:
        if len(cache) >= MAX_CACHED:
            cache.clear()
        cache[key] = find()
    value: T = cache[key]
    return value


def write_later(db: Connection, statement: "Statement", key: Hashable, row: "Params") -> None:
    """Defer a statement, until another one could see that it did not run.

    Of several rows under one key, only the last is written. This is for values that are cached meanwhile, and so for
    embedded stores only.
    """
    unit_of(db).defer(statement, key, row)


def insert_rows(db: Connection, statement: "Statement", rows: "Sequence[tuple[Hashable, Params]]") -> None:
    """Insert rows, each with its key, before any statement could see that they are missing.

    The rows must be valid: the error of a row that cannot be written may come only after its call was answered.
    """
    unit = unit_of(db)
    if unit.cache is None:
        statement.put(db, [row for _, row in rows])
    else:
        unit.defer_all(statement, rows)


def announce_wake(db: Connection, wake: int) -> None:
    """Announce at the commit that a row of the timeline wakes.

    `wake` is the moment in microseconds of real time.
    """
    unit = unit_of(db)
    unit.wake = wake if unit.wake is None else min(wake, unit.wake)


def record(db: Connection, entry: PendingEntry, even_if_rolled_back: bool = False) -> None:
    """Record a traffic entry at the commit, or even at a rollback."""
    unit = unit_of(db)
    (unit.entries_anyway if even_if_rolled_back else unit.entries).append(entry)
