"""Virtual numbers: owned, shared, and waiting to be leased."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from ..domain.clock import from_micros, to_micros
from .engine import Statement
from .paging import Page, Paging, fetch
from .tables import numbers as n


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
    forward_url: str


ACTIVE = "active"

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


def add(db: Connection, tenant: int, numbers: Iterable[Number]) -> None:
    """Put numbers into the tenant's world."""
    _ADD.many(
        db,
        [
            {
                "tenant": tenant,
                "number": each.number,
                "account": each.account,
                "shared": int(each.shared),
                "price": each.price,
                "auto_renew": int(each.auto_renew),
                "next_charge": each.next_charge and to_micros(each.next_charge),
                "status": each.status,
                "forward_url": each.forward_url,
            }
            for each in numbers
        ],
    )


def read(db: Connection, tenant: int, number: str) -> Number | None:
    row = _READ.one(db, tenant=tenant, number=number)
    return None if row is None else _number(row[1:])


def may_send(db: Connection, tenant: int, account: int, number: str) -> bool:
    """Whether the account may send from the number: it leases it, or everybody shares it."""
    return _MAY_SEND.one(db, tenant=tenant, account=account, number=number) is not None


def sender_for(db: Connection, tenant: int, account: int, shared: bool) -> str | None:
    """The number a message without a sender goes out from: the account's own, else (or if asked) a shared one."""
    own = None if shared else _OWN.value(db, tenant=tenant, account=account)
    found: str | None = own or _SHARED.value(db, tenant=tenant)
    return found


def owned(db: Connection, tenant: int, account: int, paging: Paging) -> Page[Number]:
    return _page(db, select(n).where(n.c.tenant == tenant, n.c.account == account), paging)


def available(db: Connection, tenant: int, paging: Paging) -> Page[Number]:
    return _page(db, select(n).where(n.c.tenant == tenant, n.c.account.is_(None), n.c.shared == 0), paging)


def _page(db: Connection, query: Any, paging: Paging) -> Page[Number]:
    return fetch(db, query.order_by(n.c.number), paging, lambda row: _number(row[1:]))


def _number(row: Sequence[Any]) -> Number:
    number, account, shared, price, auto_renew, next_charge, status, forward_url = row
    return Number(
        number, account, bool(shared), price, bool(auto_renew),
        None if next_charge is None else from_micros(next_charge), status, forward_url,
    )  # fmt: skip
