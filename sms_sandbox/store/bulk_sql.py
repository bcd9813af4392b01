"""Statements of PostgreSQL that carry many rows in one parameter.

There the client library takes longer for a statement than the server does, and as long for each parameter of a row. One
JSON document with all rows costs it next to nothing.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from msgspec.json import encode

Params: TypeAlias = Sequence[Any]
"""The parameters of a statement in its order. An insert has the order of the table's columns."""

_PARAMETER = re.compile(r"%s(?:::([A-Z]+))?")
"""A parameter in SQL that SQLAlchemy has compiled, with its type."""

_CHANGED = re.compile(r"(?:INSERT INTO|UPDATE|DELETE FROM) (\w+)")

_VALUES = re.compile(r" VALUES \((.*)\)(?= ON CONFLICT| RETURNING|$)", re.DOTALL)


def to_bulk_sql(sql: str) -> str | None:
    """Return a statement with typed parameters for one row as one for many rows.

    No two of these may insert, update or delete the same row. Returns None if the type of a parameter is unknown.
    """
    types = _PARAMETER.findall(sql)
    if not types or not all(types):
        return None
    columns = (f"c{position}" for position in range(len(types)))
    of_row = _PARAMETER.sub(lambda _: f"r.{next(columns)}", sql)
    declared = ", ".join(f"c{position} {name}" for position, name in enumerate(types))
    rows = f"json_to_recordset(%s::json) AS r({declared})"
    verb = sql.partition(" ")[0]
    if verb == "INSERT":
        return _VALUES.sub(lambda values: f" SELECT {values[1]} FROM {rows}", of_row)  # noqa: S608 (compiled SQL)
    head, where, condition = of_row.partition(" WHERE ")
    return f"{head} {'FROM' if verb == 'UPDATE' else 'USING'} {rows}{where}{condition}"


def table_of(sql: str) -> str:
    """Return the table that an INSERT, UPDATE or DELETE changes."""
    changed = _CHANGED.match(sql)
    assert changed is not None, sql
    return changed[1]


@lru_cache(1024)
def combine(statements: tuple[str, ...]) -> str:
    """Return bulk statements for different tables as one statement, with the parameters of all."""
    *before, last = statements
    parts = ", ".join(f"part_{number} AS ({sql})" for number, sql in enumerate(before))
    return f"WITH {parts} {last}" if parts else last


def to_json(rows: Sequence[Params]) -> str:
    """Return rows as the parameter of a bulk statement. Raises TypeError for a value that no column can hold."""
    names = [f"c{position}" for position in range(len(rows[0]))]
    return encode([dict(zip(names, row, strict=True)) for row in rows]).decode()
