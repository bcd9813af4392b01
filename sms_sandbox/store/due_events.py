"""The events on a tenant's timeline, with what each is about."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Table, and_, or_, select

from ..domain.clock import from_micros
from . import timeline
from .paging import Page, Paging, fetch_page
from .tables import callbacks as c
from .tables import recipients as r
from .tables import timeline as t


class DueEvent(Struct, frozen=True):
    """An event on the timeline. `says` is the status, text or callback event, as far as it is known."""

    at: datetime
    kind: str
    id: int
    says: str | None = None
    number: str | None = None
    message_id: int | None = None


def list_page(db: Connection, tenant: int, paging: Paging, message: int | None = None) -> Page[DueEvent]:
    """Return a page of a tenant's events, the next one first. If `message` is given, they are about that message."""
    query = select(t.c.due, t.c.kind, t.c.ref, t.c.data).where(t.c.tenant == tenant).order_by(t.c.due, t.c.id)
    if message is not None:
        query = query.where(_is_about(tenant, message))
    page: Page[tuple[Any, ...]] = fetch_page(db, query, paging, tuple)
    recipients = _subjects(db, tenant, r, [r.c.message, r.c.msisdn], page.rows, (timeline.REPORT, timeline.INBOUND))
    callbacks = _subjects(db, tenant, c, [c.c.message, c.c.msisdn, c.c.event], page.rows, (timeline.CALLBACK,))
    events = []
    for due, kind, ref, raw in page.rows:
        data = json.loads(raw) if raw else {}
        says, number, message = data.get("status", data.get("text")), data.get("from", data.get("msisdn")), None
        if kind in (timeline.REPORT, timeline.INBOUND) and ref in recipients:
            message, number = recipients[ref]
        elif kind == timeline.CALLBACK and ref in callbacks:
            message, number, says = callbacks[ref]
        elif kind in (timeline.SEND, timeline.ENLIST):
            message = ref
        events.append(DueEvent(from_micros(due), kind, ref, says, number, message or None))
    return Page(events, page.total, page.asked)


def _is_about(tenant: int, message: int) -> ColumnElement[bool]:
    """Return the condition that an event is about a message.

    It sends the message, reports on it, replies to it, or calls back about it.
    """
    sent_to = select(r.c.id).where(r.c.tenant == tenant, r.c.message == message)
    called = select(c.c.id).where(c.c.tenant == tenant, c.c.message == message)
    return or_(
        and_(t.c.kind.in_((timeline.ENLIST, timeline.SEND)), t.c.ref == message),
        and_(t.c.kind.in_((timeline.REPORT, timeline.INBOUND)), t.c.ref.in_(sent_to)),
        and_(t.c.kind == timeline.CALLBACK, t.c.ref.in_(called)),
    )


def find_rules(db: Connection, tenant: int, recipients: Mapping[int, str]) -> dict[str, str]:
    """Return the name of the rule or scenario of each planned report, by number. It is blank if there is none.

    `recipients` are numbers by id.
    """
    query = select(t.c.ref, t.c.data).where(
        t.c.tenant == tenant, t.c.kind == timeline.REPORT, t.c.ref.in_(recipients.keys())
    )
    return {recipients[ref]: (json.loads(raw) if raw else {}).get("rule", "") for ref, raw in db.execute(query)}


def _subjects(
    db: Connection, tenant: int, table: Table, columns: Sequence[Any], rows: Sequence[Sequence[Any]],
    kinds: Sequence[str],
) -> dict[int, Sequence[Any]]:  # fmt: skip
    """Return columns of the rows that events of these kinds are about, by id."""
    ids = {ref for _, kind, ref, _ in rows if kind in kinds}
    if not ids:
        return {}
    subjects = db.execute(select(table.c.id, *columns).where(table.c.tenant == tenant, table.c.id.in_(ids)))
    return {row[0]: tuple(row)[1:] for row in subjects}
