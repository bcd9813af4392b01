"""The unit of work: what a transaction remembers, owes and tells besides the statements it runs.

An embedded store puts off what it can. A transaction begins with its first statement; rows that nothing it does depends
on, it `owe`s; and where nothing outlives the process, what is owed when it is committed waits on, until a statement of
a later one could see that it is missing. So a call that asks only for what is remembered, and only adds rows, costs no
statement at all, and many such calls' rows are written together, which is several times as fast.
"""

import logging
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar

from sqlalchemy import Connection, Engine

if TYPE_CHECKING:
    from .statement import Params, Statement

log = logging.getLogger(__name__)

T = TypeVar("T")

Owed: TypeAlias = "dict[Statement, dict[Hashable, Params]]"


class Note(NamedTuple):
    """Something for the journal of a tenant, or of the oldest: its weight in bytes, roughly, and what makes its entry
    of what when it is written."""

    tenant: int | None
    weight: int
    make: Callable[..., Any]
    args: tuple[Any, ...]


MOST_KNOWN = 10_000
"""Answers remembered before all are forgotten, so that nobody can fill the memory by asking."""

MOST_OWED = 1_000
"""Rows that wait from one transaction to another before they are written, so that this holds up nobody for long."""


class UnitOfWork:
    """Of one connection: it serves one transaction after the other."""

    def __init__(self, db: Connection, embedded: bool, volatile: bool) -> None:
        self.driver: Any = db.connection.dbapi_connection
        self.known: dict[Hashable, Any] | None = {} if embedded else None
        """What is remembered from one transaction to another; None where other processes may change it."""
        self._dialect = db.dialect
        self._volatile = volatile
        self._late: list[Owed] = []
        """What committed transactions owe."""
        self._late_rows = 0
        self._owed: Owed = {}
        self._is_open = False
        self._begun = not embedded
        self._behind = embedded
        """Whether something is to be done before a statement is run."""
        self.changed = False
        self.wake: int | None = None
        self.notes: list[Note] = []
        self.notes_anyway: list[Note] = []

    def begin(self) -> None:
        """Begin a transaction, though no statement runs yet. RuntimeError inside of one."""
        if self._is_open:
            raise RuntimeError("A transaction can't begin inside of another.")
        self._is_open = True

    def ready(self) -> Any:
        """The driver's connection, inside the transaction and with everything written that a statement could see."""
        if self._behind:
            self._catch_up()
        return self.driver

    def owe(self, what: "Statement", about: Hashable, row: "Params") -> None:
        rows = self._owed.get(what)
        if rows is None:
            rows = self._owed[what] = {}
            self._behind = True
        rows[about] = row

    def owe_all(self, what: "Statement", rows: "Iterable[tuple[Hashable, Params]]") -> None:
        self._owed.setdefault(what, {}).update(rows)
        self._behind = True

    def _catch_up(self) -> None:
        if not self._begun:
            self._write_late()
            self.driver.execute("BEGIN")
            self._begun = True
        owed, self._owed, self._behind = self._owed, {}, False
        self._write(owed)

    def _write(self, owed: Owed) -> None:
        for what, rows in owed.items():
            what.put_by(self.driver, self._dialect, list(rows.values()))

    def _write_late(self) -> None:
        if not self._late:
            return
        late, self._late, self._late_rows = self._late, [], 0
        try:
            self._write_down(together(late))
        except Exception:
            log.exception("What several transactions owe can't be written together; it is written one by one.")
            for owed in late:
                try:
                    self._write_down(owed)
                except Exception:
                    log.exception("What a transaction owes can't be written, and is lost.")

    def _write_down(self, owed: Owed) -> None:
        self.driver.execute("BEGIN")
        try:
            self._write(owed)
            self.driver.execute("COMMIT")
        finally:
            if self.driver.in_transaction:
                self.driver.execute("ROLLBACK")

    def commit(self) -> None:
        """End an embedded store's transaction, and keep what it did."""
        if self._volatile and not self._begun:
            if self._owed:
                self._late.append(self._owed)
                self._late_rows += sum(map(len, self._owed.values()))
                self._owed = {}
                if self._late_rows > MOST_OWED:
                    self._write_late()
        elif self._begun or self._owed:
            self.ready().execute("COMMIT")

    def end(self, undone: bool) -> None:
        """Forget what was the transaction's own, whichever way it ended."""
        if (self.changed or undone) and self.known:  # some of what is known may be of what is undone
            self.known.clear()
        if self.known is not None:
            if self.driver.in_transaction:
                self.driver.execute("ROLLBACK")
            self._owed, self._begun, self._behind = {}, False, True
        self._is_open = self.changed = False
        self.wake = None
        if self.notes or self.notes_anyway:
            self.notes, self.notes_anyway = [], []


def together(several: Iterable[Owed]) -> Owed:
    """What several transactions owe; of rows about the same, the last."""
    found: Owed = {}
    for owed in several:
        for what, rows in owed.items():
            found.setdefault(what, {}).update(rows)
    return found


class Working(Connection):
    """A connection that has its unit of work at hand, since a call asks for it a score of times."""

    def __init__(self, engine: Engine, embedded: bool, volatile: bool) -> None:
        super().__init__(engine)
        self.unit = UnitOfWork(self, embedded, volatile)


def unit_of(db: Connection) -> UnitOfWork:
    """The unit of work of a store's connection."""
    unit: UnitOfWork = db.unit  # type: ignore[attr-defined]  # a Working; each module need not know
    return unit


def make_ready(db: Connection, *_: object) -> None:
    """Have everything written that the statement which SQLAlchemy is about to run could see."""
    if isinstance(db, Working):
        db.unit.ready()


def changed(db: Connection) -> None:
    """Say that this transaction changes something that is remembered: an account, a number, a clock, an opt-out."""
    unit_of(db).changed = True


def remembers(db: Connection) -> bool:
    """Whether what is asked now is remembered: not of a shared store, nor once this transaction `changed` something."""
    unit = unit_of(db)
    return unit.known is not None and not unit.changed


def remembered(db: Connection, what: Hashable, find: Callable[[], T]) -> T:
    """What `find` answers, asked once until a transaction `changed` something; always, of a shared store."""
    unit = unit_of(db)
    known = unit.known
    if known is None or unit.changed:
        return find()
    if what not in known:
        if len(known) >= MOST_KNOWN:
            known.clear()
        known[what] = find()
    found: T = known[what]
    return found


def owe(db: Connection, what: "Statement", about: Hashable, row: "Params") -> None:
    """Have a statement run with a row before any other could see that it was not; of several rows about the same, the
    last alone. It is for what is `remembered` meanwhile, and so for an embedded store only."""
    unit_of(db).owe(what, about, row)


def add(db: Connection, what: "Statement", rows: "Sequence[tuple[Hashable, Params]]") -> None:
    """Add rows to a table, each named by what no other row of it has, at once or before anything could see that they
    are missing. They have to be right: a row that can't be written may only be found out when its call is answered."""
    unit = unit_of(db)
    if unit.known is None:
        what.put(db, [row for _, row in rows])
    else:
        unit.owe_all(what, rows)


def scheduled(db: Connection, wake: int) -> None:
    """Say that this transaction puts something on the timeline that is due at `wake` (real microseconds)."""
    unit = unit_of(db)
    unit.wake = wake if unit.wake is None else min(wake, unit.wake)


def noted(db: Connection, note: Note, even_if_undone: bool = False) -> None:
    """Say what the journal is to note when this transaction is committed, or however it ends."""
    unit = unit_of(db)
    (unit.notes_anyway if even_if_undone else unit.notes).append(note)
