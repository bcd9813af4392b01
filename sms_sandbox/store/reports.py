"""Reports: pages over messages, recipients and responses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, select

from ..domain.carrier import DELIVERED, HARD_BOUNCE, PENDING, SOFT_BOUNCE
from ..domain.clock import to_micros
from .contacts import fields_of
from .messages import CANCELLED, MESSAGE, Message, message_of
from .paging import Page, Paging, fetch
from .recipients import SELECTED, Recipient, recipient_of
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


def sent_to(
    db: Connection, tenant: int, message: Message, list_id: int, delivery: str, optouts: str, paging: Paging
) -> Page[SentTo]:
    """Whom a message went to, in the order it was sent, with the contact data of a list (0: of none)."""
    of_list = and_(c.c.tenant == r.c.tenant, c.c.list_id == list_id, c.c.msisdn == r.c.msisdn)
    query = (
        SELECTED.add_columns(c.c.first_name, c.c.last_name, c.c.fields)
        .outerjoin(c, of_list)
        .where(r.c.tenant == tenant, r.c.message == message.id)
        .order_by(r.c.id)
    )
    total: int | None = message.recipients
    if delivery in STATUSES:
        query, total = query.where(r.c.status.in_(STATUSES[delivery])), None
    if optouts in ("only", "omit"):
        query, total = query.where(r.c.optout == int(optouts == "only")), None
    return fetch(db, query, paging, _sent_to, total)


def _sent_to(row: Sequence[Any]) -> SentTo:
    *recipient, first_name, last_name, fields = row
    return SentTo(recipient_of(recipient), first_name, last_name, None if fields is None else fields_of(fields))


def sent_by(
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
    if msisdn is not None:
        query = query.where(r.c.msisdn == msisdn)
    return fetch(db, query.order_by(r.c.sent_at.desc(), r.c.id.desc()), paging, recipient_of)


def messages_of(
    db: Connection, tenant: int, paging: Paging, sender: str | None, status: str | None, text: str | None
) -> Page[Message]:
    """Messages of a tenant, newest first, for the control API."""
    query: Select[Any] = select(*MESSAGE).where(m.c.tenant == tenant)
    if sender:
        query = query.where(m.c.sender == sender)
    if status:
        query = query.where(m.c.status == status)
    if text:
        query = query.where(m.c.text.contains(text, autoescape=True))
    return fetch(db, query.order_by(m.c.id.desc()), paging, message_of)


def recipients_of(
    db: Connection, tenant: int, paging: Paging, message: int | None, msisdn: str | None, status: str | None
) -> Page[Recipient]:
    """Recipients of a tenant, newest first, for the control API."""
    query = SELECTED.where(r.c.tenant == tenant)
    if message:
        query = query.where(r.c.message == message)
    if msisdn:
        query = query.where(r.c.msisdn == msisdn)
    if status:
        query = query.where(r.c.status == status)
    return fetch(db, query.order_by(r.c.id.desc()), paging, recipient_of)
