"""SQL statements on the driver's own cursor."""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import Connection, Dialect, text
from sqlalchemy.sql import ClauseElement

from .unit_of_work import unit_of

Params: TypeAlias = Sequence[Any]
"""The parameters of a statement in the order it names them; an insert names the table's columns in theirs."""

InOrder: TypeAlias = Callable[[Mapping[str, Any]], Params]


class Statement:
    """One SQL statement, compiled once for each dialect and run on the driver's own cursor.

    The hot path of the project: SQLAlchemy's execution costs several times what the driver does. Parameters are
    plain ints and strings, rows are tuples, and it all happens inside the connection's transaction.
    """

    def __init__(self, what: ClauseElement | str) -> None:
        self._what = text(what) if isinstance(what, str) else what
        self._compiled: dict[str, tuple[str, InOrder]] = {}

    def _in(self, db: Connection) -> tuple[str, InOrder]:
        """The statement as the database writes it, and what puts parameters in its order."""
        return self._compiled.get(db.dialect.name) or self._compile(db.dialect)

    def _compile(self, dialect: Dialect) -> tuple[str, InOrder]:
        compiled: Any = self._what.compile(dialect=dialect)
        fixed = {name: value for name, value in (compiled.params or {}).items() if value is not None}
        made = self._compiled[dialect.name] = (str(compiled), _in_order(compiled.positiontup, fixed))
        return made

    def _cursor(self, db: Connection, params: Mapping[str, Any]) -> Any:
        sql, in_order = self._in(db)
        # Both drivers make the cursor on the way, which saves two calls.
        return unit_of(db).ready().execute(sql, in_order(params))

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
        sql, _ = self._in(db)
        found: list[tuple[Any, ...]] = unit_of(db).ready().execute(sql, params).fetchall()
        return found

    def value(self, db: Connection, **params: Any) -> Any:
        """The first column of the first row; None when there is no row."""
        row = self._cursor(db, params).fetchone()
        return row[0] if row else None

    def many(self, db: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Execute it once for each mapping of parameters; how many rows that touched in all."""
        _, in_order = self._in(db)
        return self.put(db, [in_order(row) for row in rows])

    def put(self, db: Connection, rows: Sequence[Params]) -> int:
        """`many` for parameters in order, which are cheaper than those by name."""
        return self.put_by(unit_of(db).ready(), db.dialect, rows) if rows else 0

    def put_by(self, driver: Any, dialect: Dialect, rows: Sequence[Params]) -> int:
        """`put` for at least one row, by the driver's connection, whatever its transaction is."""
        sql, _ = self._compiled.get(dialect.name) or self._compile(dialect)
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
