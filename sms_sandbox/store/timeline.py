"""The timeline: everything that will happen, as rows, each due at a moment of its tenant's own time.

`wake` is that moment in real time, and empty while the tenant's clock stands before it; so one index tells the next
thing to do among all tenants. `lane` is empty but for callbacks, where it names the destination, so that a slow one
can be passed over.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from ..domain.clock import MICROSECOND, Clock, from_micros, to_micros
from . import unit_of_work
from .statement import Statement
from .tables import tenants
from .tables import timeline as t
from .unit_of_work import announce_wake, cached

ENLIST = "enlist"
"""The next recipients of a message to a long list are to be written down; `ref` is the message's id."""

SEND = "send"
"""A message is given to the carrier, or the next of its recipients are; `ref` is the message's id."""

REPORT = "report"
"""The carrier reports of a recipient, which `ref` is the id of."""

INBOUND = "inbound"
"""A handset's message arrives; `ref` is the id of the recipient that replies, or 0."""

CALLBACK = "callback"
"""The next attempt at a callback, which `ref` is the id of."""

IMPORT = "import"
"""An import of a file into a list; `ref` is its id. The row stays until the import has ended."""

LIST_ACTION = "list-action"
"""A list's automation is told of a member that came or went; `ref` is the list's id."""

FORGET_MEMBERS = "forget-members"
"""The next members of a removed list are deleted; `ref` is the list's id."""

NUMBER_RENEWAL = "number-renewal"
"""The next month of a leased number, which `ref` is."""

KEYWORD_RENEWAL = "keyword-renewal"
"""The next month of a keyword, which `ref` is the id of."""

KINDS = frozenset(
    {ENLIST, SEND, REPORT, INBOUND, CALLBACK, IMPORT, LIST_ACTION, FORGET_MEMBERS, NUMBER_RENEWAL, KEYWORD_RENEWAL}
)
"""Every kind of row there may be on the timeline."""


class GoneError(LookupError):
    """The tenant was deleted while something of it was under way."""


class Due(NamedTuple):
    """Something to do: what kind, when, and what it is about (`ref` is an id whose meaning the kind tells)."""

    id: int
    tenant: int
    due: datetime
    kind: str
    ref: int
    lane: str
    data: Mapping[str, Any]


class Plan(NamedTuple):
    """Something to put on the timeline."""

    due: datetime
    kind: str
    ref: int
    data: Mapping[str, Any] | None = None
    lane: str = ""


# Shared with others who read it, and kept from whoever sets the clock: a row written for a clock that is set at the
# same time would otherwise sleep for ever, or wake while the clock stands.
_READ_CLOCK = Statement(
    select(tenants.c.clock_offset, tenants.c.frozen_at, tenants.c.moving)
    .where(tenants.c.id == bindparam("tenant"))
    .with_for_update(read=True)
)
_ADD = Statement(insert(t).values({column.name: bindparam(column.name) for column in t.c if column.name != "id"}))
_FOLLOW = Statement(update(t).where(t.c.tenant == bindparam("tenant_")).values(wake=t.c.due - bindparam("offset")))
_SLEEP = Statement("UPDATE timeline SET wake = NULL WHERE tenant = :tenant")
_STAND = Statement("UPDATE timeline SET wake = CASE WHEN due <= :at THEN 0 ELSE NULL END WHERE tenant = :tenant")
_DROP = Statement(
    delete(t).where(t.c.tenant == bindparam("tenant"), t.c.kind == bindparam("kind"), t.c.ref == bindparam("ref"))
)
_DROP_ID = Statement(delete(t).where(t.c.id == bindparam("id")))
_RETIME = Statement(
    "UPDATE timeline SET wake = :wake, due = :due WHERE tenant = :tenant AND kind = :kind AND ref = :ref"
)
_COLUMNS = (t.c.id, t.c.tenant, t.c.due, t.c.kind, t.c.ref, t.c.lane, t.c.data)
_WAKING = Statement(
    select(*_COLUMNS)
    .where(t.c.wake <= bindparam("until"))
    .order_by(t.c.wake, t.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_DUE = Statement(
    select(*_COLUMNS)
    .where(t.c.tenant == bindparam("tenant"), t.c.due <= bindparam("until"))
    .order_by(t.c.due, t.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_NEXT_WAKE = Statement(select(func.min(t.c.wake)))
_NEXT_DUE = Statement(select(func.min(t.c.due)).where(t.c.tenant == bindparam("tenant")))
_HOLD = Statement(
    select(t.c.id)
    .where(t.c.tenant == bindparam("tenant"), t.c.kind == bindparam("kind"), t.c.ref == bindparam("ref"))
    .with_for_update()
)
_WAKE_AT = Statement("UPDATE timeline SET wake = :wake WHERE tenant = :tenant AND kind = :kind AND ref = :ref")
_OF_REF = Statement(
    select(t.c.due).where(t.c.tenant == bindparam("tenant"), t.c.kind == bindparam("kind"), t.c.ref == bindparam("ref"))
)


def schedule(db: Connection, tenant: int, plans: Sequence[Plan]) -> None:
    """Put things on the tenant's timeline."""
    if not plans:
        return
    clock = _clock(db, tenant)
    rows = [_row(tenant, plan, clock) for plan in plans]
    unit_of_work.insert_rows(db, _ADD, [(object(), row) for row in rows])
    wakes = [row[2] for row in rows if row[2] is not None]
    if wakes:
        announce_wake(db, min(wakes))


def _row(tenant: int, plan: Plan, clock: Clock) -> tuple[Any, ...]:
    data = _spelled(plan.data) if plan.data else ""
    return tenant, to_micros(plan.due), _wake(clock, plan.due), plan.kind, plan.ref, plan.lane, data


def _spelled(data: Mapping[str, Any]) -> str:
    status = data.get("status")
    return json.dumps(data) if status is None or len(data) > 1 else _report(status)


@cache
def _report(status: str) -> str:
    """The data of reports, of which there are as many as recipients, and few kinds."""
    return json.dumps({"status": status})


@lru_cache(256)
def _read(data: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(data)
    return found


def lock_clocks(db: Connection, of: Iterable[int]) -> None:
    """Keep clocks as they are until the transaction ends; to be called before it touches rows of theirs."""
    for tenant in sorted(set(of)):
        _READ_CLOCK.one(db, tenant=tenant)


def _clock(db: Connection, tenant: int) -> Clock:
    def find() -> Clock:
        row = _READ_CLOCK.one(db, tenant=tenant)
        if row is None:
            raise GoneError(tenant)
        return build_clock(*row)

    return cached(db, ("clock", tenant), find)


def build_clock(offset: int, frozen_at: int | None, moving: int) -> Clock:
    """A clock from the columns of its tenant that keep it."""
    return Clock(offset * MICROSECOND, None if frozen_at is None else from_micros(frozen_at), bool(moving))


def _wake(clock: Clock, due: datetime) -> int | None:
    wakes = clock.real_due(due)
    return None if wakes is None else to_micros(wakes)


def _announce(db: Connection, clock: Clock, due: datetime) -> None:
    wake = _wake(clock, due)
    if wake is not None:
        announce_wake(db, wake)


def list_waking(db: Connection, real: datetime, most: int, full: Collection[str] = ()) -> list[Due]:
    """What is due in real time, earliest first, but for what is on a full lane. It stays there until it is taken."""
    if full:
        free = (
            select(*_COLUMNS)
            .where(t.c.wake <= to_micros(real), t.c.lane.not_in(full))
            .order_by(t.c.wake, t.c.id)
            .limit(most)
            .with_for_update(skip_locked=True)
        )
        return [_due(row) for row in db.execute(free)]
    return [_due(row) for row in _WAKING.all(db, until=to_micros(real), most=most)]


def list_due(db: Connection, tenant: int, until: datetime, most: int) -> list[Due]:
    """What is due by `until` on one tenant's timeline, earliest first. It stays there until it is taken."""
    return [_due(row) for row in _DUE.all(db, tenant=tenant, until=to_micros(until), most=most)]


def take(db: Connection, rows: Sequence[Due]) -> None:
    """Take things off that are about to happen, in the transaction that found them."""
    _DROP_ID.put(db, [(row.id,) for row in rows])


def _due(row: Sequence[Any]) -> Due:
    id_, tenant, due, kind, ref, lane, data = row
    return Due(id_, tenant, from_micros(due), kind, ref, lane, _read(data) if data else {})


def drop(db: Connection, tenant: int, kind: str, ref: int) -> int:
    """Take something off that shall not happen; how many rows that were."""
    return _DROP.run(db, tenant=tenant, kind=kind, ref=ref)


def reschedule(db: Connection, tenant: int, kind: str, ref: int, due: datetime) -> None:
    """Move something to another moment."""
    clock = _clock(db, tenant)
    _RETIME.run(db, tenant=tenant, kind=kind, ref=ref, due=to_micros(due), wake=_wake(clock, due))
    _announce(db, clock, due)


def lock(db: Connection, tenant: int, kind: str, ref: int) -> None:
    """Keep something from being taken by others until the transaction ends."""
    _HOLD.one(db, tenant=tenant, kind=kind, ref=ref)


def wake_at(db: Connection, tenant: int, kind: str, ref: int, real: datetime) -> None:
    """Let something be looked at no sooner than at a moment of real time, whatever the tenant's clock shows."""
    wake = to_micros(real)
    _WAKE_AT.run(db, tenant=tenant, kind=kind, ref=ref, wake=wake)
    announce_wake(db, wake)


def find_next_wake(db: Connection, full: Collection[str] = ()) -> datetime | None:
    """When, in real time, the next thing is due among all tenants whose clock runs."""
    found = db.scalar(select(func.min(t.c.wake)).where(t.c.lane.not_in(full))) if full else _NEXT_WAKE.value(db)
    return None if found is None else from_micros(found)


def find_next_due(db: Connection, tenant: int) -> datetime | None:
    """When, in the tenant's time, its next thing is due."""
    found = _NEXT_DUE.value(db, tenant=tenant)
    return None if found is None else from_micros(found)


def find_due(db: Connection, tenant: int, kind: str, ref: int) -> datetime | None:
    """When a certain thing is due; None if it is not on the timeline."""
    found = _OF_REF.value(db, tenant=tenant, kind=kind, ref=ref)
    return None if found is None else from_micros(found)


def follow_clock(db: Connection, tenant: int, clock: Clock) -> None:
    """Let everything of the tenant wake when its clock, as it is now, says so."""
    if clock.frozen_at is None:
        _FOLLOW.run(db, tenant_=tenant, offset=clock.offset // MICROSECOND)
    elif clock.moving:
        _SLEEP.run(db, tenant=tenant)
    else:
        _STAND.run(db, tenant=tenant, at=to_micros(clock.frozen_at))
    first = find_next_due(db, tenant)
    if first is not None:
        _announce(db, clock, first)
