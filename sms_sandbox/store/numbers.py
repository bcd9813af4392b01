"""Virtual numbers: owned, shared, and waiting to be leased."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, insert, select, update

from ..domain.clock import from_micros, to_micros
from .accounts import Account
from .paging import Page, Paging, fetch_page
from .statement import Statement
from .tables import numbers as n
from .unit_of_work import cached, invalidate


@dataclass(frozen=True)
class Number:
    """A virtual number; `price` is units a month, `account` empty where nobody leases it."""

    number: str
    account: int | None
    shared: bool
    price: int
    auto_renew: bool
    next_charge: datetime | None
    status: str
    forward_url: str = ""
    forward_email: str = ""
    forward_sms: str = ""
    list_id: int = 0
    welcome_message: str = ""
    members_message: str = ""


ACTIVE = "active"
INACTIVE = "inactive"
AVAILABLE = "available"

_ADD = Statement(insert(n))
_READ = Statement(select(n).where(n.c.tenant == bindparam("tenant"), n.c.number == bindparam("number")))
_MAY_SEND = Statement(
    select(n.c.number).where(
        n.c.tenant == bindparam("tenant"),
        n.c.number == bindparam("number"),
        n.c.status == ACTIVE,
        (n.c.account == bindparam("account")) | (n.c.shared == 1),
    )
)
_OWN = Statement(
    select(n.c.number)
    .where(n.c.tenant == bindparam("tenant"), n.c.account == bindparam("account"), n.c.status == ACTIVE)
    .order_by(n.c.number)
    .limit(1)
)
_SHARED = Statement(
    select(n.c.number).where(n.c.tenant == bindparam("tenant"), n.c.shared == 1).order_by(n.c.number).limit(1)
)
_FREE = (n.c.account.is_(None), n.c.shared == 0)
_ANY_FREE = Statement(
    select(n.c.number)
    .where(n.c.tenant == bindparam("tenant"), *_FREE)
    .order_by(n.c.number)
    .limit(1)
    .with_for_update(skip_locked=True)
)


def add(db: Connection, tenant: int, numbers: Iterable[Number]) -> None:
    """Put numbers into the tenant's world."""
    invalidate(db)
    _ADD.many(
        db,
        [
            {
                **vars(each),
                "tenant": tenant,
                "shared": int(each.shared),
                "auto_renew": int(each.auto_renew),
                "next_charge": each.next_charge and to_micros(each.next_charge),
            }
            for each in numbers
        ],
    )


def read(db: Connection, tenant: int, number: str) -> Number | None:
    row = _READ.one(db, tenant=tenant, number=number)
    return None if row is None else _number(row[1:])


def may_send(db: Connection, tenant: int, account: int, number: str) -> bool:
    """Whether the account may send from the number: it leases it, or everybody shares it."""
    what = ("may send", tenant, account, number)
    return cached(db, what, lambda: _MAY_SEND.one(db, tenant=tenant, account=account, number=number) is not None)


def find_sender(db: Connection, tenant: int, account: int, shared: bool) -> str | None:
    """The number a message without a sender goes out from: the account's own, else (or if asked) a shared one."""

    def find() -> str | None:
        own = None if shared else _OWN.value(db, tenant=tenant, account=account)
        found: str | None = own or _SHARED.value(db, tenant=tenant)
        return found

    return cached(db, ("sender", tenant, account, shared), find)


def list_owned(db: Connection, tenant: int, account: int, paging: Paging) -> Page[Number]:
    return _page(db, select(n).where(n.c.tenant == tenant, n.c.account == account), paging)


def list_available(db: Connection, tenant: int, paging: Paging) -> Page[Number]:
    return _page(db, select(n).where(n.c.tenant == tenant, *_FREE), paging)


def find_free(db: Connection, tenant: int) -> str | None:
    """The lowest number there is to lease that nobody is leasing right now."""
    found: str | None = _ANY_FREE.value(db, tenant=tenant)
    return found


def monthly_price(account: Account, number: Number) -> int:
    """What a number costs an account a month, in units: a client pays its reseller's margin on it."""
    return number.price + account.number_margin


def lease(db: Connection, tenant: int, account: int, number: str) -> bool:
    """Give an account a number that is free, or again one of its own that is out of service; whether it was such a
    one. When it is charged next is said apart, by `renew`."""
    invalidate(db)
    lapsed = (n.c.account == account) & (n.c.status == INACTIVE)
    query = (
        update(n)
        .where(n.c.tenant == tenant, n.c.number == number, and_(*_FREE) | lapsed)
        .values(account=account, status=ACTIVE)
    )
    return db.execute(query).rowcount == 1


def renew(db: Connection, tenant: int, number: str, until: datetime) -> None:
    """Note when a leased number is charged next."""
    change(db, tenant, number, {"next_charge": to_micros(until)})


def lapse(db: Connection, tenant: int, number: str) -> None:
    """Take a number out of service that was not paid for."""
    change(db, tenant, number, {"next_charge": None, "status": INACTIVE})


def change(db: Connection, tenant: int, number: str, settings: Mapping[str, Any]) -> None:
    """Set columns of a number, as the table keeps them."""
    invalidate(db)
    db.execute(update(n).where(n.c.tenant == tenant, n.c.number == number).values(**settings))


def _page(db: Connection, query: Any, paging: Paging) -> Page[Number]:
    return fetch_page(db, query.order_by(n.c.number), paging, lambda row: _number(row[1:]))


def _number(row: Sequence[Any]) -> Number:
    number, account, shared, price, auto_renew, next_charge, *rest = row
    return Number(
        number, account, bool(shared), price, bool(auto_renew),
        None if next_charge is None else from_micros(next_charge), *rest,
    )  # fmt: skip
