"""A tenant as one document: its rows by table, without what belongs to this server or to real time.

A document names no tenant's number, no serial of the database, and nothing that was measured, so that the same calls at
the same moments make the same document, on whichever database.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Column, Connection, Table, bindparam, insert, select, text

from ..domain.clock import Clock, to_micros
from ..journal.entries import CALL, INBOUND
from ..store import tables, tenants
from ..store.statement import Statement
from ..store.tables import OF_A_TENANT
from ..store.tenants import NewTenant, Tenant
from ..store.unit_of_work import changed

Row: TypeAlias = Mapping[str, int | str | None]
Tables: TypeAlias = Mapping[str, Sequence[Row]]

FORMAT = "sms-sandbox tenant"
VERSION = 1

OF_THE_MOMENT = (tables.throttle,)
"""Tables that tell only of the last second."""

FORGOTTEN: Mapping[Column[Any], Any] = {
    tables.timeline.c.wake: None,
    tables.attempts.c.latency: None,
    tables.traffic.c.took: None,
    tables.journals.c.since: 0,
    tables.imports.c.holder: "",
    tables.imports.c.held_until: 0,
}
"""Columns that tell of real time or of a process, and what stands there in an imported tenant at first."""

KEPT = tuple(table for table in OF_A_TENANT if table not in OF_THE_MOMENT)
"""The tables a document has."""

ORDERS: Mapping[Table, tuple[Column[Any], ...]] = {
    tables.timeline: (tables.timeline.c.due, tables.timeline.c.id),
    tables.links: (tables.links.c.recipient, tables.links.c.code),
}
"""How rows are ordered that the database numbers; others are by what names them."""


def is_serial(column: Column[Any]) -> bool:
    """Whether the database numbers rows by the column, over all tenants."""
    return column.autoincrement is True


def columns_of(table: Table) -> list[Column[Any]]:
    """The columns that a document tells of a table."""
    return [each for each in table.c if each.name != "tenant" and not is_serial(each) and each not in FORGOTTEN]


def steady(db: Connection) -> None:
    """Let the transaction, which has not begun to read, see the database as it is at one moment."""
    if db.dialect.name == "postgresql":
        db.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))


def rows_of(db: Connection, tenant: int) -> dict[str, list[Row]]:
    """Every row of the tenant, by table, in an order that is the same for the same rows."""
    found = {table.name: list(_rows(db, table, tenant)) for table in KEPT}
    return {**found, tables.traffic.name: in_steady_order(found[tables.traffic.name])}


def in_steady_order(entries: Sequence[Row]) -> list[Row]:
    """The journal numbered as if what happens by itself at a moment always came behind the calls of that moment.

    Which call was answered, or which of two callbacks landed first, is chance, and no part of a document.
    """

    def place(entry: Row) -> tuple[Any, ...]:
        by_itself = entry["kind"] not in (CALL, INBOUND)
        return entry["at"], by_itself, json.dumps({**entry, "id": 0}) if by_itself else "", entry["id"]

    numbers = [entry["id"] for entry in entries]
    return [{**entry, "id": number} for number, entry in zip(numbers, sorted(entries, key=place), strict=True)]


def _rows(db: Connection, table: Table, tenant: int) -> Iterator[Row]:
    order = ORDERS.get(table) or tuple(each for each in table.primary_key if each.name != "tenant")
    told = columns_of(table)
    found = db.execute(select(*order, *told).where(table.c.tenant == tenant)).all()
    # Not sorted by the database, since each has an order of texts of its own.
    for row in sorted(found, key=lambda row: tuple(row)[: len(order)]):
        values = dict(zip((each.name for each in told), tuple(row)[len(order) :], strict=True))
        if table is tables.timeline:
            values["lane"] = values["lane"].partition(" ")[2]  # behind the tenant's number
        yield values


def restore(db: Connection, new: NewTenant, created: datetime, rows: Tables, real: datetime) -> Tenant:
    """Make a tenant with these rows, which were checked; its timeline goes by its clock."""
    changed(db)
    made = tenants.add(db, new, real)
    tenants.change(db, made.id, {"created": to_micros(created)})
    for table in KEPT:
        forgotten = {each.name: value for each, value in FORGOTTEN.items() if each.table is table}
        _INSERT[table.name].many(db, [{**forgotten, **_placed(table, row, made.id)} for row in rows[table.name]])
    tenants.set_clock(db, made.id, new.clock)
    found = tenants.read(db, made.id)
    assert found is not None
    return found


def add_rows(db: Connection, tenant: int, table: str, rows: Sequence[Row]) -> None:
    """Put rows of a document into a tenant, as they are."""
    changed(db)
    _INSERT[table].many(db, [{**row, "tenant": tenant} for row in rows])


def _placed(table: Table, row: Row, tenant: int) -> dict[str, Any]:
    placed = {**row, "tenant": tenant}
    if table is tables.timeline and row["lane"]:
        placed["lane"] = f"{tenant} {row['lane']}"
    return placed


_INSERT = {
    table.name: Statement(
        insert(table).values({each.name: bindparam(each.name) for each in table.c if not is_serial(each)})
    )
    for table in KEPT
}


def clock_at(now: datetime, running: bool, real: datetime) -> Clock:
    """A clock that shows a moment, and runs on from there or stands."""
    return Clock(now - real) if running else Clock(frozen_at=now)
