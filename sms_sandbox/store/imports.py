"""Imports of files into lists: their progress, their holder, and the members they write.

One process at a time runs an import. It holds the import for a limited time, and renews that time while it runs. If
it dies, another process continues after the last row that was committed.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import Connection, bindparam, insert, select, update

from ..domain.bulk import Counts, KnownMember, MemberValues
from ..domain.clock import from_micros, to_micros
from . import contacts, held_events, ids, timeline
from .contacts import ACTIVE
from .statement import Statement
from .tables import imports as t
from .tables import members as c
from .timeline import IMPORT, Plan

IN_PROGRESS = "in progress"
COMPLETED = "completed"
FAILED = "failed"


class NewImport(Struct, frozen=True):
    """An import to add. `fields` are the columns to read, by slot; `made_list`: its list is new."""

    account: int
    list_id: int
    made_list: bool
    url: str
    country: str | None
    fields: Mapping[str, str]


class Import(Struct, frozen=True):
    """A stored import. `importlength` is the number of rows of the file, or 0 while it is unknown.

    `error` says why it failed. Until `held_until`, in real time, its holder may be running it.
    """

    id: int
    asked: NewImport
    status: str
    error: str
    importlength: int
    counts: Counts
    held_until: datetime


class Held(Struct, frozen=True):
    """An import with the process that runs it. `holder` is unique."""

    tenant: int
    holder: str
    id: int
    asked: NewImport
    done: int
    """The number of rows that an earlier holder finished."""


_COUNTS = (t.c.completed, t.c.duplicates, t.c.skipped, t.c.optout, t.c.imported)
_ASKED = (t.c.account, t.c.list_id, t.c.made_list, t.c.url, t.c.country, t.c.fields)
_COLUMNS = (t.c.id, t.c.status, t.c.error, t.c.importlength, t.c.held_until, *_ASKED, *_COUNTS)
_ONE = (t.c.tenant == bindparam("tenant_"), t.c.id == bindparam("job"))
_MINE = (*_ONE, t.c.holder == bindparam("by"), t.c.status == IN_PROGRESS)

_ADD = Statement(insert(t))
_LAST = Statement(
    select(*_COLUMNS)
    .where(t.c.tenant == bindparam("tenant"), t.c.list_id == bindparam("list"))
    .order_by(t.c.id.desc())
    .limit(1)
)
_READ = Statement(select(*_COLUMNS).where(*_ONE).with_for_update())
_UNDER_WAY = Statement(select(t.c.tenant, t.c.id).where(t.c.status == IN_PROGRESS))
_ACQUIRE = Statement(update(t).where(*_ONE).values(holder=bindparam("holder_"), held_until=bindparam("until")))
_EXTEND = Statement(update(t).where(*_MINE).values(held_until=bindparam("until")))
_IS_MINE = Statement(select(t.c.id).where(*_MINE).with_for_update())
_SET_LENGTH = Statement(update(t).where(*_ONE).values(importlength=bindparam("rows")))
_COUNT = Statement(
    update(t).where(*_ONE).values({column: column + bindparam(f"more_{column.name}") for column in _COUNTS})
)
_END = Statement(update(t).where(*_ONE).values(status=bindparam("how"), error=bindparam("why")))

_INSERT = Statement(
    "INSERT INTO members (tenant, list_id, msisdn, first_name, last_name, fields, created, status, import_id)"
    " VALUES (:tenant, :list_id, :msisdn, :first_name, :last_name, :fields, :created, :status, :import_id)"
    " ON CONFLICT DO NOTHING",
    table=c,
)
_CHANGE = Statement(
    "UPDATE members SET first_name = :first_name, last_name = :last_name, fields = :fields, import_id = :import_id"
    " WHERE tenant = :tenant AND list_id = :list_id AND msisdn = :msisdn",
    table=c,
)


def add(db: Connection, tenant: int, new: NewImport, now: datetime) -> int:
    """Add an import, schedule it for now, and return its id."""
    job = ids.take(db, tenant, "import")
    asked = asdict(new) | {"made_list": int(new.made_list), "fields": json.dumps(dict(new.fields))}
    counts = dict.fromkeys((*vars(Counts()), "importlength", "held_until"), 0)
    _ADD.run(db, tenant=tenant, id=job, **asked, status=IN_PROGRESS, error="", holder="", **counts)
    timeline.schedule(db, tenant, [Plan(now, IMPORT, job)])
    return job


def find_last(db: Connection, tenant: int, list_id: int) -> Import | None:
    """Return the last import into a list. The list may have been removed."""
    row = _LAST.one(db, tenant=tenant, list=list_id)
    return None if row is None else _import_of(row)


def acquire(db: Connection, tenant: int, job: int, holder: str, real: datetime, until: datetime) -> Held | None:
    """Hold an import until a moment of real time. None if another process holds it, or it has ended."""
    row = _READ.one(db, tenant_=tenant, job=job)
    stored = None if row is None else _import_of(row)
    if stored is None or stored.status != IN_PROGRESS:
        timeline.drop(db, tenant, IMPORT, job)
        return None
    if stored.held_until > real:
        held_events.wake_at(db, tenant, IMPORT, job, stored.held_until)
        return None
    _ACQUIRE.run(db, tenant_=tenant, job=job, holder_=holder, until=to_micros(until))
    held_events.wake_at(db, tenant, IMPORT, job, until)
    return Held(tenant, holder, job, stored.asked, stored.counts.completed)


def extend(db: Connection, held: Held, until: datetime) -> None:
    """Hold an import until another moment of real time. A moment in the past releases it."""
    if is_held(db, held):
        _EXTEND.run(db, tenant_=held.tenant, job=held.id, by=held.holder, until=to_micros(until))
        held_events.wake_at(db, held.tenant, IMPORT, held.id, until)


def release_all(db: Connection, real: datetime) -> None:
    """Release all imports that a dead process held. Only for a store of a single process."""
    for tenant, job in _UNDER_WAY.all(db):
        _ACQUIRE.run(db, tenant_=tenant, job=job, holder_="", until=0)
        held_events.wake_at(db, tenant, IMPORT, job, real)


def is_held(db: Connection, held: Held) -> bool:
    """Lock the import until the transaction ends. False if this holder no longer has it."""
    # The clock, then the row of the timeline, then the import: every transaction locks them in this order.
    timeline.lock_clocks(db, [held.tenant])
    held_events.lock(db, held.tenant, IMPORT, held.id)
    return _IS_MINE.one(db, tenant_=held.tenant, job=held.id, by=held.holder) is not None


def set_length(db: Connection, held: Held, rows: int) -> bool:
    """Set the number of rows of the file. False if the import is no longer held."""
    still_held = is_held(db, held)
    if still_held:
        # The file may have shrunk since an earlier holder read it.
        _SET_LENGTH.run(db, tenant_=held.tenant, job=held.id, rows=max(rows, held.done))
    return still_held


def end(db: Connection, held: Held, why: str) -> bool:
    """Mark an import as completed or, with the reason `why`, as failed. False if it is no longer held."""
    if not is_held(db, held):
        return False
    timeline.drop(db, held.tenant, IMPORT, held.id)
    _END.run(db, tenant_=held.tenant, job=held.id, how=FAILED if why else COMPLETED, why=why)
    return True


# The members it writes


def find_known(db: Connection, held: Held, handsets: Collection[str]) -> dict[str, KnownMember]:
    """Return the members, current and former, among these handsets, by number."""
    if not handsets:
        return {}
    columns = (c.c.msisdn, c.c.first_name, c.c.last_name, c.c.fields, c.c.status, c.c.reason, c.c.import_id)
    query = select(*columns).where(
        c.c.tenant == held.tenant, c.c.list_id == held.asked.list_id, c.c.msisdn.in_(sorted(handsets))
    )
    members = {}
    for msisdn, first, last, fields, status, reason, written_by in db.execute(query):
        values, out = contacts.parse_fields(fields), reason == contacts.OPTED_OUT
        members[msisdn] = KnownMember(first, last, values, status == ACTIVE, out, written_by == held.id)
    return members


def add_members(db: Connection, held: Held, new: Sequence[MemberValues], now: datetime) -> int:
    """Add members that are not on the list yet, and return the number added."""
    return _INSERT.many(db, [{**_row(held, values), "created": to_micros(now), "status": ACTIVE} for values in new])


def change_members(db: Connection, held: Held, changed: Sequence[MemberValues]) -> None:
    """Change the names and fields of members."""
    _CHANGE.many(db, [_row(held, values) for values in changed])


def add_counts(db: Connection, held: Held, counts: Counts) -> None:
    """Add to the import's counts of rows."""
    more = {f"more_{name}": count for name, count in vars(counts).items()}
    _COUNT.run(db, tenant_=held.tenant, job=held.id, **more)


def _row(held: Held, values: MemberValues) -> dict[str, Any]:
    return {
        "tenant": held.tenant,
        "list_id": held.asked.list_id,
        "msisdn": values.msisdn,
        "first_name": values.first_name,
        "last_name": values.last_name,
        "fields": json.dumps(dict(values.fields)),
        "import_id": held.id,
    }


def _import_of(row: Sequence[Any]) -> Import:
    id_, status, error, importlength, held_until, account, list_id, made_list, url, country, fields, *counts = row
    asked = NewImport(account, list_id, bool(made_list), url, country, contacts.parse_fields(fields))
    return Import(id_, asked, status, error, importlength, Counts(*counts), from_micros(held_until))
