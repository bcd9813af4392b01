"""The timeline: scheduled events as rows, each due at a moment of its tenant's time.

`wake` is that moment in real time. It is NULL while the tenant's clock is frozen before it, so one index finds the
next event of all tenants. It is LATE if a call added the event while an advance moved the clock. `lane` names the
destination of a callback, so that a slow destination can be skipped; other events have none.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select

from ..domain.clock import MICROSECOND, Clock, from_micros, to_micros
from . import unit_of_work
from .list_parameter import encode_list, not_in_list
from .statement import Statement
from .tables import tenants
from .tables import timeline as t
from .unit_of_work import announce_wake, cached, lock_tenant

ENLIST = "enlist"
"""Add the next recipients of a message to a long list. `ref` is the message's id."""

SEND = "send"
"""Hand a message, or its next recipients, to the carrier. `ref` is the message's id."""

REPORT = "report"
"""The carrier reports on a recipient. `ref` is the recipient's id."""

INBOUND = "inbound"
"""A handset's message arrives. `ref` is the id of the recipient that replies, or 0."""

CALLBACK = "callback"
"""Make the next attempt of a callback. `ref` is the callback's id."""

IMPORT = "import"
"""Import a file into a list. `ref` is the import's id. The row stays until the import has ended."""

LIST_ACTION = "list-action"
"""Notify a list's automation that a member joined or left. `ref` is the list's id."""

FORGET_MEMBERS = "forget-members"
"""Delete the next members of a removed list. `ref` is the list's id."""

NUMBER_RENEWAL = "number-renewal"
"""Charge the next month of a leased number. `ref` is the number."""

KEYWORD_RENEWAL = "keyword-renewal"
"""Charge the next month of a keyword. `ref` is the keyword's id."""

KINDS = frozenset(
    {ENLIST, SEND, REPORT, INBOUND, CALLBACK, IMPORT, LIST_ACTION, FORGET_MEMBERS, NUMBER_RENEWAL, KEYWORD_RENEWAL}
)
"""Every kind of event."""


LATE = 2**62
"""The `wake` of what calls add during an advance, which need not run it. It is later than every moment."""


class GoneError(LookupError):
    """The tenant was deleted during the call or event."""


class Due(NamedTuple):
    """An event on the timeline. `ref` is the id of its subject; the kind tells which id."""

    id: int
    tenant: int
    due: datetime
    kind: str
    ref: int
    lane: str
    data: Mapping[str, Any]
    is_late: bool = False
    """True if a call added the event while an advance moved the clock."""


class Full(NamedTuple):
    """The lanes and the tenants whose callbacks must wait."""

    lanes: Collection[str] = ()
    tenants: Collection[int] = ()


class Plan(NamedTuple):
    """An event to add to the timeline."""

    due: datetime
    kind: str
    ref: int
    data: Mapping[str, Any] | None = None
    lane: str = ""


_READ_CLOCK = Statement(
    select(tenants.c.clock_offset, tenants.c.frozen_at, tenants.c.moving).where(tenants.c.id == bindparam("tenant"))
)
_ADD = Statement(
    insert(t).values({column.name: bindparam(column.name) for column in t.c if column.name != "id"}).inline()
)
_DROP = Statement(
    delete(t).where(t.c.tenant == bindparam("tenant"), t.c.kind == bindparam("kind"), t.c.ref == bindparam("ref"))
)
_DROP_ID = Statement(delete(t).where(t.c.id == bindparam("id")))
_RESCHEDULE = Statement(
    "UPDATE timeline SET wake = :wake, due = :due WHERE tenant = :tenant AND kind = :kind AND ref = :ref"
)
_COLUMNS = (t.c.id, t.c.tenant, t.c.due, t.c.kind, t.c.ref, t.c.lane, t.c.data)
_MAY_BEGIN = (not_in_list(t.c.lane, "full_lanes"), or_(t.c.lane == "", not_in_list(t.c.tenant, "full_tenants")))
_WAKING, _WAKING_BUT_FULL = (
    Statement(
        select(*_COLUMNS)
        .where(t.c.wake <= bindparam("until"), *more)
        .order_by(t.c.wake, t.c.id)
        .limit(bindparam("max_rows"))
        .with_for_update(skip_locked=True)
    )
    for more in ((), _MAY_BEGIN)
)
_IS_LATE = (func.coalesce(t.c.wake, 0) == LATE).label("is_late")
_DUE, _DUE_IN_TIME = (
    Statement(
        select(*_COLUMNS, _IS_LATE)
        .where(t.c.tenant == bindparam("tenant"), t.c.due <= bindparam("until"), *more)
        .order_by(t.c.due, t.c.id)
        .limit(bindparam("max_rows"))
        .with_for_update(skip_locked=True)
    )
    for more in ((), (func.coalesce(t.c.wake, 0) != LATE,))
)
_NEXT_WAKE, _NEXT_WAKE_BUT_FULL = (Statement(select(func.min(t.c.wake)).where(*more)) for more in ((), _MAY_BEGIN))
_NEXT_DUE, _NEXT_DUE_IN_TIME = (
    Statement(select(func.min(t.c.due)).where(t.c.tenant == bindparam("tenant"), *more))
    for more in ((), (func.coalesce(t.c.wake, 0) != LATE,))
)
_COUNT_LATE = Statement(
    select(func.count()).where(t.c.tenant == bindparam("tenant"), t.c.due <= bindparam("until"), t.c.wake == LATE)
)
_OF_REF = Statement(
    select(t.c.due).where(t.c.tenant == bindparam("tenant"), t.c.kind == bindparam("kind"), t.c.ref == bindparam("ref"))
)


def schedule(db: Connection, tenant: int, plans: Sequence[Plan]) -> None:
    """Add events to the tenant's timeline."""
    if not plans:
        return
    clock = _clock(db, tenant)
    is_late = clock.moving and not unit_of_work.is_event(db)
    rows = [_row(tenant, plan, clock, is_late) for plan in plans]
    unit_of_work.write_all_later(db, _ADD, rows)
    wakes = [row[2] for row in rows if row[2] is not None and not is_late]
    if wakes:
        announce_wake(db, min(wakes))


def _row(tenant: int, plan: Plan, clock: Clock, is_late: bool) -> tuple[Any, ...]:
    data = _encode(plan.data) if plan.data else ""
    wake = LATE if is_late else _wake(clock, plan.due)
    return tenant, to_micros(plan.due), wake, plan.kind, plan.ref, plan.lane, data


def _encode(data: Mapping[str, Any]) -> str:
    status = data.get("status")
    return json.dumps(data) if status is None or len(data) > 1 else _encode_report(status)


@cache
def _encode_report(status: str) -> str:
    """Return the data of a report. It is cached, as every recipient has a report and there are few statuses."""
    return json.dumps({"status": status})


@lru_cache(256)
def _decode(data: str) -> Mapping[str, Any]:
    values: Mapping[str, Any] = json.loads(data)
    return values


def lock_clocks(db: Connection, tenant_ids: Iterable[int]) -> None:
    """Lock tenants, and so their clocks, until the transaction ends."""
    for tenant in sorted(set(tenant_ids)):
        lock_tenant(db, tenant)


def _clock(db: Connection, tenant: int) -> Clock:
    def find() -> Clock:
        row = _READ_CLOCK.one(db, tenant=tenant)
        if row is None:
            raise GoneError(tenant)
        return build_clock(*row)

    return cached(db, tenant, "clock", find)


def build_clock(offset: int, frozen_at: int | None, moving: int) -> Clock:
    """Return the clock that three columns of a tenant describe. `offset` is in microseconds."""
    frozen = None if frozen_at is None else from_micros(frozen_at)
    return Clock(offset * MICROSECOND, frozen, bool(moving), moving == 2)


def _wake(clock: Clock, due: datetime) -> int | None:
    real = clock.real_due(due)
    return None if real is None else to_micros(real)


def announce(db: Connection, clock: Clock, due: datetime) -> None:
    """Announce an event of a tenant, as its clock is now."""
    wake = _wake(clock, due)
    if wake is not None:
        announce_wake(db, wake)


def list_waking(db: Connection, real: datetime, max_rows: int, full: Full | None = None) -> list[Due]:
    """Return the events due in real time, earliest first, without callbacks that must wait.

    The rows stay until `take`. Rows that another transaction has locked are skipped.
    """
    skipped = _skipped(full)
    query = _WAKING_BUT_FULL if skipped else _WAKING
    return [_due(row) for row in query.all(db, until=to_micros(real), max_rows=max_rows, **skipped)]


def list_due(db: Connection, tenant: int, until: datetime, max_rows: int, with_late: bool = True) -> list[Due]:
    """Return the events of a tenant that are due by `until`, earliest first.

    The rows stay until `take`. Rows that another transaction has locked are skipped.
    """
    query = _DUE if with_late else _DUE_IN_TIME
    rows = query.all(db, tenant=tenant, until=to_micros(until), max_rows=max_rows)
    return [_due(row[:-1])._replace(is_late=bool(row[-1])) for row in rows]


def take(db: Connection, rows: Sequence[Due]) -> None:
    """Remove events that are about to run, in the transaction that read them."""
    unit_of_work.write_all_later(db, _DROP_ID, [(row.id,) for row in rows])


def plan_of(due: datetime, kind: str, ref: int, lane: str, data: str) -> Plan:
    """Return the plan of an event with data as it was stored."""
    return Plan(due, kind, ref, _decode(data) if data else None, lane)


def _due(row: Sequence[Any]) -> Due:
    id_, tenant, due, kind, ref, lane, data = row
    return Due(id_, tenant, from_micros(due), kind, ref, lane, _decode(data) if data else {})


def drop(db: Connection, tenant: int, kind: str, ref: int) -> int:
    """Remove an event that is not to run, and return the number of rows removed."""
    return _DROP.run(db, tenant=tenant, kind=kind, ref=ref)


def drop_later(db: Connection, tenant: int, kind: str, ref: int) -> None:
    """Remove an event that is not to run, before any statement could see it."""
    unit_of_work.write_later(db, _DROP, (tenant, kind, ref), (tenant, kind, ref))


def reschedule(db: Connection, tenant: int, kind: str, ref: int, due: datetime) -> None:
    """Move an event to another moment of the tenant's time."""
    clock = _clock(db, tenant)
    _RESCHEDULE.run(db, tenant=tenant, kind=kind, ref=ref, due=to_micros(due), wake=_wake(clock, due))
    announce(db, clock, due)


def _skipped(full: Full | None) -> dict[str, str]:
    if not full or not any(full):
        return {}
    return {"full_lanes": encode_list(full.lanes), "full_tenants": encode_list(full.tenants)}


def find_next_wake(db: Connection, full: Full | None = None) -> datetime | None:
    """Return when, in real time, the next event of any tenant wakes. Callbacks that must wait are skipped."""
    skipped = _skipped(full)
    wake = (_NEXT_WAKE_BUT_FULL if skipped else _NEXT_WAKE).value(db, **skipped)
    return None if wake is None or wake == LATE else from_micros(wake)


def find_next_due(db: Connection, tenant: int, with_late: bool = True) -> datetime | None:
    """Return when, in the tenant's time, its next event is due. None if it has none."""
    due = (_NEXT_DUE if with_late else _NEXT_DUE_IN_TIME).value(db, tenant=tenant)
    return None if due is None else from_micros(due)


def count_late(db: Connection, tenant: int, until: datetime) -> int:
    """Return how many events due by `until` calls have added during the advance."""
    return int(_COUNT_LATE.value(db, tenant=tenant, until=to_micros(until)))


def find_due(db: Connection, tenant: int, kind: str, ref: int) -> datetime | None:
    """Return when an event is due, in the tenant's time. None if it is not on the timeline."""
    due = _OF_REF.value(db, tenant=tenant, kind=kind, ref=ref)
    return None if due is None else from_micros(due)
