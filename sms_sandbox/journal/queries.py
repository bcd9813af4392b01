"""Queries of the traffic: calls, callback attempts, messages from handsets, and delivery reports.

A tenant has no more entries than a limit, so filters need no index but the key.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, or_, select

from ..domain.clock import from_micros, to_micros
from ..store.paging import Page, Paging, fetch_page
from ..store.real_time import real_now
from ..store.statement import Statement
from ..store.tables import journals as j
from ..store.tables import tenants
from ..store.tables import traffic as t
from ..store.tenants import IS_THERE
from ..store.text import contains
from ..store.unit_of_work import invalidate
from .entries import MAX_VALUE_CHARS, delete_up_to, encode_json, shorten

_GOOD_CODES = ("SUCCESS", "ok", "received", "pending", "delivered")
"""The results of entries that did not fail, of any kind."""


class Entry(NamedTuple):
    """A traffic entry. `cut` is True if something of it was too long to be kept whole."""

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


class Bounds(NamedTuple):
    """Ids of the first entry, the last one ever, and the last one cleared. None and 0 are none.

    `began` differs after a reset, when ids are counted from 1 again.
    """

    first: int | None
    last: int
    cleared: int
    began: int


class End(NamedTuple):
    """A tenant, its name, and the id of its newest entry; 0 if it never had one.

    `began` differs after a reset, when ids are counted from 1 again.
    """

    tenant: int
    name: str
    last: int
    began: int


class EntryFilter(NamedTuple):
    """Conditions on entries; None is no condition. `numbers` are forms of one number, and `params` whole values.

    `text` and `rule` are substrings, case-insensitive. `after` and `message` are ids.
    """

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
    message: int | None = None
    failed: bool | None = None


_CLEAR = Statement("UPDATE journals SET since = :since, cleared = :cleared WHERE tenant = :tenant_")
_OF_TENANT = j.c.tenant == bindparam("tenant")
_BOUNDS = Statement(
    select(
        func.min(t.c.id), func.max(t.c.id),
        *(select(column).where(_OF_TENANT).scalar_subquery() for column in (j.c.cleared, j.c.began)),
    ).where(t.c.tenant == bindparam("tenant"))
)  # fmt: skip
_ENDS = Statement(
    select(
        tenants.c.id,
        tenants.c.name,
        func.coalesce(
            select(func.max(t.c.id)).where(t.c.tenant == tenants.c.id).scalar_subquery(),
            select(j.c.cleared).where(j.c.tenant == tenants.c.id).scalar_subquery(),
            0,
        ),
        func.coalesce(select(j.c.began).where(j.c.tenant == tenants.c.id).scalar_subquery(), 0),
    )
    .where(IS_THERE)
    .order_by(tenants.c.id)
)
_COLUMNS = [column for column in t.c if column.name != "tenant"]


def list_page(db: Connection, tenant: int, where: EntryFilter, paging: Paging) -> Page[Entry]:
    """Return a page of entries, newest first."""
    query: Select[Any] = select(*_COLUMNS).where(*_conditions(db, tenant, where))
    return fetch_page(db, query, paging, _build_entry, order=(t.c.id.desc(),))


def count(db: Connection, tenant: int, where: EntryFilter) -> int:
    """Return the number of entries."""
    return db.scalar(select(func.count()).where(*_conditions(db, tenant, where))) or 0


def read(db: Connection, tenant: int, id_: int) -> Entry | None:
    """Return the entry with an id."""
    row = db.execute(select(*_COLUMNS).where(t.c.tenant == tenant, t.c.id == id_)).first()
    return None if row is None else _build_entry(row)


def list_next(db: Connection, tenant: int, where: EntryFilter, limit: int) -> list[Entry]:
    """Return the next entries after `where.after`, oldest first."""
    query = select(*_COLUMNS).where(*_conditions(db, tenant, where)).order_by(t.c.id).limit(limit)
    return [_build_entry(row) for row in db.execute(query)]


def list_new(db: Connection, tenant: int, after: int, last: int, most: int) -> tuple[list[Entry], int, bool]:
    """Return the next entries, the position after them, and True if there are no more.

    `last` is the id of the newest entry a moment ago. On a shared database there may be newer ones by now.
    """
    entries = list_next(db, tenant, EntryFilter(after=after), most)
    is_last = len(entries) < most
    return entries, max(last if is_last else 0, entries[-1].id if entries else 0), is_last


def find_bounds(db: Connection, tenant: int) -> Bounds:
    """Return where a tenant's traffic begins and ends."""
    first, newest, cleared, began = _BOUNDS.one(db, tenant=tenant) or (None, None, None, None)
    return Bounds(first, newest or cleared or 0, cleared or 0, began or 0)


def list_ends(db: Connection) -> list[End]:
    """Return where the traffic of each tenant ends."""
    return [End(*row) for row in _ENDS.all(db)]


def count_dropped(db: Connection, tenant: int) -> int:
    """Return how many entries were dropped or lost since the traffic was last cleared."""
    bounds = find_bounds(db, tenant)
    return bounds.last - bounds.cleared - count(db, tenant, EntryFilter())


def clear(db: Connection, tenant: int) -> int:
    """Delete all entries, and return how many there were. The ids of later entries continue."""
    bounds = find_bounds(db, tenant)
    if bounds.first is None:
        return 0
    invalidate(db, tenant)
    _CLEAR.run(db, tenant_=tenant, since=to_micros(real_now()), cleared=bounds.last)
    return delete_up_to(db, tenant, bounds.last)


def clear_some(db: Connection, tenant: int, rows: int) -> int:
    """Delete the oldest entries, and return how many. None are deleted if there are no more than `rows`."""
    bounds = find_bounds(db, tenant)
    if bounds.first is None or bounds.last - bounds.first < rows:
        return 0
    last = bounds.first + rows - 1
    invalidate(db, tenant)
    _CLEAR.run(db, tenant_=tenant, since=to_micros(real_now()), cleared=last)
    return delete_up_to(db, tenant, last)


def _conditions(db: Connection, tenant: int, where: EntryFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [t.c.tenant == tenant]
    if where.after:
        conditions.append(t.c.id > where.after)
    conditions += [
        column == value
        for column, value in (
            (t.c.kind, where.kind), (t.c.method, where.method), (t.c.code, where.code), (t.c.message, where.message),
        )
        if value is not None
    ]  # fmt: skip
    if where.failed is not None:
        conditions.append(t.c.code.not_in(_GOOD_CODES) if where.failed else t.c.code.in_(_GOOD_CODES))
    if where.numbers:
        conditions.append(or_(*(t.c.numbers.contains(f" {number} ", autoescape=True) for number in where.numbers)))
    if where.text:
        conditions.append(contains(db, t.c.text, where.text))
    if where.rule:
        conditions.append(contains(db, t.c.rule, where.rule))
    conditions += time_conditions(t.c.at, where)
    position = func.instr if db.dialect.name == "sqlite" else func.strpos
    for name, value in where.params.items():
        # No value can look like this pair, because its quotes would be escaped.
        pair = encode_json({name: shorten(value, MAX_VALUE_CHARS)})[1:-1]
        conditions.append(position(t.c.request, pair) > 0)
    return conditions


def time_conditions(column: ColumnElement[int], where: EntryFilter) -> list[ColumnElement[bool]]:
    """Return the conditions of `since` and `until` on a column of times."""
    since = [] if where.since is None else [column >= to_micros(where.since)]
    return since if where.until is None else [*since, column <= to_micros(where.until)]


def _build_entry(row: Sequence[Any]) -> Entry:
    (id_, at, kind, account, method, numbers, code, status, rule, took, message, verb, url, text, request, reply,
     error, hints, cut) = row  # fmt: skip
    return Entry(
        id_, from_micros(at), kind, account, method, numbers.split(), code, status, rule, took, message, verb, url,
        text, json.loads(request), reply, error, json.loads(hints) if hints else (), bool(cut),
    )  # fmt: skip
