"""Reports: pages over messages, recipients and responses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select

from ..domain.carrier import DELIVERED, HARD_BOUNCE, PENDING, SOFT_BOUNCE
from ..domain.clock import from_micros, to_micros
from .contacts import parse_fields
from .messages import CANCELLED, MESSAGE, SENT, Message, build_message
from .paging import Page, Paging, fetch_page
from .recipients import SELECTED, Recipient, build_recipient
from .tables import hits as h
from .tables import members as c
from .tables import messages as m
from .tables import recipients as r


@dataclass(frozen=True)
class SentTo:
    """A recipient with what a list knows of it; names are None where no list knows the handset."""

    recipient: Recipient
    first_name: str | None
    last_name: str | None
    fields: Mapping[str, str] | None


STATUSES = {
    "delivered": (DELIVERED,),
    "failed": (SOFT_BOUNCE, HARD_BOUNCE),
    "pending": (PENDING,),
}
"""The words of get-sms-sent's `delivery` and the states each means."""


def list_sent_to(
    db: Connection, tenant: int, message: Message, list_id: int, delivery: str, optouts: str, paging: Paging
) -> Page[SentTo]:
    """Whom a message went to, in the order it was sent, with the contact data of a list (0: of none)."""
    wanted = [r.c.tenant == tenant, r.c.message == message.id]
    total = _counted(message, delivery, optouts)
    if delivery in STATUSES:
        wanted.append(r.c.status.in_(STATUSES[delivery]))
    if optouts != "include":
        wanted.append(r.c.optout == int(optouts == "only"))
    # The page is cut before anything is looked up for its rows, or a late one would look up all that it skips.
    found = fetch_page(db, select(r.c.id).where(*wanted).order_by(r.c.id), paging, lambda row: int(row[0]), total)
    of_list = and_(c.c.tenant == r.c.tenant, c.c.list_id == list_id, c.c.msisdn == r.c.msisdn)
    query = (
        SELECTED.add_columns(c.c.first_name, c.c.last_name, c.c.fields)
        .outerjoin(c, of_list)
        .where(r.c.tenant == tenant, r.c.id.in_(found.rows))
        .order_by(r.c.id)
    )
    return Page([_sent_to(row) for row in db.execute(query)] if found.rows else [], found.total, paging)


def _counted(message: Message, delivery: str, optouts: str) -> int | None:
    """How many recipients fit, where the message's own counts tell it."""
    by_state = {
        "all": message.recipients,
        "delivered": message.delivered,
        "failed": message.bounced,
        "pending": None if message.status == CANCELLED else message.pending,
    }
    if optouts == "include":
        return by_state[delivery]
    if delivery != "all":
        return None
    return message.optouts if optouts == "only" else message.recipients - message.optouts


def _sent_to(row: Sequence[Any]) -> SentTo:
    *recipient, first_name, last_name, fields = row
    return SentTo(build_recipient(recipient), first_name, last_name, None if fields is None else parse_fields(fields))


def list_sent_by(
    db: Connection, tenant: int, account: int, start: datetime, end: datetime, msisdn: str | None, paging: Paging
) -> Page[Recipient]:
    """What an account sent in a span of time, newest first; called off messages are not among it."""
    query = SELECTED.where(
        r.c.tenant == tenant,
        r.c.account == account,
        r.c.sent_at >= to_micros(start),
        r.c.sent_at <= to_micros(end),
        m.c.status != CANCELLED,
    )
    total = None
    if msisdn is None:
        total = count_sent(db, tenant, account, start, end)
    else:
        query = query.where(r.c.msisdn == msisdn)
    return fetch_page(db, query.order_by(r.c.sent_at.desc(), r.c.id.desc()), paging, build_recipient, total)


def count_sent(db: Connection, tenant: int, account: int, start: datetime, end: datetime) -> int:
    """How many handsets an account sent to in a span of time; called off messages do not count."""
    within = _sent_within(tenant, account, start, end)
    return int(db.scalar(select(func.sum(m.c.recipients)).where(*within, m.c.status != CANCELLED)) or 0)


def _sent_within(tenant: int, account: int, start: datetime, end: datetime) -> tuple[ColumnElement[bool], ...]:
    """Messages of a span of time; `send_at` is that of all their recipients."""
    return (
        m.c.tenant == tenant,
        m.c.account == account,
        m.c.send_at >= to_micros(start),
        m.c.send_at <= to_micros(end),
    )


SORTED_BY = {"datetime_send": r.c.sent_at, "message_id": r.c.message, "delivery_status": r.c.status}
"""What get-contact-sms-stats can sort by."""


def list_sent_to_handset(
    db: Connection, tenant: int, account: int, msisdn: str, start: datetime | None, end: datetime, by: str,
    falling: bool, paging: Paging,
) -> Page[Recipient]:  # fmt: skip
    """What an account sent to a handset up to a moment, sorted by one of `SORTED_BY`."""
    query = SELECTED.where(
        r.c.tenant == tenant,
        r.c.msisdn == msisdn,
        r.c.sent_at <= to_micros(end),
        r.c.account == account,
        m.c.status != CANCELLED,
    )
    if start is not None:
        query = query.where(r.c.sent_at >= to_micros(start))
    keys = (SORTED_BY[by], r.c.id)
    return fetch_page(db, query.order_by(*(key.desc() if falling else key for key in keys)), paging, build_recipient)


def list_sent_messages(
    db: Connection, tenant: int, account: int, start: datetime, end: datetime, sender: str | None, origin: str | None,
    paging: Paging,
) -> tuple[Page[Message], int]:  # fmt: skip
    """An account's messages of a span of time, newest first, from a sender and of an origin if these are named; and
    how many parts they are all together."""
    wanted = _sent_within(tenant, account, start, end)
    if sender is not None:
        wanted += (m.c.sender == sender,)
    if origin is not None:
        wanted += (m.c.type == origin,)
    total, parts = db.execute(select(func.count(), func.sum(m.c.parts)).where(*wanted)).one()
    query = select(*MESSAGE).where(*wanted).order_by(m.c.send_at.desc(), m.c.id.desc())
    return fetch_page(db, query, paging, build_message, total), int(parts or 0)


def find_single_handsets(db: Connection, tenant: int, among: Sequence[Message]) -> dict[int, str]:
    """The handset of each of these messages that went to a single one, and not by way of a list."""
    single = [each.id for each in among if each.recipients == 1 and not each.list_id]
    query = select(r.c.message, r.c.msisdn).where(r.c.tenant == tenant, r.c.message.in_(single))
    return {row[0]: row[1] for row in db.execute(query)}


@dataclass(frozen=True)
class LinkHits:
    """A recipient that opened its tracked link: how often, and when last."""

    msisdn: str
    first_name: str | None
    last_name: str | None
    link_hits: int
    at: datetime


def list_hits(db: Connection, tenant: int, message: Message, paging: Paging) -> Page[LinkHits]:
    """Who opened the tracked link of a message, the latest first, with the names the message's list has for them."""
    of_list = and_(c.c.tenant == r.c.tenant, c.c.list_id == message.list_id, c.c.msisdn == r.c.msisdn)
    query = (
        select(r.c.msisdn, c.c.first_name, c.c.last_name, r.c.link_hits, h.c.at)
        .join_from(h, r, and_(r.c.tenant == h.c.tenant, r.c.id == h.c.recipient))
        .outerjoin(c, of_list)
        .where(h.c.tenant == tenant, h.c.message == message.id)
        .order_by(h.c.at.desc(), h.c.recipient.desc())
    )
    return fetch_page(db, query, paging, lambda row: LinkHits(row[0], row[1], row[2], row[3], from_micros(row[4])))


def list_messages(
    db: Connection, tenant: int, paging: Paging, sender: str | None, status: str | None, text: str | None
) -> Page[Message]:
    """Messages of a tenant, newest first, for the control API; `text` is a part of theirs, in any case."""
    query: Select[Any] = select(*MESSAGE).where(m.c.tenant == tenant)
    if sender:
        query = query.where(m.c.sender == sender)
    if status:
        query = query.where(m.c.status == status)
    if text:
        query = query.where(m.c.text.icontains(text, autoescape=True))
    return fetch_page(db, query.order_by(m.c.id.desc()), paging, build_message)


def list_recipients(
    db: Connection, tenant: int, paging: Paging, message: int | None, msisdn: str | None, status: str | None,
    sent: bool | None = None,
) -> Page[Recipient]:  # fmt: skip
    """Recipients of a tenant, newest first, for the control API; those whose message was `sent`, or was not."""
    query = SELECTED.where(r.c.tenant == tenant)
    if message:
        query = query.where(r.c.message == message)
    if msisdn:
        query = query.where(r.c.msisdn == msisdn)
    if status:
        query = query.where(r.c.status == status)
    if sent is not None:
        query = query.where(m.c.status == SENT if sent else m.c.status != SENT)
    return fetch_page(db, query.order_by(r.c.id.desc()), paging, build_recipient)
