"""The rows of a tenant by table, as a document keeps them.

A document has no tenant's id, no serial number of the database, no real time and nothing measured. So the same calls
at the same moments make the same document, on either database.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Column, Connection, Table, bindparam, insert, select, text

from . import messages, responses, tables, transactions
from .statement import Statement
from .unit_of_work import invalidate

Row: TypeAlias = Mapping[str, int | str | None]
Tables: TypeAlias = Mapping[str, Sequence[Row]]
"""Rows by the name of their table."""

_NOT_IN_DOCUMENTS = (tables.received, tables.receivers, tables.totals)

DOCUMENT_TABLES = tuple(table for table in tables.OF_A_TENANT if table not in _NOT_IN_DOCUMENTS)
"""The tables of a document. The built-in receiver belongs to a server, as an app does.

Totals follow from other rows.
"""

_UNSTABLE: Mapping[Column[Any], Any] = {
    tables.timeline.c.wake: None,
    tables.attempts.c.began: 0,
    tables.attempts.c.latency: None,
    tables.traffic.c.took: None,
    tables.journals.c.since: 0,
    tables.journals.c.began: 0,
    tables.imports.c.holder: "",
    tables.imports.c.held_until: 0,
}
"""Columns of real times and of processes, with their values in an imported tenant."""

_ORDERS: Mapping[Table, tuple[Column[Any], ...]] = {
    tables.timeline: (tables.timeline.c.due, tables.timeline.c.id),
    tables.links: (tables.links.c.recipient, tables.links.c.code),
}
"""The order of rows with a serial number. Other tables are in the order of their primary keys."""


def is_serial(column: Column[Any]) -> bool:
    """Return True if the database numbers the rows by this column, over all tenants."""
    return column.autoincrement is True


_INSERT = {
    table.name: Statement(
        insert(table).values({column.name: bindparam(column.name) for column in table.c if not is_serial(column)})
    )
    for table in DOCUMENT_TABLES
}
_INITIAL = {
    table.name: {column.name: value for column, value in _UNSTABLE.items() if column.table is table}
    for table in DOCUMENT_TABLES
}


def columns_of(table: Table) -> list[Column[Any]]:
    """Return the columns of a table that are part of a document."""
    return [
        column for column in table.c if column.name != "tenant" and not is_serial(column) and column not in _UNSTABLE
    ]


def begin_snapshot(db: Connection) -> None:
    """Make the transaction read a snapshot. Call it before the first read."""
    if db.dialect.name == "postgresql":
        db.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))


def read(db: Connection, tenant: int) -> dict[str, list[Row]]:
    """Return every row of the tenant, by table. The same rows come in the same order."""
    return {table.name: list(_rows(db, table, tenant)) for table in DOCUMENT_TABLES}


def _rows(db: Connection, table: Table, tenant: int) -> Iterator[Row]:
    order = _ORDERS.get(table) or tuple(column for column in table.primary_key if column.name != "tenant")
    columns = columns_of(table)
    rows = db.execute(select(*order, *columns).where(table.c.tenant == tenant)).all()
    # Sorted here, because the two databases order texts differently.
    for row in sorted(rows, key=lambda row: tuple(row)[: len(order)]):
        values = dict(zip((column.name for column in columns), tuple(row)[len(order) :], strict=True))
        if "lane" in values:
            values["lane"] = values["lane"].partition(" ")[2]  # without the tenant's id in front
        yield values


def add(db: Connection, tenant: int, table: str, rows: Sequence[Row]) -> None:
    """Add rows of a document to a table of the tenant."""
    invalidate(db, tenant)
    _INSERT[table].many(db, [{**_INITIAL[table], **_of_tenant(row, tenant)} for row in rows])


def add_totals(db: Connection, tenant: int) -> None:
    """Add the totals of all rows of the tenant that have none."""
    for totals in (messages.TOTALS, responses.TOTALS, transactions.TOTALS):
        totals.add_missing(db, tenant)


def _of_tenant(row: Row, tenant: int) -> dict[str, Any]:
    values = {**row, "tenant": tenant}
    if row.get("lane"):
        values["lane"] = f"{tenant} {row['lane']}"
    return values
