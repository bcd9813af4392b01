"""Accounts: their credentials, settings and prices."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace
from sqlalchemy import Connection, bindparam, select, update

from ..domain import faults
from ..domain.clock import MICROSECOND, Clock, to_micros
from . import ids, transactions
from .paging import Page, Paging, fetch_page
from .rules import CARRIER
from .statement import Statement
from .tables import accounts as a
from .tables import rules, tenants
from .timeline import build_clock
from .unit_of_work import cached, invalidate


class Account(Struct, frozen=True):
    """An account, with what a call needs of its tenant.

    Money is in units. `throttle` is calls per second, 0 for no limit. A `page_size` of 0 leaves it to the profile.
    `faulty` is True if a fault may meet its calls, `ruled` if the tenant has carrier rules. `magic` is the suffix of
    the magic key that was used.
    """

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
    parent: int | None
    reseller: bool
    client_pays: bool
    sms_margin: int
    number_margin: int
    global_optouts: bool
    seed: str
    profile: str
    strict_senders: bool
    delivery_delay: timedelta
    faulty: bool
    ruled: bool
    clock: Clock
    magic: str = ""

    @property
    def sms_price(self) -> int:
        """Price of a part of a message: the account's price, and for a client the reseller's margin."""
        return self.price + self.sms_margin

    @property
    def payer(self) -> int:
        """Id of the account that is charged: this one, or its reseller if the client does not pay."""
        return self.id if self.client_pays or self.parent is None else self.parent


OPENING = "Opening balance"
"""Description of the first transaction of an account."""


class NewAccount(Struct, frozen=True):
    """An account to be added; money in units. A client is an account with a `parent`, its reseller."""

    key: str
    secret: str | None
    name: str = ""
    currency: str = "AUD"
    balance: int = 100_000_000
    price: int = 8_700
    throttle: int = 15
    page_size: int = 0
    reseller: bool = True
    parent: int | None = None
    contact: str = ""
    email: str = ""
    msisdn: str = ""
    timezone: str = "Australia/Sydney"
    client_pays: bool = True
    sms_margin: int = 0
    number_margin: int = 0
    payment_method: str = "variable"
    top_up: int = 0
    dlr_url: str | None = None
    reply_url: str | None = None
    link_hits_url: str | None = None


_RULES = select(rules.c.id).where(rules.c.tenant == a.c.tenant)
_FAULTY = _RULES.where(rules.c.kind == faults.API).exists()
_RULED = _RULES.where(rules.c.kind == CARRIER).exists()
_COLUMNS = (
    a.c.tenant, a.c.id, a.c.key, a.c.secret, a.c.currency, a.c.price, a.c.throttle, a.c.page_size, a.c.suspended,
    a.c.dlr_url, a.c.reply_url, a.c.link_hits_url, a.c.parent, a.c.reseller, a.c.client_pays, a.c.sms_margin,
    a.c.number_margin, a.c.global_optouts, tenants.c.seed, tenants.c.profile, tenants.c.strict_senders,
    tenants.c.delivery_delay, _FAULTY, _RULED, tenants.c.clock_offset, tenants.c.frozen_at, tenants.c.moving,
)  # fmt: skip
_WITH_TENANT = select(*_COLUMNS).join_from(a, tenants, tenants.c.id == a.c.tenant)
_BY_KEY = Statement(_WITH_TENANT.where(a.c.key == bindparam("key")))
_BY_ID = Statement(_WITH_TENANT.where(a.c.tenant == bindparam("tenant"), a.c.id == bindparam("account")))
_FIRST = Statement(_WITH_TENANT.where(a.c.tenant == bindparam("tenant")).order_by(a.c.id).limit(1))
_NAMES = a.c.keys()
_ADD = Statement(
    f"INSERT INTO accounts ({', '.join(_NAMES)}) VALUES (:{', :'.join(_NAMES)})"  # noqa: S608 (the table's own names)
    " ON CONFLICT (key) DO NOTHING"
)
_BLANK = {column.name: None if column.nullable else 0 for column in a.c}
"""Values of the columns that a new account does not set: nothing sent yet, not suspended."""

_ONE = (a.c.tenant == bindparam("tenant"), a.c.id == bindparam("account"))
_SECRET = Statement(select(a.c.secret).where(*_ONE))


def add(db: Connection, tenant: int, new: NewAccount, now: datetime) -> int:
    """Add an account, and return its id. Raises ValueError if any account of any tenant has the key."""
    account = ids.take(db, tenant, "account")
    if not add_as(db, tenant, account, new, now):
        raise ValueError(f"The key {new.key!r} is not unique.")
    return account


def add_as(db: Connection, tenant: int, account: int, new: NewAccount, now: datetime) -> bool:
    """Add an account under an id, and its balance as the first transaction. Returns False if the key is taken."""
    given = asdict(new) | {name: int(getattr(new, name)) for name in ("reseller", "client_pays")}
    row = _BLANK | given | {"tenant": tenant, "id": account, "created": to_micros(now)}
    invalidate(db, tenant)  # the key may be one that was magic until now
    if not _ADD.run(db, **row):
        return False
    transactions.add(db, tenant, account, new.balance, new.balance, transactions.TOP_UP, OPENING, now)
    return True


def find_by_key(db: Connection, key: str) -> Account | None:
    """Return the account with a key."""
    return _build_or_none(_BY_KEY.one(db, key=key))


def list_by_secret(db: Connection, secret: str) -> list[Account]:
    """Return the accounts that have a secret."""
    keys = db.scalars(select(a.c.key).where(a.c.secret == secret)).all()
    return [account for key in keys if (account := find_by_key(db, key)) is not None]


def find_called(db: Connection, key: str) -> Account | None:
    """Return the account that a key calls: the account's own key, or one of its magic keys."""
    account = find_by_key(db, key)
    if account is None and (magic := faults.split_magic_key(key)):
        plain, suffix = magic
        account = find_by_key(db, plain)
        return account and replace(account, faulty=True, magic=suffix)
    return account


def read(db: Connection, tenant: int, account: int) -> Account | None:
    """Return the account with an id."""
    return _build_or_none(_BY_ID.one(db, tenant=tenant, account=account))


def find_first(db: Connection, tenant: int) -> Account | None:
    """Return the tenant's own account, which is its first."""
    return _build_or_none(_FIRST.one(db, tenant=tenant))


def list_page(db: Connection, tenant: int, paging: Paging) -> Page[Account]:
    """Return a page of the tenant's accounts, oldest first."""
    return fetch_page(db, _WITH_TENANT.where(a.c.tenant == tenant).order_by(a.c.id), paging, _build_account)


def _build_or_none(row: tuple[Any, ...] | None) -> Account | None:
    return None if row is None else _build_account(row)


def _build_account(row: Sequence[Any]) -> Account:
    (tenant, account, key, secret, currency, price, throttle, page_size, suspended, dlr, reply, hits, parent, reseller,
     client_pays, sms_margin, number_margin, global_optouts, seed, profile, strict, delay, faulty, ruled,
     *clock) = row  # fmt: skip
    return Account(
        tenant, account, key, secret, currency, price, throttle, page_size, bool(suspended), dlr, reply, hits, parent,
        bool(reseller), bool(client_pays), sms_margin, number_margin, bool(global_optouts), seed, profile, bool(strict),
        delay * MICROSECOND, bool(faulty), bool(ruled), build_clock(*clock),
    )  # fmt: skip


def find_secret(db: Connection, tenant: int, account: int) -> str:
    """Return the account's secret, or an empty string if it has none or is gone."""

    def find() -> str:
        return _SECRET.value(db, tenant=tenant, account=account) or ""

    return cached(db, tenant, ("secret", account), find)


def change(db: Connection, tenant: int, account: int, settings: Mapping[str, Any]) -> None:
    """Set columns of the account, as the table stores them. The balance is set by `ledger.set_balance` instead."""
    invalidate(db, tenant)
    db.execute(update(a).where(a.c.tenant == tenant, a.c.id == account).values(**settings))
