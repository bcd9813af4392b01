"""Accounts: who calls, what they may, and their money."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from ..domain.clock import Clock, to_micros
from . import ids
from .engine import Statement, changed
from .tables import accounts as a
from .tables import tenants
from .timeline import clock_of


@dataclass(frozen=True)
class Account:
    """An account and what of its tenant a call needs. Money is in units; `throttle` is calls a second, 0 is no limit;
    `page_size` is the account's own, and 0 leaves it to the profile."""

    tenant: int
    id: int
    key: str
    secret: str | None
    currency: str
    price: int
    throttle: int
    page_size: int
    suspended: bool
    dlr_url: str | None
    reply_url: str | None
    link_hits_url: str | None
    seed: str
    profile: str
    strict_senders: bool
    clock: Clock


@dataclass(frozen=True)
class NewAccount:
    """What an account is made with; money in units."""

    key: str
    secret: str | None
    name: str = ""
    currency: str = "AUD"
    balance: int = 100_000_000
    price: int = 8_700
    throttle: int = 15
    page_size: int = 0


_COLUMNS = (
    a.c.tenant, a.c.id, a.c.key, a.c.secret, a.c.currency, a.c.price, a.c.throttle, a.c.page_size, a.c.suspended,
    a.c.dlr_url, a.c.reply_url, a.c.link_hits_url, tenants.c.seed, tenants.c.profile, tenants.c.strict_senders,
    tenants.c.clock_offset, tenants.c.frozen_at, tenants.c.moving,
)  # fmt: skip
_WITH_TENANT = select(*_COLUMNS).join_from(a, tenants, tenants.c.id == a.c.tenant)
_BY_KEY = Statement(_WITH_TENANT.where(a.c.key == bindparam("key")))
_BY_ID = Statement(_WITH_TENANT.where(a.c.tenant == bindparam("tenant"), a.c.id == bindparam("account")))
_FIRST = Statement(_WITH_TENANT.where(a.c.tenant == bindparam("tenant")).order_by(a.c.id).limit(1))
_ADD = Statement(insert(a))
_ONE = (a.c.tenant == bindparam("tenant_"), a.c.id == bindparam("account"))
_CHARGE = Statement(
    update(a)
    .where(*_ONE, (a.c.balance >= bindparam("cost")) | (a.c.credit_based == 1))
    .values(balance=a.c.balance - bindparam("cost"))
)
_CREDIT = Statement(update(a).where(*_ONE).values(balance=a.c.balance + bindparam("amount")))
_BALANCE = Statement(select(a.c.balance).where(*_ONE))


def add(db: Connection, tenant: int, new: NewAccount, now: datetime) -> int:
    """Make an account in the tenant and answer its id. The key must be new among all tenants."""
    account = ids.take(db, tenant, "account")
    _ADD.run(
        db,
        tenant=tenant,
        id=account,
        key=new.key,
        secret=new.secret,
        name=new.name,
        currency=new.currency,
        balance=new.balance,
        price=new.price,
        credit_based=0,
        throttle=new.throttle,
        page_size=new.page_size,
        dlr_url=None,
        reply_url=None,
        link_hits_url=None,
        suspended=0,
        created=to_micros(now),
    )
    return account


def by_key(db: Connection, key: str) -> Account | None:
    return _account(_BY_KEY.one(db, key=key))


def read(db: Connection, tenant: int, account: int) -> Account | None:
    return _account(_BY_ID.one(db, tenant=tenant, account=account))


def first_of(db: Connection, tenant: int) -> Account | None:
    """The tenant's own account: the one it was made with."""
    return _account(_FIRST.one(db, tenant=tenant))


def _account(row: tuple[Any, ...] | None) -> Account | None:
    if row is None:
        return None
    (tenant, account, key, secret, currency, price, throttle, page_size, suspended, dlr, reply, hits, seed, profile,
     strict, offset, frozen_at, moving) = row  # fmt: skip
    return Account(
        tenant, account, key, secret, currency, price, throttle, page_size, bool(suspended), dlr, reply, hits, seed,
        profile, bool(strict), clock_of(offset, frozen_at, moving),
    )  # fmt: skip


def balance(db: Connection, tenant: int, account: int) -> int:
    """What the account has, in units; may be negative."""
    return int(_BALANCE.value(db, tenant_=tenant, account=account))


def charge(db: Connection, tenant: int, account: int, cost: int) -> bool:
    """Take `cost` units if the account has them (or may owe them); otherwise nothing is taken and the answer is no."""
    return _CHARGE.run(db, tenant_=tenant, account=account, cost=cost) == 1


def credit(db: Connection, tenant: int, account: int, amount: int) -> None:
    """Give `amount` units."""
    _CREDIT.run(db, tenant_=tenant, account=account, amount=amount)


def change(db: Connection, tenant: int, account: int, settings: Mapping[str, Any]) -> None:
    """Set columns of the account, as the table keeps them."""
    changed(db)
    db.execute(update(a).where(a.c.tenant == tenant, a.c.id == account).values(**settings))
