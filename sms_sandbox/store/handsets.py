"""Handsets: every number that got a message or sent one, and the texts that each shows."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Select, and_, bindparam, func, literal, or_, select, union_all

from ..domain.clock import from_micros
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
_LAST_GOT = Statement(
    _SELECT_GOT.where(
        r.c.tenant == bindparam("tenant"), r.c.msisdn == bindparam("msisdn"), m.c.status != CANCELLED
    )
    .order_by(r.c.sent_at.desc(), r.c.id.desc())
    .limit(1)
)  # fmt: skip
_LAST_SENT = Statement(
    _SELECT_SENT.where(t.c.tenant == bindparam("tenant"), t.c.msisdn == bindparam("msisdn"))
    .order_by(t.c.received_at.desc(), t.c.id.desc())
    .limit(1)
)


def list_numbers(db: Connection, tenant: int, paging: Paging, parts: Collection[str] = ()) -> Page[str]:
    """Return a page of the handsets' numbers, the one with the latest text first.

    If `parts` of numbers are given, each number has one of them.
    """
    got = select(r.c.msisdn, func.max(r.c.sent_at).label("at")).where(r.c.tenant == tenant).group_by(r.c.msisdn)
    sent = select(t.c.msisdn, func.max(t.c.received_at).label("at")).where(t.c.tenant == tenant).group_by(t.c.msisdn)
    if parts:
        got = got.where(or_(*(r.c.msisdn.contains(part, autoescape=True) for part in parts)))
        sent = sent.where(or_(*(t.c.msisdn.contains(part, autoescape=True) for part in parts)))
    each = union_all(got, sent).subquery()
    query = (
        select(each.c.msisdn).group_by(each.c.msisdn).order_by(func.max(each.c.at).desc(), each.c.msisdn)
    )  # fmt: skip
    return fetch_page(db, query, paging, lambda row: str(row[0]))


def list_texts(db: Connection, tenant: int, msisdn: str, paging: Paging) -> Page[HandsetText]:
    """Return a page of the texts of a handset, newest first. Scheduled messages are part of it.

    On a frozen clock all texts have one time. Then a reply is newer than the message it replies to.
    """
    page = fetch_page(db, _texts_of(tenant, msisdn), paging, tuple)
    return Page(_read_texts(db, tenant, page.rows), page.total, paging)


def find_last_text(db: Connection, tenant: int, msisdn: str) -> HandsetText | None:
    """Return the newest text of a handset."""
    got = _LAST_GOT.one(db, tenant=tenant, msisdn=msisdn)
    sent = _LAST_SENT.one(db, tenant=tenant, msisdn=msisdn)
    if got is None:
        return None if sent is None else _build_sent(sent)
    if sent is None:
        return _build_got(got)
    text, reply, answered = _build_got(got), _build_sent(sent), sent[-1] or 0
    is_reply_newer = (reply.received_at, answered, 1) > (text.recipient.sent_at, text.recipient.id, 0)
    return reply if is_reply_newer else text


_GOT, _SENT = 0, 1


def _texts_of(tenant: int, msisdn: str) -> Select[Any]:
    """Return a query for the kind and id of each text, newest first."""
    got = (
        select(literal(_GOT).label("kind"), r.c.id, r.c.sent_at.label("at"), r.c.id.label("place"))
        .join_from(r, m, and_(m.c.tenant == r.c.tenant, m.c.id == r.c.message))
        .where(r.c.tenant == tenant, r.c.msisdn == msisdn, m.c.status != CANCELLED)
    )
    sent = select(
        literal(_SENT).label("kind"),
        t.c.id,
        t.c.received_at.label("at"),
        func.coalesce(t.c.recipient, 0).label("place"),
    ).where(t.c.tenant == tenant, t.c.msisdn == msisdn)
    each = union_all(got, sent).subquery()
    newest_first = (each.c.at.desc(), each.c.place.desc(), each.c.kind.desc(), each.c.id.desc())
    return select(each.c.kind, each.c.id).order_by(*newest_first)


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
