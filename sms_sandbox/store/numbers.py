"""Virtual numbers: leased, shared, and available."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import Connection, and_, bindparam, insert, select, update

from ..domain.clock import from_micros, to_micros
from .accounts import Account
from .paging import Page, Paging, fetch_page
from .statement import Statement
from .tables import numbers as n
from .unit_of_work import cached, invalidate


class Number(Struct, frozen=True):
    """A virtual number. `price` is units a month; `account` is None if it is not leased."""

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
    """Add numbers to the tenant."""
    invalidate(db, tenant)
    _ADD.many(
        db,
        [
            {
                **asdict(number),
                "tenant": tenant,
                "shared": int(number.shared),
                "auto_renew": int(number.auto_renew),
                "next_charge": number.next_charge and to_micros(number.next_charge),
            }
            for number in numbers
        ],
    )


def read(db: Connection, tenant: int, number: str) -> Number | None:
    row = _READ.one(db, tenant=tenant, number=number)
    return None if row is None else _number(row[1:])


def may_send(db: Connection, tenant: int, account: int, number: str) -> bool:
    """Return True if the account leases the number or the number is shared."""
    key = ("may send", account, number)
    return cached(db, tenant, key, lambda: _MAY_SEND.one(db, tenant=tenant, account=account, number=number) is not None)


def find_sender(db: Connection, tenant: int, account: int, shared: bool) -> str | None:
    """Return the number that sends a message without a sender.

    It is the account's lowest. If it has none, or `shared` is set, it is the lowest shared one.
    """

    def find() -> str | None:
        own = None if shared else _OWN.value(db, tenant=tenant, account=account)
        number: str | None = own or _SHARED.value(db, tenant=tenant)
        return number

    return cached(db, tenant, ("sender", account, shared), find)


def list_owned(db: Connection, tenant: int, account: int, paging: Paging) -> Page[Number]:
    return _page(db, select(n).where(n.c.tenant == tenant, n.c.account == account), paging)


def list_in_use(db: Connection, tenant: int, paging: Paging) -> Page[Number]:
    """Return a page of the numbers that are leased or shared."""
    return _page(db, select(n).where(n.c.tenant == tenant, n.c.account.is_not(None) | (n.c.shared == 1)), paging)


def list_available(db: Connection, tenant: int, paging: Paging) -> Page[Number]:
    return _page(db, select(n).where(n.c.tenant == tenant, *_FREE), paging)


def find_free(db: Connection, tenant: int) -> str | None:
    """Return the lowest available number that no other transaction is leasing."""
    number: str | None = _ANY_FREE.value(db, tenant=tenant)
    return number


def monthly_price(account: Account, number: Number) -> int:
    """Return the number's price for an account, in units a month. A client pays its reseller's margin too."""
    return number.price + account.number_margin


def lease(db: Connection, tenant: int, account: int, number: str) -> bool:
    """Lease an available number to an account, or one of its own that has lapsed.

    False if it is neither. Call `renew` to set its next charge.
    """
    invalidate(db, tenant)
    lapsed = (n.c.account == account) & (n.c.status == INACTIVE)
    query = (
        update(n)
        .where(n.c.tenant == tenant, n.c.number == number, and_(*_FREE) | lapsed)
        .values(account=account, status=ACTIVE)
    )
    return db.execute(query).rowcount == 1


def renew(db: Connection, tenant: int, number: str, until: datetime) -> None:
    """Set when a leased number is charged next."""
    change(db, tenant, number, {"next_charge": to_micros(until)})


def lapse(db: Connection, tenant: int, number: str) -> None:
    """Take a number that was not paid for out of service."""
    change(db, tenant, number, {"next_charge": None, "status": INACTIVE})


def change(db: Connection, tenant: int, number: str, settings: Mapping[str, Any]) -> None:
    """Set columns of a number, as the table keeps them."""
    invalidate(db, tenant)
    db.execute(update(n).where(n.c.tenant == tenant, n.c.number == number).values(**settings))


def _page(db: Connection, query: Any, paging: Paging) -> Page[Number]:
    return fetch_page(db, query.order_by(n.c.number), paging, lambda row: _number(row[1:]))


def _number(row: Sequence[Any]) -> Number:
    number, account, shared, price, auto_renew, next_charge, *rest = row
    return Number(
        number, account, bool(shared), price, bool(auto_renew),
        None if next_charge is None else from_micros(next_charge), *rest,
    )  # fmt: skip
