"""SQL statements on the driver's own cursor."""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import Connection, Dialect, Table, TextClause, bindparam, text
from sqlalchemy.sql import ClauseElement

from .bulk_sql import Params, table_of, to_bulk_sql, to_json
from .connection import unit_of

_ToParams: TypeAlias = Callable[[Mapping[str, Any]], Params]


class Statement:
    """One SQL statement, compiled once for each dialect and run on the driver's own cursor.

    This is the hot path of the project: SQLAlchemy's execution costs several times what the driver does. Parameters are
    plain ints and strings, rows are tuples, and all of it is part of the connection's transaction.
    """

    def __init__(self, sql: ClauseElement | str, table: Table | None = None, amounts: int = 0) -> None:
        """Prepare a statement.

        With a `table`, the parameters in a text have the types of the columns of their names. Only so can PostgreSQL
        get many rows at once. The first parameters of a statement may be `amounts`, which it adds to columns of a row;
        deferred amounts for the same row are added up.
        """
        self.amounts = amounts
        self._clause = text(sql) if isinstance(sql, str) else sql
        if isinstance(self._clause, TextClause) and table is not None:
            names = self._clause.compile().params
            self._clause = self._clause.bindparams(*(bindparam(name, type_=table.c[name].type) for name in names))
        self._compiled: dict[str, tuple[str, _ToParams]] = {}
        self._only_reads: bool = sql.startswith("SELECT") if isinstance(sql, str) else getattr(sql, "is_select", False)
        self._table: tuple[str, int] | None = None
        self.bulk: str | None = None
        """The statement for many rows, on PostgreSQL, if there is one."""

    def _for(self, db: Connection) -> tuple[str, _ToParams]:
        """Return the SQL of the connection's dialect, and the function that orders parameters for it."""
        return self._compiled.get(db.dialect.name) or self._compile(db.dialect)

    def _compile(self, dialect: Dialect) -> tuple[str, _ToParams]:
        compiled: Any = self._clause.compile(dialect=dialect)
        constants = {name: value for name, value in (compiled.params or {}).items() if value is not None}
        result = self._compiled[dialect.name] = (str(compiled), _orderer(compiled.positiontup, constants))
        if dialect.name == "postgresql":
            self.bulk = to_bulk_sql(str(compiled))
        return result

    def table(self, dialect: Dialect) -> tuple[str, int]:
        """Return the table that the statement changes, and the length of the statement."""
        if self._table is None:
            sql, _ = self._compiled.get(dialect.name) or self._compile(dialect)
            self._table = table_of(sql), len(self.bulk or sql)
        return self._table

    def _cursor(self, db: Connection, params: Mapping[str, Any]) -> Any:
        sql, to_params = self._for(db)
        # Both drivers create the cursor on the way, which saves two calls.
        return unit_of(db).prepare_driver(self._only_reads).execute(sql, to_params(params))

    def run(self, db: Connection, **params: Any) -> int:
        """Execute the statement, and return how many rows it touched."""
        return int(self._cursor(db, params).rowcount)

    def one(self, db: Connection, **params: Any) -> tuple[Any, ...] | None:
        """Return the first row, or None."""
        row: tuple[Any, ...] | None = self._cursor(db, params).fetchone()
        return row

    def all(self, db: Connection, **params: Any) -> list[tuple[Any, ...]]:
        """Return every row."""
        rows: list[tuple[Any, ...]] = self._cursor(db, params).fetchall()
        return rows

    def rows(self, db: Connection, params: Params) -> list[tuple[Any, ...]]:
        """Return every row, for parameters in order."""
        sql, _ = self._for(db)
        rows: list[tuple[Any, ...]] = unit_of(db).prepare_driver(self._only_reads).execute(sql, params).fetchall()
        return rows

    def value(self, db: Connection, **params: Any) -> Any:
        """Return the first column of the first row, or None if there is no row."""
        row = self._cursor(db, params).fetchone()
        return row[0] if row else None

    def many(self, db: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Execute the statement for each mapping of parameters. Returns the number of rows it touched in all.

        No two of them may touch the same row.
        """
        _, to_params = self._for(db)
        return self.put(db, [to_params(row) for row in rows])

    def put(self, db: Connection, rows: Sequence[Params]) -> int:
        """Do what `many` does for parameters in order, which are cheaper than those by name."""
        return self.put_by(unit_of(db).prepare_driver(), db.dialect, rows) if rows else 0

    def put_by(self, driver: Any, dialect: Dialect, rows: Sequence[Params]) -> int:
        """Do what `put` does for at least one row, on the driver's connection."""
        sql, _ = self._compiled.get(dialect.name) or self._compile(dialect)
        if len(rows) == 1:
            return int(driver.execute(sql, rows[0]).rowcount)
        if self.bulk is not None and dialect.name == "postgresql":
            return int(driver.execute(self.bulk, (to_json(rows),)).rowcount)
        cursor = driver.cursor()
        cursor.executemany(sql, rows)
        return int(cursor.rowcount)


def _orderer(names: Sequence[str], constants: Mapping[str, Any]) -> _ToParams:
    """Return a function that puts named parameters, and the constants, in order."""
    if len(names) < 2:
        return lambda params: [{**constants, **params}[name] for name in names]
    pick = itemgetter(*names)
    return (lambda params: pick({**constants, **params})) if constants else pick
