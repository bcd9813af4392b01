"""Entries of the traffic: what they hold, and how they are written."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, not_, or_, select

from ..domain.clock import Clock, to_micros
from ..store import ids
from ..store.real_time import real_now
from ..store.scopes import PendingEntry
from ..store.statement import Statement
from ..store.tables import journals as j
from ..store.tables import tenants
from ..store.tables import traffic as t
from ..store.text import storable, without_surrogates
from ..store.timeline import build_clock
from ..store.unit_of_work import cached, invalidate, write_all_later, write_later

CALL, CALLBACK, INBOUND, REPORT, FAILURE = "call", "callback", "inbound", "report", "failure"
CONTROL = "control"

MAX_VALUE_CHARS = 8_000
"""Characters kept of one value of a request. A `to` of 500 numbers has less."""

MAX_REQUEST_CHARS = 32_000
"""Characters kept of all values of a request."""

MAX_REPLY_CHARS = 16_000
"""Characters kept of a reply."""

_MAX_METHOD_CHARS = 100

_REFUSED_CODES = ("AUTH_FAILED", "AUTH_FAILED_NO_DATA")
"""Codes of calls whose credentials were refused. Everybody who knows a key can make such entries."""

MAX_REFUSED_CALLS = 100
"""Entries of such calls that are kept of a tenant, beside the others."""

_DELETIONS = 20
"""Number of deletions of old entries while a tenant's traffic is renewed once.

The search for the oldest ones is slow if there are refused calls.
"""

_FULL_DELETE_STEP = 500
"""Ids after which the oldest entries are searched for from the first id on.

PostgreSQL looks through all that was deleted there since its last vacuum, so other deletions begin near their end.
"""

MAX_NUMBERS = 500
"""Numbers kept of an entry."""

_ELLIPSIS = "…"
"""The end of a value that was shortened."""

_NO_VALUES: Mapping[str, str] = {}


class NewEntry(NamedTuple):
    """An entry to be written, as the table's columns are: times in microseconds, several values as JSON.

    All of it is shortened to what is kept. A `tenant` of None is the default tenant, and an `at` of None the moment at
    which the entry was recorded.
    """

    tenant: int | None
    at: int | None
    kind: str
    account: int
    method: str
    numbers: str
    code: str
    status: int | None
    rule: str
    took: int | None
    message: int
    verb: str
    url: str
    text: str
    request: str
    reply: str
    error: str
    hints: str
    cut: int


def build_entry(
    tenant: int | None, at: datetime | None, kind: str, *, account: int = 0, method: str = "",
    numbers: Sequence[str] = (), code: str = "", status: int | None = None, rule: str = "", took: int | None = None,
    message: int = 0, verb: str = "", url: str = "", text: str = "", request: Mapping[str, str] = _NO_VALUES,
    reply: str = "", error: str = "", hints: Sequence[str] = (),
) -> NewEntry:  # fmt: skip
    """Build an entry from values of any length.

    `numbers` are digits, the most significant number first; `took` is microseconds; `reply` is JSON, or any other text.
    """
    kept, is_cut = _encode_request(request)
    return NewEntry(
        tenant, None if at is None else to_micros(at), kind, account, storable(shorten(method, _MAX_METHOD_CHARS)),
        _join_numbers(numbers), code, status, storable(rule), took, message, verb,
        storable(shorten(url, MAX_VALUE_CHARS)), storable(shorten(text, MAX_VALUE_CHARS)), kept,
        storable(shorten(reply, MAX_REPLY_CHARS)), storable(shorten(error, MAX_VALUE_CHARS)),
        encode_json(hints) if hints else "", int(is_cut or len(reply) > MAX_REPLY_CHARS),
    )  # fmt: skip


def _join_numbers(numbers: Sequence[str]) -> str:
    """Return the numbers as filters find them, each between blanks."""
    return f" {' '.join(numbers[:MAX_NUMBERS])} " if numbers else ""


def to_pending(entry: NewEntry) -> PendingEntry:
    """Return an entry that is complete as one that is still to be made."""
    return PendingEntry(entry.tenant, to_micros(real_now()), _same, (entry,))


def _same(entry: NewEntry) -> NewEntry:
    return entry


_IS_REFUSED = or_(*(t.c.code == code for code in _REFUSED_CODES))
_TENANT = Statement(
    select(j.c.since, tenants.c.clock_offset, tenants.c.frozen_at, tenants.c.moving)
    .join_from(tenants, j, j.c.tenant == tenants.c.id)
    .where(tenants.c.id == bindparam("tenant"))
)
_BEGIN = Statement(insert(j))
_ADD = Statement(insert(t))
_NTH_REFUSED, _NTH_OTHER = (
    Statement(
        select(t.c.id)
        .where(t.c.tenant == bindparam("tenant"), condition)
        .order_by(t.c.id.desc())
        .limit(1)
        .offset(bindparam("skipped"))
    )
    for condition in (_IS_REFUSED, not_(_IS_REFUSED))
)
_DELETE_REFUSED = Statement(
    delete(t).where(t.c.tenant == bindparam("tenant_"), t.c.id <= bindparam("last"), _IS_REFUSED)
)
_DELETE = Statement(delete(t).where(t.c.tenant == bindparam("tenant_"), t.c.id <= bindparam("last")))
_DELETE_NEAR = Statement(
    delete(t).where(t.c.tenant == bindparam("tenant_"), t.c.id > bindparam("first"), t.c.id <= bindparam("last"))
)


def begin(db: Connection, tenant: int) -> None:
    """Begin the traffic of a new tenant. Entries recorded before this moment are not part of it."""
    invalidate(db, tenant)
    now = to_micros(real_now())
    _BEGIN.run(db, tenant=tenant, since=now, cleared=0, began=now)


def add(db: Connection, tenant: int, new: Sequence[tuple[int, NewEntry]], max_entries: int) -> None:
    """Add entries, and delete the oldest beyond `max_entries`.

    Each entry comes with the moment it was recorded at, in microseconds of real time. Entries that were recorded before
    the tenant's traffic was cleared, or that belong to a deleted tenant, are not added.
    """
    row = cached(db, tenant, "journal", lambda: _TENANT.one(db, tenant=tenant))
    if row is None:
        return
    since, *columns = row
    fresh = [(recorded_at, entry) for recorded_at, entry in new if recorded_at >= since]
    if not fresh:
        return
    last = ids.take(db, tenant, "traffic", len(fresh)) + len(fresh) - 1
    kept = fresh[-max_entries:]
    clock: Clock | None = None
    rows = []
    for number, (recorded_at, entry) in enumerate(kept, last - len(kept) + 1):
        at = entry.at
        if at is None:
            clock = clock or build_clock(*columns)
            at = clock.micros(recorded_at)
        rows.append((tenant, number, at, *entry[2:]))
    write_all_later(db, _ADD, rows)
    refused = sum(entry.code in _REFUSED_CODES for _, entry in kept)
    if refused:
        ids.take(db, tenant, "refused-call", refused)
    if ids.count(db, tenant, "refused-call"):
        step = max(1, max_entries // _DELETIONS)
        if last // step > (last - len(fresh)) // step:
            _delete_beyond(db, tenant, max_entries)
    elif last > max_entries:
        _delete_later(db, tenant, last - max_entries, len(fresh))


def _delete_later(db: Connection, tenant: int, last: int, added: int) -> None:
    """Delete the oldest entries up to an id, after some were added."""
    if last // _FULL_DELETE_STEP > (last - added) // _FULL_DELETE_STEP:
        write_later(db, _DELETE, tenant, (tenant, last))
    else:
        write_later(db, _DELETE_NEAR, (tenant, last), (tenant, last - added - _FULL_DELETE_STEP, last))


def _delete_beyond(db: Connection, tenant: int, max_entries: int) -> None:
    """Delete the oldest refused calls beyond their limit, and the oldest other entries beyond theirs.

    So calls with wrong credentials cannot push out the others.
    """
    oldest = _NTH_OTHER.value(db, tenant=tenant, skipped=max_entries)
    if oldest is not None:
        delete_up_to(db, tenant, oldest)
    oldest = _NTH_REFUSED.value(db, tenant=tenant, skipped=min(MAX_REFUSED_CALLS, max_entries))
    if oldest is not None:
        _DELETE_REFUSED.run(db, tenant_=tenant, last=oldest)


def delete_up_to(db: Connection, tenant: int, last: int) -> int:
    """Delete entries up to an id, and return how many were deleted."""
    return _DELETE.run(db, tenant_=tenant, last=last)


def encode_json(values: Mapping[str, str] | Sequence[str]) -> str:
    """Return texts as JSON that both databases can store, without blanks between them."""
    try:
        return _encoder()(values).decode()
    except UnicodeEncodeError:  # bytes that were not UTF-8
        return without_surrogates(json.dumps(values, ensure_ascii=False, separators=(",", ":")))


@cache
def _encoder() -> Callable[[Any], bytes]:
    from msgspec.json import encode  # imported late, as the first reply does not need it; ten times as fast as json's

    return encode


def shorten(text: str, max_chars: int) -> str:
    """Return a text of at most `max_chars` characters, with an ellipsis if some are missing."""
    return text if len(text) <= max_chars else text[: max_chars - 1] + _ELLIPSIS


def _encode_request(request: Mapping[str, str]) -> tuple[str, bool]:
    """Return a request as shortened JSON, and True if something is missing."""
    is_cut = False
    if sum(map(len, request.values())) + sum(map(len, request)) > MAX_VALUE_CHARS:
        left, whole = MAX_REQUEST_CHARS, request
        request = {}
        for name, value in whole.items():
            left -= len(name) + min(len(value), MAX_VALUE_CHARS)
            if left < 0:
                break
            request[name] = shorten(value, MAX_VALUE_CHARS)
        is_cut = request != whole
    return encode_json(request), is_cut
