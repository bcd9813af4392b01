"""Handsets: every number that got a message or sent one, and the texts that each shows."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Column, ColumnElement, Connection, Select, bindparam, func, literal, or_, select, union_all

from ..domain.clock import from_micros, to_micros
from .messages import CANCELLED
from .paging import Page, Paging, fetch_page
from .recipients import SELECTED, Recipient, build_recipient
from .statement import Statement
from .tables import messages as m
from .tables import optouts as o
from .tables import recipients as r
from .tables import responses as t


class SentText(Struct, frozen=True):
    """A text that a handset sent. `message` is the one it replies to, or 0."""

    id: int
    account: int
    message: int
    longcode: str
    text: str
    received_at: datetime
    is_optout: bool
    keyword: str | None


class GotText(Struct, frozen=True):
    """A text that a handset got, or will get. `status` is that of its message."""

    recipient: Recipient
    account: int
    status: str


HandsetText = GotText | SentText


_SELECT_GOT = SELECTED.add_columns(r.c.account, m.c.status)
_SELECT_SENT = select(
    t.c.id, t.c.account, t.c.message, t.c.longcode, t.c.text, t.c.received_at, t.c.is_optout, t.c.keyword, t.c.recipient
)
_GOT_BY_HANDSET = _SELECT_GOT.where(
    r.c.tenant == bindparam("tenant"), r.c.msisdn == bindparam("msisdn"), m.c.status != CANCELLED
)
_LAST_GOT = Statement(
    _GOT_BY_HANDSET.where(r.c.sent_at <= bindparam("now")).order_by(r.c.sent_at.desc(), r.c.id.desc()).limit(1)
)
_NEXT_GOT = Statement(
    _GOT_BY_HANDSET.where(r.c.sent_at > bindparam("now")).order_by(r.c.sent_at, r.c.id).limit(1)
)  # fmt: skip
_LAST_SENT = Statement(
    _SELECT_SENT.where(t.c.tenant == bindparam("tenant"), t.c.msisdn == bindparam("msisdn"))
    .order_by(t.c.received_at.desc(), t.c.id.desc())
    .limit(1)
)


_TEXTS_PER_HANDSET = (4, 64, None)
"""Number of the latest texts to read for each handset that is wanted; more if those were of too few handsets."""


def list_numbers(db: Connection, tenant: int, now: datetime, paging: Paging, parts: Collection[str] = ()) -> Page[str]:
    """Return a page of the handsets' numbers, the one with the latest text first.

    A text that is still to come counts from when it was scheduled. If `parts` of numbers are given, each number has one
    of them.
    """
    got, sent = _conditions(r.c, tenant, parts), _conditions(t.c, tenant, parts)
    answered = select(r.c.id).where(r.c.tenant == tenant, r.c.msisdn == t.c.msisdn).exists()
    numbers = select(r.c.msisdn).where(*got), select(t.c.msisdn).where(*sent, ~answered)
    # The database walks along the index by handset. For a `count(DISTINCT …)` it would sort all numbers.
    total = sum(db.scalar(select(func.count()).select_from(each.distinct().subquery())) or 0 for each in numbers)
    wanted = min(total, paging.offset + paging.size)
    page = Page[str]([], total, paging)
    for texts_per_handset in _TEXTS_PER_HANDSET:
        limit = texts_per_handset and texts_per_handset * wanted
        # Both tables have an index by time, and the latest texts are those of the handsets to show.
        texts = (
            _latest(r.c.msisdn, r.c.sent_at, [*got, r.c.sent_at <= to_micros(now)], limit),
            _latest(t.c.msisdn, t.c.received_at, sent, limit),
            _latest_scheduled([*got, r.c.sent_at > to_micros(now)], limit),
        )
        query = _among_latest(texts, limit)
        page = fetch_page(db, query, paging, _first, total)
        if paging.offset + len(page.rows) >= wanted:
            break
    return page


def _among_latest(queries: Iterable[Select[Any]], limit: int | None) -> Select[Any]:
    """Return a query for the numbers of the latest texts of these queries."""
    each = union_all(*queries).subquery()
    texts = select(each).order_by(each.c.at.desc(), each.c.msisdn).limit(limit).subquery()
    query = select(texts.c.msisdn).group_by(texts.c.msisdn)
    return query.order_by(func.max(texts.c.at).desc(), texts.c.msisdn)


def _first(row: Sequence[Any]) -> str:
    return str(row[0])


def _conditions(columns: Any, tenant: int, parts: Collection[str]) -> list[ColumnElement[bool]]:
    has_part = [or_(*(columns.msisdn.contains(part, autoescape=True) for part in parts))] if parts else []
    return [columns.tenant == tenant, *has_part]


def _latest(
    msisdn: "Column[str]", at: "Column[int]", conditions: Sequence[ColumnElement[bool]], limit: int | None
) -> Select[Any]:
    """Return a query for the latest texts: whose they are, and when they came."""
    query = select(msisdn, at.label("at")).where(*conditions).order_by(at.desc(), msisdn).limit(limit)
    return select(query.subquery())


def _latest_scheduled(conditions: Sequence[ColumnElement[bool]], limit: int | None) -> Select[Any]:
    """Return a query for the texts that were scheduled last: for whom they are, and since when."""
    at = func.coalesce(m.c.created, 0).label("at")
    of_message = (m.c.tenant == r.c.tenant) & (m.c.id == r.c.message)
    query = select(r.c.msisdn, at).select_from(r.outerjoin(m, of_message)).where(*conditions)
    return select(query.order_by(at.desc(), r.c.msisdn).limit(limit).subquery())


def list_texts(db: Connection, tenant: int, msisdn: str, paging: Paging) -> Page[HandsetText]:
    """Return a page of the texts of a handset, newest first. Scheduled messages are part of it.

    On a frozen clock all texts have one time. Then a reply is newer than the message it replies to.
    """
    parts = [_texts_of(tenant, msisdn, kind, _MAX_TEXTS).subquery() for kind in (_GOT, _SENT)]
    total = sum(db.scalar(select(func.count()).select_from(part)) or 0 for part in parts)
    end = paging.offset + paging.size
    each = union_all(*(select(_texts_of(tenant, msisdn, kind, end).subquery()) for kind in (_GOT, _SENT))).subquery()
    newest_first = (each.c.at.desc(), each.c.place.desc(), each.c.kind.desc(), each.c.id.desc())
    page = fetch_page(db, select(each.c.kind, each.c.id).order_by(*newest_first), paging, tuple, total)
    return Page(_read_texts(db, tenant, page.rows), page.total, paging)


def find_last_text(db: Connection, tenant: int, now: datetime, msisdn: str) -> HandsetText | None:
    """Return the newest text of a handset. If it has none so far, return the next one."""
    micros = to_micros(now)
    got = _LAST_GOT.one(db, tenant=tenant, msisdn=msisdn, now=micros)
    sent = _LAST_SENT.one(db, tenant=tenant, msisdn=msisdn)
    if got is None and sent is None:
        coming = _NEXT_GOT.one(db, tenant=tenant, msisdn=msisdn, now=micros)
        return None if coming is None else _build_got(coming)
    if got is None:
        return None if sent is None else _build_sent(sent)
    if sent is None:
        return _build_got(got)
    text, reply, answered = _build_got(got), _build_sent(sent), sent[-1] or 0
    is_reply_newer = (reply.received_at, answered, 1) > (text.recipient.sent_at, text.recipient.id, 0)
    return reply if is_reply_newer else text


_GOT, _SENT = 0, 1

_MAX_TEXTS = 1_000_000
"""Texts of a handset that are counted at most."""


def _texts_of(tenant: int, msisdn: str, kind: int, limit: int) -> Select[Any]:
    """Return a query for the newest texts of one kind.

    Without order and limit, SQLite would read all rows of the tenant instead of those that the index has.
    """
    if kind == _SENT:
        place = func.coalesce(t.c.recipient, 0).label("place")
        query = select(literal(_SENT).label("kind"), t.c.id, t.c.received_at.label("at"), place)
        query = query.where(t.c.tenant == tenant, t.c.msisdn == msisdn)
        return query.order_by(t.c.received_at.desc(), place.desc(), t.c.id.desc()).limit(limit)
    status = select(m.c.status).where(m.c.tenant == r.c.tenant, m.c.id == r.c.message).scalar_subquery()
    query = select(literal(_GOT).label("kind"), r.c.id, r.c.sent_at.label("at"), r.c.id.label("place"))
    query = query.where(r.c.tenant == tenant, r.c.msisdn == msisdn, status != CANCELLED)
    return query.order_by(r.c.sent_at.desc(), r.c.id.desc()).limit(limit)


def _read_texts(db: Connection, tenant: int, rows: Sequence[tuple[Any, ...]]) -> list[HandsetText]:
    """Return the texts with these kinds and ids, in the same order."""
    got, sent = ([id_ for kind, id_ in rows if kind == wanted] for wanted in (_GOT, _SENT))
    texts: dict[tuple[int, int], HandsetText] = {}
    if got:
        for row in db.execute(_SELECT_GOT.where(r.c.tenant == tenant, r.c.id.in_(got))):
            texts[_GOT, row[0]] = _build_got(row)
    if sent:
        for row in db.execute(_SELECT_SENT.where(t.c.tenant == tenant, t.c.id.in_(sent))):
            texts[_SENT, row[0]] = _build_sent(row)
    return [texts[kind, id_] for kind, id_ in rows]


def _build_got(row: Sequence[Any]) -> GotText:
    *recipient, account, status = row
    return GotText(build_recipient(recipient), account, status)


def _build_sent(row: Sequence[Any]) -> SentText:
    id_, account, message, longcode, text, at, is_optout, keyword, _ = row
    return SentText(id_, account, message, longcode, text, from_micros(at), bool(is_optout), keyword)


def find_opt_outs(db: Connection, tenant: int, numbers: Collection[str]) -> dict[str, list[int]]:
    """Return the accounts that each handset opted out of. Handsets that opted out of none are left out."""
    query = select(o.c.msisdn, o.c.account).where(o.c.tenant == tenant, o.c.msisdn.in_(numbers)).order_by(o.c.account)
    accounts: dict[str, list[int]] = {}
    for msisdn, account in db.execute(query):
        accounts.setdefault(msisdn, []).append(account)
    return accounts
