"""Imports of files into lists: how far each is, who carries it out, and the rows it writes.

An import is carried out by one process at a time: it holds the import for a while, and says again and again that it
still does. If it dies another holder goes on behind the last row that was written down.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from ..domain.bulk import Counts, KnownMember, MemberValues
from ..domain.clock import from_micros, to_micros
from . import contacts, ids, timeline
from .contacts import ACTIVE
from .statement import Statement
from .tables import imports as t
from .tables import members as c
from .timeline import IMPORT, Plan

IN_PROGRESS = "in progress"
COMPLETED = "completed"
FAILED = "failed"


@dataclass(frozen=True)
class NewImport:
    """What is asked for: `fields` is the columns to take, by slot, and `made_list` that the list was made for it."""

    account: int
    list_id: int
    made_list: bool
    url: str
    country: str | None
    fields: Mapping[str, str]


@dataclass(frozen=True)
class Import:
    """An import; `importlength` is the rows of the file, and 0 as long as it is not known. `error` says why it failed,
    `held_until` how long somebody carries it out for certain."""

    id: int
    asked: NewImport
    status: str
    error: str
    importlength: int
    counts: Counts
    held_until: datetime


@dataclass(frozen=True)
class Held:
    """An import that `holder`, a word no other has, carries out."""

    tenant: int
    holder: str
    id: int
    asked: NewImport
    done: int
    """Rows that were written before."""


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
_TAKE = Statement(update(t).where(*_ONE).values(holder=bindparam("holder_"), held_until=bindparam("until")))
_KEEP = Statement(update(t).where(*_MINE).values(held_until=bindparam("until")))
_IS_MINE = Statement(select(t.c.id).where(*_MINE).with_for_update())
_SET_LENGTH = Statement(update(t).where(*_ONE).values(importlength=bindparam("rows")))
_COUNT = Statement(update(t).where(*_ONE).values({each: each + bindparam(f"more_{each.name}") for each in _COUNTS}))
_END = Statement(update(t).where(*_ONE).values(status=bindparam("how"), error=bindparam("why")))

_INSERT = Statement(
    "INSERT INTO members (tenant, list_id, msisdn, first_name, last_name, fields, created, status, import_id)"
    " VALUES (:tenant, :list_id, :msisdn, :first_name, :last_name, :fields, :created, :status, :import_id)"
    " ON CONFLICT DO NOTHING"
)
_CHANGE = Statement(
    "UPDATE members SET first_name = :first_name, last_name = :last_name, fields = :fields, import_id = :import_id"
    " WHERE tenant = :tenant AND list_id = :list_id AND msisdn = :msisdn"
)


def add(db: Connection, tenant: int, new: NewImport, now: datetime) -> int:
    """Write an import down and let it begin; its id."""
    made = ids.take(db, tenant, "import")
    asked = asdict(new) | {"made_list": int(new.made_list), "fields": json.dumps(dict(new.fields))}
    counts = dict.fromkeys((*asdict(Counts()), "importlength", "held_until"), 0)
    _ADD.run(db, tenant=tenant, id=made, **asked, status=IN_PROGRESS, error="", holder="", **counts)
    timeline.schedule(db, tenant, [Plan(now, IMPORT, made)])
    return made


def find_last(db: Connection, tenant: int, list_id: int) -> Import | None:
    """The last import into a list, which may be gone by now."""
    row = _LAST.one(db, tenant=tenant, list=list_id)
    return None if row is None else _import_of(row)


def acquire(db: Connection, tenant: int, job: int, holder: str, real: datetime, until: datetime) -> Held | None:
    """Hold an import until a moment of real time; None if somebody else does, or there is nothing left to do."""
    row = _READ.one(db, tenant_=tenant, job=job)
    found = None if row is None else _import_of(row)
    if found is None or found.status != IN_PROGRESS:
        timeline.drop(db, tenant, IMPORT, job)
        return None
    if found.held_until > real:
        timeline.wake_at(db, tenant, IMPORT, job, found.held_until)
        return None
    _TAKE.run(db, tenant_=tenant, job=job, holder_=holder, until=to_micros(until))
    timeline.wake_at(db, tenant, IMPORT, job, until)
    return Held(tenant, holder, job, found.asked, found.counts.completed)


def extend(db: Connection, held: Held, until: datetime) -> None:
    """Go on holding an import; until a moment that has passed is to let go of it."""
    if is_held(db, held):
        _KEEP.run(db, tenant_=held.tenant, job=held.id, by=held.holder, until=to_micros(until))
        timeline.wake_at(db, held.tenant, IMPORT, held.id, until)


def release_all(db: Connection, real: datetime) -> None:
    """Let go of what a process held when it died, where no other process can hold any."""
    for tenant, job in _UNDER_WAY.all(db):
        _TAKE.run(db, tenant_=tenant, job=job, holder_="", until=0)
        timeline.wake_at(db, tenant, IMPORT, job, real)


def is_held(db: Connection, held: Held) -> bool:
    """Whether the import is still this holder's, which it then is until the transaction ends."""
    # The clock first, then the row of the timeline, then the import: in the order of all who lock several.
    timeline.lock_clocks(db, [held.tenant])
    timeline.lock(db, held.tenant, IMPORT, held.id)
    return _IS_MINE.one(db, tenant_=held.tenant, job=held.id, by=held.holder) is not None


def set_length(db: Connection, held: Held, rows: int) -> bool:
    """Note how many rows there are; whether the import is still this holder's."""
    held_still = is_held(db, held)
    if held_still:
        # A file that shrank between two tries has had more rows.
        _SET_LENGTH.run(db, tenant_=held.tenant, job=held.id, rows=max(rows, held.done))
    return held_still


def end(db: Connection, held: Held, why: str) -> bool:
    """Mark an import as completed or, with the reason `why`, as failed. Returns False if it is no longer held."""
    if not is_held(db, held):
        return False
    timeline.drop(db, held.tenant, IMPORT, held.id)
    _END.run(db, tenant_=held.tenant, job=held.id, how=FAILED if why else COMPLETED, why=why)
    return True


# The members it writes


def find_known(db: Connection, held: Held, among: Collection[str]) -> dict[str, KnownMember]:
    """Which of these handsets are on the list, or were."""
    if not among:
        return {}
    columns = (c.c.msisdn, c.c.first_name, c.c.last_name, c.c.fields, c.c.status, c.c.reason, c.c.import_id)
    query = select(*columns).where(
        c.c.tenant == held.tenant, c.c.list_id == held.asked.list_id, c.c.msisdn.in_(sorted(among))
    )
    found = {}
    for msisdn, first, last, fields, status, reason, written_by in db.execute(query):
        values, out = contacts.parse_fields(fields), reason == contacts.OPTED_OUT
        found[msisdn] = KnownMember(first, last, values, status == ACTIVE, out, written_by == held.id)
    return found


def add_members(db: Connection, held: Held, new: Sequence[MemberValues], now: datetime) -> int:
    """Put members on the list that are not on it yet, and return how many were added."""
    return _INSERT.many(db, [{**_row(held, each), "created": to_micros(now), "status": ACTIVE} for each in new])


def change_members(db: Connection, held: Held, changed: Sequence[MemberValues]) -> None:
    """Change members of the list."""
    _CHANGE.many(db, [_row(held, each) for each in changed])


def add_counts(db: Connection, held: Held, counts: Counts) -> None:
    """Add to the import's counts of rows."""
    more = {f"more_{name}": count for name, count in asdict(counts).items()}
    _COUNT.run(db, tenant_=held.tenant, job=held.id, **more)


def _row(held: Held, each: MemberValues) -> dict[str, Any]:
    return {
        "tenant": held.tenant,
        "list_id": held.asked.list_id,
        "msisdn": each.msisdn,
        "first_name": each.first_name,
        "last_name": each.last_name,
        "fields": json.dumps(dict(each.fields)),
        "import_id": held.id,
    }


def _import_of(row: Sequence[Any]) -> Import:
    id_, status, error, importlength, held_until, account, list_id, made_list, url, country, fields, *counts = row
    asked = NewImport(account, list_id, bool(made_list), url, country, contacts.parse_fields(fields))
    return Import(id_, asked, status, error, importlength, Counts(*counts), from_micros(held_until))
