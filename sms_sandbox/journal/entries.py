"""What the journal notes, and how it is written down."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, select

from ..domain.clock import real_now, to_micros
from ..store import ids
from ..store.statement import Statement
from ..store.tables import journals as j
from ..store.tables import tenants
from ..store.tables import traffic as t
from ..store.text import storable, without_surrogates
from ..store.timeline import clock_of
from ..store.unit_of_work import PendingEntry

CALL, CALLBACK, INBOUND, REPORT = "call", "callback", "inbound", "report"

LONGEST_VALUE = 8_000
"""Characters kept of one value of a request: a `to` of 500 numbers has less."""

LONGEST_REQUEST = 32_000
"""Characters kept of all of a request's values."""

LONGEST_REPLY = 16_000
"""Characters kept of a reply."""

LONGEST_METHOD = 100

MOST_NUMBERS = 500

PLAIN = 300
"""What an entry without long texts weighs, in bytes."""

CUT = "…"
"""Stands where a value was shortened."""


class NewEntry(NamedTuple):
    """Something to note, as the table's columns stand: times in microseconds, values of several as JSON, all of it cut
    to what is kept. Without a tenant it is the default one's, and without a time it is of when it was noted."""

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


NO_VALUES: Mapping[str, str] = {}


def made(
    tenant: int | None, at: datetime | None, kind: str, *, account: int = 0, method: str = "",
    numbers: Sequence[str] = (), code: str = "", status: int | None = None, rule: str = "", took: int | None = None,
    message: int = 0, verb: str = "", url: str = "", text: str = "", request: Mapping[str, str] = NO_VALUES,
    reply: str = "", error: str = "", hints: Sequence[str] = (),
) -> NewEntry:  # fmt: skip
    """An entry of what may be anything. `numbers` are all that took part, as digits, the most telling one first; `took`
    is microseconds; `reply` is JSON, or any other text."""
    kept, cut = _kept(request)
    return NewEntry(
        tenant, None if at is None else to_micros(at), kind, account, storable(shortened(method, LONGEST_METHOD)),
        spaced(numbers), code, status, storable(rule), took, message, verb, storable(shortened(url, LONGEST_VALUE)),
        storable(shortened(text, LONGEST_VALUE)), kept, storable(shortened(reply, LONGEST_REPLY)),
        storable(shortened(error, LONGEST_VALUE)), encode(hints) if hints else "",
        int(cut or len(reply) > LONGEST_REPLY),
    )  # fmt: skip


def spaced(numbers: Sequence[str]) -> str:
    """Numbers as filters find them, each between blanks."""
    return f" {' '.join(numbers[:MOST_NUMBERS])} " if numbers else ""


def note_of(new: NewEntry) -> PendingEntry:
    """A note of an entry that is made already."""
    return PendingEntry(new.tenant, PLAIN + len(new.text), _itself, (new,))


def _itself(new: NewEntry) -> NewEntry:
    return new


# Read under a lock shared with others, so that a tenant is not deleted or emptied while its entries are written.
_WORLD = Statement(
    select(j.c.since, tenants.c.clock_offset, tenants.c.frozen_at, tenants.c.moving)
    .join_from(tenants, j, j.c.tenant == tenants.c.id)
    .where(tenants.c.id == bindparam("tenant"))
    .with_for_update(read=True, of=tenants)
)
_BEGIN = Statement(insert(j))
_ADD = Statement(insert(t))
DROP = Statement(delete(t).where(t.c.tenant == bindparam("tenant_"), t.c.id <= bindparam("last")))


def begin(db: Connection, tenant: int) -> None:
    """Begin a fresh tenant's journal; what was noted before this moment is not of it."""
    _BEGIN.run(db, tenant=tenant, since=to_micros(real_now()), cleared=0)


def add(db: Connection, tenant: int, new: Sequence[tuple[int, NewEntry]], most: int, left_out: int = 0) -> None:
    """Write entries down, each with the real moment it was noted at in microseconds, and drop the oldest beyond `most`.
    So many as were `left_out` before them are dropped already.

    What was noted before the tenant was emptied, or of one that is gone, is not written.
    """
    world = _WORLD.one(db, tenant=tenant)
    if world is None:
        return
    since, *columns = world
    fresh = [(noted_at, entry) for noted_at, entry in new if noted_at >= since]
    if not fresh and not left_out:
        return
    clock = clock_of(*columns)
    count = left_out + len(fresh)
    last = ids.take(db, tenant, "traffic", count) + count - 1
    kept = fresh[-most:]
    rows = [
        (tenant, number, clock.micros(noted_at) if entry.at is None else entry.at, *entry[2:])
        for number, (noted_at, entry) in enumerate(kept, last - len(kept) + 1)
    ]
    _ADD.put(db, rows)
    if last > most:
        DROP.run(db, tenant_=tenant, last=last - most)


def encode(what: Mapping[str, str] | Sequence[str]) -> str:
    """Texts as JSON that both databases can keep, without blanks between."""
    try:
        return _encoder()(what).decode()
    except UnicodeEncodeError:  # bytes that were not UTF-8
        return without_surrogates(json.dumps(what, ensure_ascii=False, separators=(",", ":")))


@cache
def _encoder() -> Callable[[Any], bytes]:
    from msgspec.json import encode  # here, since the first reply needs it not, and ten times as fast as json's

    return encode


def shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + CUT


def _kept(request: Mapping[str, str]) -> tuple[str, bool]:
    """A request as JSON, cut to what is kept; whether anything is missing."""
    cut = False
    if sum(map(len, request.values())) + sum(map(len, request)) > LONGEST_VALUE:
        left, whole = LONGEST_REQUEST, request
        request = {}
        for name, value in whole.items():
            left -= len(name) + min(len(value), LONGEST_VALUE)
            if left < 0:
                break
            request[name] = shortened(value, LONGEST_VALUE)
        cut = request != whole
    return encode(request), cut
