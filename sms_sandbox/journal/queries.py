"""The journal as it is read: every call, every try of a callback, every message from a handset, every report.

It holds no more than a cap of each tenant's entries, so filters need no index but its key.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, or_, select

from ..domain.clock import from_micros, real_now, to_micros
from ..store.paging import Page, Paging, fetch
from ..store.statement import Statement
from ..store.tables import journals as j
from ..store.tables import traffic as t
from .entries import DROP, LONGEST_VALUE, encode, shortened


class Entry(NamedTuple):
    """An entry as it is read; `cut` says that something of it was too long to be kept whole."""

    id: int
    at: datetime
    kind: str
    account: int
    method: str
    numbers: Sequence[str]
    code: str
    status: int | None
    rule: str
    took: int | None
    message: int
    verb: str
    url: str
    text: str
    request: Mapping[str, str]
    reply: str
    error: str
    hints: Sequence[str]
    cut: bool


class Ends(NamedTuple):
    """The first entry there is, the last there was, and the last that was cleared away; None and 0 are none."""

    first: int | None
    last: int
    cleared: int


class Wanted(NamedTuple):
    """Which entries are asked for; None asks nothing. `numbers` are forms of one number, and `params` whole values."""

    kind: str | None = None
    method: str | None = None
    numbers: Sequence[str] = ()
    code: str | None = None
    text: str | None = None
    rule: str | None = None
    after: int = 0
    since: datetime | None = None
    until: datetime | None = None
    params: Mapping[str, str] = {}


_CLEAR = Statement("UPDATE journals SET since = :since, cleared = :cleared WHERE tenant = :tenant_")
_OF_TENANT = j.c.tenant == bindparam("tenant")
_ENDS = Statement(
    select(func.min(t.c.id), func.max(t.c.id), select(j.c.cleared).where(_OF_TENANT).scalar_subquery()).where(
        t.c.tenant == bindparam("tenant")
    )
)


_COLUMNS = [column for column in t.c if column.name != "tenant"]


def page(db: Connection, tenant: int, wanted: Wanted, paging: Paging) -> Page[Entry]:
    """Entries, newest first."""
    query: Select[Any] = select(*_COLUMNS).where(*_conditions(db, tenant, wanted))
    return fetch(db, query.order_by(t.c.id.desc()), paging, _entry_of)


def count(db: Connection, tenant: int, wanted: Wanted) -> int:
    return db.scalar(select(func.count()).where(*_conditions(db, tenant, wanted))) or 0


def read(db: Connection, tenant: int, number: int) -> Entry | None:
    row = db.execute(select(*_COLUMNS).where(t.c.tenant == tenant, t.c.id == number)).first()
    return None if row is None else _entry_of(row)


def following(db: Connection, tenant: int, wanted: Wanted, most: int) -> list[Entry]:
    """The next entries behind `after`, oldest first."""
    query = select(*_COLUMNS).where(*_conditions(db, tenant, wanted)).order_by(t.c.id).limit(most)
    return [_entry_of(row) for row in db.execute(query)]


def ends(db: Connection, tenant: int) -> Ends:
    """Where a tenant's journal begins and ends."""
    first, newest, cleared = _ENDS.one(db, tenant=tenant) or (None, None, None)
    return Ends(first, newest or cleared or 0, cleared or 0)


def last(db: Connection, tenant: int) -> int:
    """The number of the newest entry there was; 0 before the first."""
    return ends(db, tenant).last


def dropped(db: Connection, tenant: int) -> int:
    """How many entries were dropped for newer ones, or lost, since the journal was last cleared."""
    found = ends(db, tenant)
    return found.last - found.cleared - count(db, tenant, Wanted())


def _conditions(db: Connection, tenant: int, wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [t.c.tenant == tenant]
    if wanted.after:
        found.append(t.c.id > wanted.after)
    found += [
        column == value
        for column, value in ((t.c.kind, wanted.kind), (t.c.method, wanted.method), (t.c.code, wanted.code))
        if value is not None
    ]
    if wanted.numbers:
        found.append(or_(*(t.c.numbers.contains(f" {number} ", autoescape=True) for number in wanted.numbers)))
    if wanted.text:
        found.append(t.c.text.icontains(wanted.text, autoescape=True))
    if wanted.rule:
        found.append(t.c.rule.icontains(wanted.rule, autoescape=True))
    found += between(t.c.at, wanted)
    position = func.instr if db.dialect.name == "sqlite" else func.strpos
    for name, value in wanted.params.items():
        # No value can look like this, for quotes in it are escaped.
        pair = encode({name: shortened(value, LONGEST_VALUE)})[1:-1]
        found.append(position(t.c.request, pair) > 0)
    return found


def between(column: ColumnElement[int], wanted: Wanted) -> list[ColumnElement[bool]]:
    since = [] if wanted.since is None else [column >= to_micros(wanted.since)]
    return since if wanted.until is None else [*since, column <= to_micros(wanted.until)]


def _entry_of(row: Sequence[Any]) -> Entry:
    (number, at, kind, account, method, numbers, code, status, rule, took, message, verb, url, text, request, reply,
     error, hints, cut) = row  # fmt: skip
    return Entry(
        number, from_micros(at), kind, account, method, numbers.split(), code, status, rule, took, message, verb, url,
        text, json.loads(request), reply, error, json.loads(hints) if hints else (), bool(cut),
    )  # fmt: skip


def clear(db: Connection, tenant: int) -> int:
    """Delete all entries; how many there were. Later ones are numbered on."""
    found = ends(db, tenant)
    if found.first is None:
        return 0
    _CLEAR.run(db, tenant_=tenant, since=to_micros(real_now()), cleared=found.last)
    return DROP.run(db, tenant_=tenant, last=found.last)
