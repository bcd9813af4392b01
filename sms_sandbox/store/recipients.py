"""Recipients: one message to one handset."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct
from sqlalchemy import Connection, bindparam, insert, literal_column, select, update

from ..domain.carrier import PENDING
from ..domain.clock import from_micros, to_micros
from . import ids, unit_of_work
from .keyed_query import KeyedQuery
from .messages import CANCELLED
from .statement import Statement
from .tables import accounts as a
from .tables import messages as m
from .tables import recipients as r


class NewRecipient(NamedTuple):
    """A handset to send to. `text` is None if it is the message's."""

    msisdn: str
    text: str | None = None


class Recipient(Struct, frozen=True):
    """A message to one handset. The handset shows `text`."""

    id: int
    message: int
    msisdn: str
    text: str
    sender: str
    sent_at: datetime
    status: str
    reported_at: datetime | None
    optout: bool
    link_hits: int


class Reporting(NamedTuple):
    """A recipient's data for a delivery report, with the URLs to call back."""

    recipient: int
    msisdn: str
    status: str
    message: int
    account: int
    secret: str | None
    message_url: str | None
    account_url: str | None


_COLUMNS = (
    r.c.id, r.c.message, r.c.msisdn, r.c.text, m.c.text.label("template"), m.c.sender, r.c.sent_at, r.c.status,
    r.c.reported_at, r.c.optout, r.c.link_hits,
)  # fmt: skip
SELECTED = select(*_COLUMNS).join_from(r, m, (m.c.tenant == r.c.tenant) & (m.c.id == r.c.message))
_INITIAL = {"status": f"'{PENDING}'", "reported_at": "NULL", "optout": "0", "link_hits": "0"}
_ADD = Statement(
    insert(r).values(
        {column.name: bindparam(column.name) for column in r.c}
        | {name: literal_column(value) for name, value in _INITIAL.items()}
    )
)
_READ = Statement(SELECTED.where(r.c.tenant == bindparam("tenant"), r.c.id == bindparam("recipient")))
_TO_HANDSET = Statement(
    SELECTED.where(
        r.c.tenant == bindparam("tenant"), r.c.message == bindparam("message"), r.c.msisdn == bindparam("msisdn")
    )
    .order_by(r.c.sent_at, r.c.id)  # uses the index by handset: the one by message is slow for a long list
    .limit(1)
)
_LAST_TO = Statement(
    select(r.c.id, r.c.account, m.c.sender)
    .join_from(r, m, (m.c.tenant == r.c.tenant) & (m.c.id == r.c.message))
    .where(
        r.c.tenant == bindparam("tenant"),
        r.c.msisdn == bindparam("msisdn"),
        r.c.sent_at <= bindparam("now"),
        m.c.status != CANCELLED,
        (m.c.sender == bindparam("sender")) | (bindparam("any_sender") == 1),
    )
    .order_by(r.c.sent_at.desc(), r.c.id.desc())
    .limit(1)
)
_CHUNK = Statement(
    select(r.c.id, r.c.msisdn)
    .where(r.c.tenant == bindparam("tenant"), r.c.message == bindparam("message"), r.c.id > bindparam("after"))
    .order_by(r.c.id)
    .limit(bindparam("max_rows"))
)
_TEXTS = Statement(
    select(r.c.id, r.c.text).where(
        r.c.tenant == bindparam("tenant"), r.c.id >= bindparam("first"), r.c.id <= bindparam("last"),
        r.c.text.is_not(None),
    )
)  # fmt: skip
_REPORTING = KeyedQuery(
    ("tenant", "id"),
    lambda keys: (
        select(keys.c.tenant, r.c.id, r.c.msisdn, r.c.status, r.c.message, a.c.id, a.c.secret, m.c.dlr_url, a.c.dlr_url)
        .outerjoin_from(keys, r, (r.c.tenant == keys.c.tenant) & (r.c.id == keys.c.id))
        .outerjoin(m, (m.c.tenant == r.c.tenant) & (m.c.id == r.c.message))
        .outerjoin(a, (a.c.tenant == r.c.tenant) & (a.c.id == r.c.account))
    ),
)
_REPORTED = Statement(
    update(r)
    .where(r.c.tenant == bindparam("tenant_"), r.c.id == bindparam("recipient"))
    .values(status=bindparam("word"), reported_at=bindparam("at"))
)
_OPTED_OUT = Statement(
    update(r)
    .where(r.c.tenant == bindparam("tenant_"), r.c.id == bindparam("recipient"), r.c.optout == 0)
    .values(optout=1)
)
_HIT = Statement(
    update(r)
    .where(r.c.tenant == bindparam("tenant_"), r.c.id == bindparam("recipient"))
    .values(link_hits=r.c.link_hits + 1)
    .returning(r.c.link_hits)
)


def new_ids(db: Connection, tenant: int, count: int) -> int:
    """Take `count` consecutive ids and return the first. A text may have a link made from the id."""
    return ids.take(db, tenant, "recipient", count)


def add(
    db: Connection, tenant: int, account: int, message: int, sent_at: datetime, first: int, to: Sequence[NewRecipient]
) -> None:
    """Add the recipients of a message, under ids from `first` on."""
    at = to_micros(sent_at)
    rows = [(tenant, recipient, message, account, new.msisdn, new.text, at) for recipient, new in enumerate(to, first)]
    unit_of_work.write_all_later(db, _ADD, rows)


def build_recipient(row: Sequence[Any]) -> Recipient:
    """Return the recipient of a row of `SELECTED`."""
    id_, message, msisdn, own, template, sender, sent_at, status, reported_at, optout, link_hits = row
    return Recipient(
        id_, message, msisdn, template if own is None else own, sender, from_micros(sent_at), status,
        None if reported_at is None else from_micros(reported_at), bool(optout), link_hits,
    )  # fmt: skip


def read(db: Connection, tenant: int, recipient: int) -> Recipient | None:
    row = _READ.one(db, tenant=tenant, recipient=recipient)
    return None if row is None else build_recipient(row)


def find_of_message(db: Connection, tenant: int, message: int, msisdn: str) -> Recipient | None:
    """Return the message's first recipient with this number."""
    row = _TO_HANDSET.one(db, tenant=tenant, message=message, msisdn=msisdn)
    return None if row is None else build_recipient(row)


def find_last_to(
    db: Connection, tenant: int, msisdn: str, now: datetime, sender: str | None
) -> tuple[int, int, str] | None:
    """Return the recipient id, account and sender of the newest message to a handset.

    `sender` limits it to the messages of one sender.
    """
    row = _LAST_TO.one(
        db, tenant=tenant, msisdn=msisdn, now=to_micros(now), sender=sender or "", any_sender=int(sender is None)
    )
    return None if row is None else (row[0], row[1], row[2])


def list_chunk(db: Connection, tenant: int, message: int, after: int, max_rows: int) -> list[tuple[int, str]]:
    """Return the next recipients of a message, as ids and numbers, after the id `after`."""
    rows = _CHUNK.all(db, tenant=tenant, message=message, after=after, max_rows=max_rows)
    return [(row[0], row[1]) for row in rows]


def find_texts(db: Connection, tenant: int, first: int, last: int) -> dict[int, str]:
    """Return the own texts of the recipients `first` to `last`, by id.

    A recipient with its message's text is left out.
    """
    return {row[0]: row[1] for row in _TEXTS.all(db, tenant=tenant, first=first, last=last)}


def find_reporting(db: Connection, recipients: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Reporting]:
    """Return the data for reports on recipients of all tenants, by tenant and id. Unknown ones are left out."""
    rows = _REPORTING.rows(db, recipients)
    return {(tenant, row[0]): Reporting(*row) for tenant, *row in rows if row[4] is not None}


def set_reported(db: Connection, tenant: int, states: Mapping[int, tuple[str, datetime]]) -> None:
    """Set the final statuses of recipients that were just read, and when they were reported.

    The caller counts them on the message.
    """
    rows = [(status, to_micros(at), tenant, recipient) for recipient, (status, at) in states.items()]
    unit_of_work.write_all_later(db, _REPORTED, rows)


def mark_opted_out(db: Connection, tenant: int, recipient: int) -> bool:
    """Mark a recipient as opted out by this message. False if it was marked already."""
    return _OPTED_OUT.run(db, tenant_=tenant, recipient=recipient) == 1


def add_hit(db: Connection, tenant: int, recipient: int) -> int:
    """Count a click of a recipient on its tracked link, and return the new count."""
    return int(_HIT.value(db, tenant_=tenant, recipient=recipient))
