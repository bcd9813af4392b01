"""Keywords on leased numbers, with their replies and forwards."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import Connection, func, select, update

from ..domain.clock import from_micros, to_micros
from ..domain.keywords import candidate_keywords
from . import ids
from .paging import Page, Paging, fetch_page
from .statement import Statement
from .tables import keywords as k

OPEN = "open"
CLOSED = "closed"

MONTHLY_PRICE = 500_000
"""The price of a keyword, in units a month (5.00). The real service's is unknown."""


class Keyword(Struct, frozen=True):
    """A keyword, as `domain.keywords.normalize` spells it. The forwards are comma-separated lists."""

    id: int
    account: int
    keyword: str
    number: str
    reference: str
    list_id: int
    welcome_message: str
    members_message: str
    forward_url: str
    forward_sms: str
    forward_email: str
    status: str
    billing_date: datetime


_COLUMNS = (
    k.c.id, k.c.account, k.c.keyword, k.c.number, k.c.reference, k.c.list_id, k.c.welcome_message, k.c.members_message,
    k.c.forward_url, k.c.forward_sms, k.c.forward_email, k.c.status, k.c.billing_date,
)  # fmt: skip
_NAMES = tuple(column.name for column in _COLUMNS)
_ADD = Statement(
    f"INSERT INTO keywords (tenant, {', '.join(_NAMES)}) VALUES (:tenant, :{', :'.join(_NAMES)})"  # noqa: S608 (our own)
    " ON CONFLICT (tenant, number, keyword) DO NOTHING"
)


def new_id(db: Connection, tenant: int) -> int:
    return ids.take(db, tenant, "keyword")


def add(db: Connection, tenant: int, new: Keyword) -> bool:
    """Add a keyword to a number. False if the number has it already, even from a concurrent call."""
    return _ADD.run(db, tenant=tenant, **_values(new)) == 1


def replace(db: Connection, tenant: int, changed: Keyword) -> None:
    """Replace the stored keyword of the same id."""
    change(db, tenant, changed.id, _values(changed))


def _values(keyword: Keyword) -> dict[str, Any]:
    return {**asdict(keyword), "billing_date": to_micros(keyword.billing_date)}


def read(db: Connection, tenant: int, number: str, keyword: str) -> Keyword | None:
    """Return the keyword of this name on a number."""
    query = select(*_COLUMNS).where(k.c.tenant == tenant, k.c.number == number, k.c.keyword == keyword)
    return _keyword_or_none(db.execute(query).first())


def find_by_id(db: Connection, tenant: int, keyword: int) -> Keyword | None:
    return _keyword_or_none(db.execute(select(*_COLUMNS).where(k.c.tenant == tenant, k.c.id == keyword)).first())


def find_matching(db: Connection, tenant: int, account: int, number: str, text: str) -> Keyword | None:
    """Return the account's longest open keyword on a number that the text begins with."""
    query = (
        select(*_COLUMNS)
        .where(
            k.c.tenant == tenant,
            k.c.number == number,
            k.c.keyword.in_(candidate_keywords(text)),
            k.c.account == account,
            k.c.status == OPEN,
        )
        .order_by(func.length(k.c.keyword).desc())
        .limit(1)
    )
    return _keyword_or_none(db.execute(query).first())


def change(db: Connection, tenant: int, keyword: int, settings: Mapping[str, Any]) -> None:
    """Set columns of a keyword, as the table keeps them."""
    db.execute(update(k).where(k.c.tenant == tenant, k.c.id == keyword).values(**settings))


def set_paid_until(db: Connection, tenant: int, keyword: int, until: datetime) -> None:
    """Set the moment up to which a keyword is paid for."""
    change(db, tenant, keyword, {"billing_date": to_micros(until)})


def list_page(db: Connection, tenant: int, account: int | None, number: str | None, paging: Paging) -> Page[Keyword]:
    """Return a page of keywords, by name. `account` and `number` limit it, if given."""
    query = select(*_COLUMNS).where(k.c.tenant == tenant)
    if account is not None:
        query = query.where(k.c.account == account)
    if number is not None:
        query = query.where(k.c.number == number)
    return fetch_page(db, query.order_by(k.c.keyword, k.c.id), paging, _keyword)


def _keyword_or_none(row: Sequence[Any] | None) -> Keyword | None:
    return None if row is None else _keyword(row)


def _keyword(row: Sequence[Any]) -> Keyword:
    return Keyword(**{**dict(zip(_NAMES, row, strict=True)), "billing_date": from_micros(row[-1])})
