"""The outbox: e-mails that the real service would send. No e-mail leaves the sandbox."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, insert, select

from ..domain.clock import from_micros, to_micros
from . import ids
from .paging import Page, Paging, fetch_page
from .statement import Statement
from .tables import mails as t

REPLY = "reply"
NUMBER = "number"
KEYWORD = "keyword"


class NewMail(Struct, frozen=True):
    """An e-mail to add. `kind` says who forwards: a message its replies, a number, or a keyword."""

    account: int
    kind: str
    sender: str
    recipient: str
    subject: str
    body: str
    created: datetime


class Mail(NewMail, frozen=True):
    """An e-mail in the outbox."""

    id: int


_ADD = Statement(insert(t))


def add(db: Connection, tenant: int, mails: Sequence[NewMail]) -> None:
    """Add e-mails to the outbox."""
    if not mails:
        return
    first = ids.take(db, tenant, "mail", len(mails))
    rows = [
        {
            "tenant": tenant,
            "id": first + index,
            "account": mail.account,
            "kind": mail.kind,
            "sender": mail.sender,
            "recipient": mail.recipient,
            "subject": mail.subject,
            "body": mail.body,
            "created": to_micros(mail.created),
        }
        for index, mail in enumerate(mails)
    ]
    _ADD.many(db, rows)


def list_page(db: Connection, tenant: int, paging: Paging, recipient: str | None = None) -> Page[Mail]:
    """Return a page of the outbox, newest first. `recipient` limits it to one address."""
    columns = (t.c.account, t.c.kind, t.c.sender, t.c.recipient, t.c.subject, t.c.body, t.c.created, t.c.id)
    query = select(*columns).where(t.c.tenant == tenant)
    if recipient is not None:
        query = query.where(t.c.recipient == recipient)
    return fetch_page(db, query, paging, _mail, order=(t.c.id.desc(),))


def _mail(row: Sequence[Any]) -> Mail:
    account, kind, sender, recipient, subject, body, created, id_ = row
    return Mail(account, kind, sender, recipient, subject, body, from_micros(created), id_)
