"""A tenant as one document: all its rows, in an order that is the same for the same calls."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from ..domain.clock import Clock, to_micros
from ..journal.entries import CALL, CONTROL, INBOUND
from ..store import tenant_rows, tenants
from ..store.tenant_rows import Row, Tables
from ..store.tenants import NewTenant, Tenant

FORMAT = "sms-sandbox tenant"
VERSION = 2


def export(db: Connection, tenant: int) -> Tables:
    """Return every row of the tenant, by table. The same rows come in the same order."""
    rows = _without_control(tenant_rows.read(db, tenant))
    return {**rows, "traffic": _in_stable_order(rows["traffic"])}


def _without_control(rows: Tables) -> Tables:
    """Return the rows as if control calls had no traffic entries.

    A replay does not make them again, and who made them from which address is no part of a document.
    """
    entries = rows["traffic"]
    kept = [entry for entry in entries if entry["kind"] != CONTROL]
    first = _number(entries[0]["id"]) if entries else 0
    count = len(entries) - len(kept)
    return {
        **rows,
        "traffic": [{**entry, "id": id_} for id_, entry in enumerate(kept, first)],
        "counters": [
            {**row, "value": _number(row["value"]) - count} if row["kind"] == "traffic" else row
            for row in rows["counters"]
        ],
    }


def _number(value: object) -> int:
    assert isinstance(value, int)
    return value


def _in_stable_order(entries: Sequence[Row]) -> list[Row]:
    """Number the traffic so that events come after calls of the same moment.

    Which call was answered first, or which of two callbacks ended first, is chance, and no part of a document.
    """

    def place(entry: Row) -> tuple[Any, ...]:
        is_event = entry["kind"] not in (CALL, INBOUND)
        return entry["at"], is_event, json.dumps({**entry, "id": 0}) if is_event else "", entry["id"]

    ids = [entry["id"] for entry in entries]
    return [{**entry, "id": id_} for id_, entry in zip(ids, sorted(entries, key=place), strict=True)]


def restore(db: Connection, new: NewTenant, created: datetime, rows: Tables, real: datetime) -> Tenant:
    """Make a tenant with these rows, which were checked. Its timeline follows its clock."""
    id_ = tenants.add(db, new, real).id
    tenants.change(db, id_, {"created": to_micros(created)})
    for table, each in rows.items():
        tenant_rows.add(db, id_, table, each)
    tenant_rows.add_totals(db, id_)
    tenants.set_clock(db, id_, new.clock)
    tenant = tenants.read(db, id_)
    assert tenant is not None
    return tenant


def build_clock(now: datetime, running: bool, real: datetime) -> Clock:
    """Return a clock that shows a moment, and runs on from there or is frozen."""
    return Clock(now - real) if running else Clock(frozen_at=now)
