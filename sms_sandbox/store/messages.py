"""Messages, with their counts over all recipients."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from msgspec import Struct
from sqlalchemy import Connection, bindparam, case, func, insert, literal_column, select, update

from ..domain.carrier import DELIVERED, HARD_BOUNCE, SOFT_BOUNCE
from ..domain.clock import MICROSECOND, from_micros, to_micros
from . import unit_of_work
from .statement import Statement
from .tables import messages as m
from .tables import recipients as r
from .totals import Totals

SCHEDULED = "scheduled"
SENT = "sent"
CANCELLED = "cancelled"

TOTALS = Totals(
    "message",
    m,
    m.c.send_at,
    case((m.c.status == literal_column(f"'{CANCELLED}'"), 0), else_=m.c.recipients),
    m.c.parts,
)


class NewMessage(NamedTuple):
    """A message to add, as its sender gives it. `text` is the template."""

    account: int
    text: str
    sender: str
    send_at: datetime
    created: datetime
    validity: timedelta = timedelta()
    list_id: int = 0
    list_name: str = ""
    dlr_url: str | None = None
    reply_url: str | None = None
    link_hits_url: str | None = None
    tracked_url: str | None = None
    replies_to_email: str | None = None
    type: str = "api"


class Message(Struct, frozen=True):
    """A stored message. Counts are of handsets, `parts` are SMS, `cost` is in units."""

    id: int
    account: int
    text: str
    sender: str
    send_at: datetime
    created: datetime
    validity: timedelta
    list_id: int
    list_name: str
    recipients: int
    parts: int
    cost: int
    status: str
    tracked_url: str | None
    delivered: int
    soft_bounced: int
    hard_bounced: int
    responses: int
    optouts: int
    link_hits: int
    type: str

    @property
    def bounced(self) -> int:
        return self.soft_bounced + self.hard_bounced

    @property
    def pending(self) -> int:
        """The number of handsets without a final report. It is 0 for a cancelled message."""
        return 0 if self.status == CANCELLED else self.recipients - self.delivered - self.bounced


_COUNTS = ("delivered", "soft_bounced", "hard_bounced", "responses", "optouts", "link_hits")

MESSAGE_COLUMNS = (
    m.c.id, m.c.account, m.c.text, m.c.sender, m.c.send_at, m.c.created, m.c.validity, m.c.list_id, m.c.list_name,
    m.c.recipients, m.c.parts, m.c.cost, m.c.status, m.c.tracked_url, m.c.delivered, m.c.soft_bounced, m.c.hard_bounced,
    m.c.responses, m.c.optouts, m.c.link_hits, m.c.type,
)  # fmt: skip
# A blank text stands for NULL, because the driver is slow to bind a None.
_ADD = Statement(
    insert(m).values(
        {column.name: bindparam(column.name) for column in m.c}
        | {
            column.name: func.nullif(bindparam(column.name, type_=column.type), literal_column("''"))
            for column in m.c
            if column.nullable
        }
        | dict.fromkeys(_COUNTS, literal_column("0"))
    )
)
_READ = Statement(select(*MESSAGE_COLUMNS).where(m.c.tenant == bindparam("tenant"), m.c.id == bindparam("message")))
_STATUS = Statement(
    update(m).where(m.c.tenant == bindparam("tenant_"), m.c.id == bindparam("message")).values(status=bindparam("word"))
)
_CANCEL = Statement(
    update(m)
    .where(m.c.tenant == bindparam("tenant_"), m.c.id == bindparam("message"), m.c.status == SCHEDULED)
    .values(status=CANCELLED)
)
_SETTLE = Statement(
    update(m)
    .where(m.c.tenant == bindparam("tenant_"), m.c.id == bindparam("message_"))
    .values(
        recipients=select(func.count()).where(r.c.tenant == m.c.tenant, r.c.message == m.c.id).scalar_subquery(),
        parts=bindparam("parts_"),
        cost=bindparam("cost_"),
    )
)
_COUNT = Statement(
    update(m)
    .where(m.c.tenant == bindparam("tenant_"), m.c.id == bindparam("message_"))
    .values(
        responses=m.c.responses + bindparam("responses_"),
        optouts=m.c.optouts + bindparam("optouts_"),
        link_hits=m.c.link_hits + bindparam("hits_"),
    )
)
_COUNT_REPORTS = Statement(
    update(m)
    .where(m.c.tenant == bindparam("tenant_"), m.c.id == bindparam("message_"))
    .values(
        delivered=m.c.delivered + bindparam("delivered_"),
        soft_bounced=m.c.soft_bounced + bindparam("soft_"),
        hard_bounced=m.c.hard_bounced + bindparam("hard_"),
    ),
    amounts=3,
)
_REPLY_EMAIL = Statement(
    select(m.c.replies_to_email).where(m.c.tenant == bindparam("tenant"), m.c.id == bindparam("message"))
)
_URLS = Statement(
    select(m.c.reply_url, m.c.link_hits_url).where(m.c.tenant == bindparam("tenant"), m.c.id == bindparam("message"))
)
_REPORT_URL = Statement(select(m.c.dlr_url).where(m.c.tenant == bindparam("tenant"), m.c.id == bindparam("message")))


def new_id(db: Connection, tenant: int) -> int:
    """Take the id of a message that is to be added."""
    return TOTALS.take_id(db, tenant)


def add(
    db: Connection, tenant: int, message: int, new: NewMessage, recipients: int, parts: int, cost: int, status: str
) -> None:
    """Add a message under its id. Its recipients are added separately.

    `recipients` is their number; `parts` and `cost` (units) are over all of them.
    """
    row = (
        tenant, message, new.account, new.text, new.sender, new.type, to_micros(new.send_at), to_micros(new.created),
        new.validity // MICROSECOND, new.list_id, new.list_name, recipients, parts, cost, status,
        new.dlr_url or "", new.reply_url or "", new.link_hits_url or "", new.tracked_url or "",
        new.replies_to_email or "",
    )  # fmt: skip
    unit_of_work.write_all_later(db, _ADD, [row])


def read(db: Connection, tenant: int, message: int) -> Message | None:
    row = _READ.one(db, tenant=tenant, message=message)
    return None if row is None else build_message(row)


def build_message(row: Sequence[Any]) -> Message:
    """Return the message of a row of `MESSAGE_COLUMNS`."""
    id_, account, text, sender, send_at, created, validity, *rest = row
    times = from_micros(send_at), from_micros(created)
    return Message(id_, account, text, sender, *times, validity * MICROSECOND, *rest)


def cancel(db: Connection, tenant: int, message: int) -> bool:
    """Cancel a message that is still scheduled. False if it is not."""
    with TOTALS.changes(db, tenant, message):
        return _CANCEL.run(db, tenant_=tenant, message=message) == 1


def settle(db: Connection, tenant: int, message: int, parts: int, cost: int) -> None:
    """Set a message's parts and cost, and count its stored recipients."""
    with TOTALS.changes(db, tenant, message):
        _SETTLE.run(db, tenant_=tenant, message_=message, parts_=parts, cost_=cost)


def set_status(db: Connection, tenant: int, message: int, status: str) -> None:
    _STATUS.run(db, tenant_=tenant, message=message, word=status)


def add_counts(db: Connection, tenant: int, message: int, responses: int = 0, optouts: int = 0, hits: int = 0) -> None:
    """Add to a message's counts of responses, opt-outs and link hits."""
    _COUNT.run(db, tenant_=tenant, message_=message, responses_=responses, optouts_=optouts, hits_=hits)


def add_report_counts(db: Connection, tenant: int, reports: Mapping[int, Sequence[str]]) -> None:
    """Add final statuses, by message, to the counts of messages."""
    rows = [
        (statuses.count(DELIVERED), statuses.count(SOFT_BOUNCE), statuses.count(HARD_BOUNCE), tenant, message)
        # Sorted, because everything that locks several messages locks them in this order.
        for message, statuses in sorted(reports.items())
    ]
    unit_of_work.write_all_later(db, _COUNT_REPORTS, rows)


def find_callback_urls(db: Connection, tenant: int, message: int) -> tuple[str | None, str | None]:
    """Return a message's own URLs for replies and for link hits."""
    row = _URLS.one(db, tenant=tenant, message=message)
    assert row is not None
    return row[0], row[1]


def find_report_url(db: Connection, tenant: int, message: int) -> str | None:
    """Return a message's own URL for delivery reports."""
    url: str | None = _REPORT_URL.value(db, tenant=tenant, message=message)
    return url


def find_reply_email(db: Connection, tenant: int, message: int) -> str | None:
    """Return the e-mail address that replies to a message are forwarded to."""
    email: str | None = _REPLY_EMAIL.value(db, tenant=tenant, message=message)
    return email
