"""Reports: pages over messages, recipients and responses."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, and_, func, select

from ..domain.carrier import DELIVERED, HARD_BOUNCE, PENDING, SOFT_BOUNCE
from ..domain.clock import from_micros, to_micros
from .contacts import parse_fields
from .messages import CANCELLED, MESSAGE_COLUMNS, SENT, TOTALS, Message, build_message
from .paging import Page, Paging, fetch_page
from .recipients import SELECTED, Recipient, build_recipient
from .tables import hits as h
from .tables import members as c
from .tables import messages as m
from .tables import recipients as r
from .text import contains


class SentTo(Struct, frozen=True):
    """A recipient with its contact data on a list. They are None if the handset is not on the list."""

    recipient: Recipient
    first_name: str | None
    last_name: str | None
    fields: Mapping[str, str] | None


_DELIVERY_STATUSES = {
    "delivered": (DELIVERED,),
    "failed": (SOFT_BOUNCE, HARD_BOUNCE),
    "pending": (PENDING,),
}
"""The values of get-sms-sent's `delivery`, and the statuses that each means."""


def list_sent_to(
    db: Connection, tenant: int, message: Message, list_id: int, delivery: str, optouts: str, paging: Paging
) -> Page[SentTo]:
    """Return a page of a message's recipients, in the order they were sent to.

    Each has its contact data on the list `list_id`; 0 is no list.
    """
    conditions = [r.c.tenant == tenant, r.c.message == message.id]
    total = _known_total(message, delivery, optouts)
    if delivery in _DELIVERY_STATUSES:
        conditions.append(r.c.status.in_(_DELIVERY_STATUSES[delivery]))
    if optouts != "include":
        conditions.append(r.c.optout == int(optouts == "only"))
    # The page is cut before its rows are joined: otherwise a late page would join all the rows it skips.
    ids = fetch_page(db, select(r.c.id).where(*conditions), paging, lambda row: int(row[0]), total, (r.c.id,))
    of_list = and_(c.c.tenant == r.c.tenant, c.c.list_id == list_id, c.c.msisdn == r.c.msisdn)
    query = (
        SELECTED.add_columns(c.c.first_name, c.c.last_name, c.c.fields)
        .outerjoin(c, of_list)
        .where(r.c.tenant == tenant, r.c.id.in_(ids.rows))
        .order_by(r.c.id)
    )
    return Page([_sent_to(row) for row in db.execute(query)] if ids.rows else [], ids.total, paging)


def _known_total(message: Message, delivery: str, optouts: str) -> int | None:
    """Return the number of recipients that match, from the message's counts. None if these do not tell."""
    by_delivery = {
        "all": message.recipients,
        "delivered": message.delivered,
        "failed": message.bounced,
        "pending": None if message.status == CANCELLED else message.pending,
    }
    if optouts == "include":
        return by_delivery[delivery]
    if delivery != "all":
        return None
    return message.optouts if optouts == "only" else message.recipients - message.optouts


def _sent_to(row: Sequence[Any]) -> SentTo:
    *recipient, first_name, last_name, fields = row
    return SentTo(build_recipient(recipient), first_name, last_name, None if fields is None else parse_fields(fields))


def list_sent_by(
    db: Connection, tenant: int, account: int, start: datetime, end: datetime, msisdn: str | None, paging: Paging
) -> Page[Recipient]:
    """Return a page of an account's recipients in a span of time, newest first.

    Those of cancelled messages are left out.
    """
    query = SELECTED.where(
        r.c.tenant == tenant,
        r.c.sent_at >= to_micros(start),
        r.c.sent_at <= to_micros(end),
        m.c.status != CANCELLED,
    )
    total = None
    if msisdn is None:
        query = query.where(r.c.account == account)
        total = count_sent(db, tenant, account, start, end)
    else:
        query = query.where(r.c.msisdn == msisdn, _is_of(account))
    return fetch_page(db, query, paging, build_recipient, total, (r.c.sent_at.desc(), r.c.id.desc()))


def count_sent(db: Connection, tenant: int, account: int, start: datetime, end: datetime) -> int:
    """Count an account's recipients in a span of time, without cancelled messages.

    All recipients have their message's `send_at`.
    """
    return TOTALS.count(db, tenant, account, start, end).recipients


def _is_of(account: int) -> ColumnElement[bool]:
    """Return a condition for an account's recipients that no index is used for.

    SQLite knows nothing of how many rows a value has. It would search all that the account has sent for those of one
    handset, and not the other way round.
    """
    condition: ColumnElement[bool] = r.c.account + 0 == account
    return condition


SORT_COLUMNS = {"datetime_send": r.c.sent_at, "message_id": r.c.message, "delivery_status": r.c.status}
"""The columns get-contact-sms-stats can sort by, by name."""


def list_sent_to_handset(
    db: Connection, tenant: int, account: int, msisdn: str, start: datetime | None, end: datetime, by: str,
    falling: bool, paging: Paging,
) -> Page[Recipient]:  # fmt: skip
    """Return a page of the recipients with a handset's number, sorted by one of `SORT_COLUMNS`.

    `start` and `end` are inclusive; a `start` of None is no limit. Cancelled messages are left out.
    """
    query = SELECTED.where(
        r.c.tenant == tenant,
        r.c.msisdn == msisdn,
        r.c.sent_at <= to_micros(end),
        _is_of(account),
        m.c.status != CANCELLED,
    )
    if start is not None:
        query = query.where(r.c.sent_at >= to_micros(start))
    keys = (SORT_COLUMNS[by], r.c.id)
    order = [key.desc() if falling else key.asc() for key in keys]
    return fetch_page(db, query, paging, build_recipient, order=order)


def list_sent_messages(
    db: Connection, tenant: int, account: int, start: datetime, end: datetime, sender: str | None, origin: str | None,
    paging: Paging,
) -> tuple[Page[Message], int]:  # fmt: skip
    """Return a page of an account's messages, newest first, and their number of parts.

    `sender` and `origin` limit the messages if given. The parts are those of all pages.
    """
    filters = [column == value for column, value in ((m.c.sender, sender), (m.c.type, origin)) if value is not None]
    conditions = (
        m.c.tenant == tenant, m.c.account == account, m.c.send_at >= to_micros(start), m.c.send_at <= to_micros(end),
        *filters,
    )  # fmt: skip
    if filters:
        total, parts = db.execute(select(func.count(), func.sum(m.c.parts)).where(*conditions)).one()
    else:
        total, _, parts = TOTALS.count(db, tenant, account, start, end)
    query = select(*MESSAGE_COLUMNS).where(*conditions)
    order = (m.c.send_at.desc(), m.c.id.desc())
    return fetch_page(db, query, paging, build_message, total, order), int(parts or 0)


def find_single_handsets(db: Connection, tenant: int, messages: Sequence[Message]) -> dict[int, str]:
    """Return the handset of each message to a single recipient, by message id. Messages to a list are left out."""
    single = [message.id for message in messages if message.recipients == 1 and not message.list_id]
    # The ids are read from the index alone. For other columns, SQLite would read all recipients of the tenant.
    ids = select(r.c.id).where(r.c.tenant == tenant, r.c.message.in_(single)).correlate(None)
    query = select(r.c.message, r.c.msisdn).where(r.c.tenant == tenant, r.c.id.in_(ids))
    return {row[0]: row[1] for row in db.execute(query)}


class LinkHits(Struct, frozen=True):
    """A recipient that opened its tracked link. `at` is the last time."""

    msisdn: str
    first_name: str | None
    last_name: str | None
    link_hits: int
    at: datetime


def list_hits(db: Connection, tenant: int, message: Message, paging: Paging) -> Page[LinkHits]:
    """Return a page of the recipients that opened a message's tracked link, latest first.

    Their names are those on the message's list.
    """
    of_list = and_(c.c.tenant == r.c.tenant, c.c.list_id == message.list_id, c.c.msisdn == r.c.msisdn)
    query = (
        select(r.c.msisdn, c.c.first_name, c.c.last_name, r.c.link_hits, h.c.at)
        .join_from(h, r, and_(r.c.tenant == h.c.tenant, r.c.id == h.c.recipient))
        .outerjoin(c, of_list)
        .where(h.c.tenant == tenant, h.c.message == message.id)
    )
    order = (h.c.at.desc(), h.c.recipient.desc())
    return fetch_page(db, query, paging, _link_hits_of, order=order)


def _link_hits_of(row: Sequence[Any]) -> LinkHits:
    return LinkHits(row[0], row[1], row[2], row[3], from_micros(row[4]))


class MessageFilter(NamedTuple):
    """Conditions on messages; None is no condition. `text` is a substring, case-insensitive.

    `numbers` are forms of one handset's number. `status` is the message's, or that of at least one recipient.
    """

    sender: str | None = None
    status: str | None = None
    text: str | None = None
    numbers: Sequence[str] = ()
    account: int | None = None
    list_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


_STATUS_CONDITIONS: Mapping[str, ColumnElement[bool]] = {
    PENDING: and_(m.c.status == SENT, m.c.recipients > m.c.delivered + m.c.soft_bounced + m.c.hard_bounced),
    DELIVERED: m.c.delivered > 0,
    SOFT_BOUNCE: m.c.soft_bounced > 0,
    HARD_BOUNCE: m.c.hard_bounced > 0,
}
"""Conditions for the statuses of recipients."""


def list_messages(db: Connection, tenant: int, paging: Paging, where: MessageFilter) -> Page[Message]:
    """Return a page of a tenant's messages, newest first."""
    columns = ((m.c.sender, where.sender), (m.c.account, where.account), (m.c.list_id, where.list_id))
    filters: list[ColumnElement[bool]] = [column == value for column, value in columns if value is not None]
    if where.status:
        filters.append(_STATUS_CONDITIONS.get(where.status, m.c.status == where.status))
    if where.text:
        filters.append(contains(db, m.c.text, where.text))
    if where.numbers:
        to = select(r.c.message).where(r.c.tenant == tenant, r.c.msisdn.in_(where.numbers))
        filters.append(m.c.id.in_(to))
    if where.since is not None:
        filters.append(m.c.send_at >= to_micros(where.since))
    if where.until is not None:
        filters.append(m.c.send_at <= to_micros(where.until))
    query = select(*MESSAGE_COLUMNS).where(m.c.tenant == tenant, *filters)
    total = None if filters else TOTALS.count_all(db, tenant)
    return fetch_page(db, query, paging, build_message, total, (m.c.id.desc(),))


def list_recipients(
    db: Connection, tenant: int, paging: Paging, message: int | None, msisdn: str | None, status: str | None,
    sent: bool | None = None,
) -> Page[Recipient]:  # fmt: skip
    """Return a page of a tenant's recipients, newest first. `sent` is whether their message was sent."""
    query = SELECTED.where(r.c.tenant == tenant)
    if message:
        query = query.where(r.c.message == message)
    if msisdn:
        query = query.where(r.c.msisdn == msisdn)
    if status:
        query = query.where(r.c.status == status)
    if sent is not None:
        query = query.where(m.c.status == SENT if sent else m.c.status != SENT)
    return fetch_page(db, query, paging, build_recipient, order=(r.c.id.desc(),))
