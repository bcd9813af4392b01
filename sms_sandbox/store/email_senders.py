"""E-mail addresses that may send SMS."""

from msgspec import Struct
from sqlalchemy import Connection, case, delete, select

from .statement import Statement
from .tables import email_senders as t


class EmailSender(Struct, frozen=True):
    """An address, or `*@` and a domain, in lower case.

    `max_sms` is the most parts it may send, `number` the number it sends from.
    """

    email: str
    max_sms: int
    number: str | None


_PUT = Statement(
    "INSERT INTO email_senders (tenant, account, email, max_sms, number)"
    " VALUES (:tenant, :account, :email, :max_sms, :number)"
    " ON CONFLICT (tenant, account, email) DO UPDATE SET max_sms = excluded.max_sms, number = excluded.number"
)


def put(db: Connection, tenant: int, account: int, sender: EmailSender) -> None:
    """Permit an address to send, or replace its settings."""
    _PUT.run(db, tenant=tenant, account=account, email=sender.email, max_sms=sender.max_sms, number=sender.number)


def find(db: Connection, tenant: int, account: int, email: str) -> EmailSender | None:
    """Return the entry that permits an address to send: its own, or its domain's."""
    email = email.lower()
    query = (
        select(t.c.email, t.c.max_sms, t.c.number)
        .where(t.c.tenant == tenant, t.c.account == account, t.c.email.in_([email, f"*@{_domain(email)}"]))
        .order_by(case((t.c.email == email, 0), else_=1))
        .limit(1)
    )
    row = db.execute(query).first()
    return None if row is None else EmailSender(*row)


def remove(db: Connection, tenant: int, account: int, email: str) -> bool:
    """Remove an address, or with `*@` and a domain all its addresses. False if there are none."""
    condition = t.c.email == email
    if email.startswith("*@"):
        condition = t.c.email.endswith(f"@{_domain(email)}", autoescape=True)
    return db.execute(delete(t).where(t.c.tenant == tenant, t.c.account == account, condition)).rowcount > 0


def _domain(email: str) -> str:
    return email.rpartition("@")[2]
