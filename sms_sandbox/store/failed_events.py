"""Events that failed. They are kept until somebody runs them again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, bindparam, delete, insert, select

from ..domain.clock import from_micros, to_micros
from . import ids, timeline
from .paging import Page, Paging, fetch_page
from .statement import Statement
from .tables import failed_events as f
from .tables import timeline as t
from .timeline import Due


class FailedEvent(Struct, frozen=True):
    """An event that failed. The meaning of `ref` depends on the kind; `failed_at` is the tenant's time."""

    id: int
    failed_at: datetime
    due: datetime
    kind: str
    ref: int
    error: str


_WAITING_DATA = Statement(select(t.c.data).where(t.c.id == bindparam("id")).with_for_update())
_ADD = Statement(insert(f))
_COUNT = Statement("SELECT count(*) FROM failed_events")
_COLUMNS = (f.c.id, f.c.failed_at, f.c.due, f.c.kind, f.c.ref, f.c.error)
_READ = Statement(select(*_COLUMNS).where(f.c.tenant == bindparam("tenant"), f.c.id == bindparam("id")))
_DATA = Statement(select(f.c.lane, f.c.data).where(f.c.tenant == bindparam("tenant"), f.c.id == bindparam("id")))
_DELETE = Statement(delete(f).where(f.c.tenant == bindparam("tenant_"), f.c.id == bindparam("id_")))


def keep(db: Connection, row: Due, error: str, now: datetime) -> int | None:
    """Move an event that failed from the timeline to here, and return its new id. None if it is gone."""
    data = _WAITING_DATA.value(db, id=row.id)
    if data is None:
        return None
    timeline.take(db, [row])
    id_ = ids.take(db, row.tenant, "failed-event")
    values = (row.tenant, id_, to_micros(now), to_micros(row.due), row.kind, row.ref, row.lane, data, error)
    _ADD.put(db, [values])
    return id_


def list_page(db: Connection, tenant: int, paging: Paging) -> Page[FailedEvent]:
    """Return a page of a tenant's failed events, newest first."""
    return fetch_page(db, select(*_COLUMNS).where(f.c.tenant == tenant).order_by(f.c.id.desc()), paging, _build)


def read(db: Connection, tenant: int, id_: int) -> FailedEvent | None:
    """Return a failed event by its id."""
    row = _READ.one(db, tenant=tenant, id=id_)
    return None if row is None else _build(row)


def run_again(db: Connection, tenant: int, event: FailedEvent) -> None:
    """Put an event back on the timeline, where it is due at once."""
    row = _DATA.one(db, tenant=tenant, id=event.id)
    if row is None or not _DELETE.run(db, tenant_=tenant, id_=event.id):
        return
    lane, data = row
    timeline.schedule(db, tenant, [timeline.plan_of(event.due, event.kind, event.ref, lane, data)])


def count(db: Connection) -> int:
    """Return how many events of all tenants failed and did not run again."""
    return int(_COUNT.value(db))


def _build(row: Sequence[Any]) -> FailedEvent:
    id_, failed_at, due, kind, ref, error = row
    return FailedEvent(id_, from_micros(failed_at), from_micros(due), kind, ref, error)
