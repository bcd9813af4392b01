"""Clients: accounts that belong to a reseller of the same tenant."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import Connection, bindparam, func, select

from ..domain import credentials
from ..domain.clock import from_micros
from . import accounts, ids
from .accounts import Account, NewAccount
from .paging import Page, Paging, fetch_page
from .statement import Statement
from .tables import accounts as a
from .tables import lists


class Client(Struct, frozen=True):
    """An account as its reseller sees it.

    Money is in units, a margin is units per SMS or number. `total_contacts` counts the active members of all its lists.
    """

    id: int
    parent: int | None
    name: str
    contact: str
    email: str
    msisdn: str
    currency: str
    client_pays: bool
    sms_margin: int
    timezone: str
    created: datetime
    key: str
    secret: str | None
    top_up: int
    total_lists: int
    total_sms: int
    total_contacts: int
    total_spend: int
    total_revenue: int
    credit_based: bool
    balance: int


class Details(Struct, frozen=True):
    """Settings of a client. None means the default for a new client, and no change for an existing one.

    Money is in units, a margin is units per SMS or number.
    """

    name: str | None = None
    email: str | None = None
    msisdn: str | None = None
    contact: str | None = None
    timezone: str | None = None
    client_pays: bool | None = None
    sms_margin: int | None = None
    number_margin: int | None = None
    top_up: int | None = None
    payment_method: str | None = None
    secret: str | None = None

    @property
    def given_columns(self) -> dict[str, Any]:
        """The settings that are not None, by column."""
        given = {name: value for name, value in asdict(self).items() if value is not None}
        return {name: int(value) if isinstance(value, bool) else value for name, value in given.items()}


_FIELDS = Client.__struct_fields__
_OWN_LISTS = (lists.c.tenant == a.c.tenant, lists.c.account == a.c.id)
_SELECTED = select(
    a.c.id, a.c.parent, a.c.name, a.c.contact, a.c.email, a.c.msisdn, a.c.currency, a.c.client_pays, a.c.sms_margin,
    a.c.timezone, a.c.created, a.c.key, a.c.secret, a.c.top_up,
    select(func.count()).where(*_OWN_LISTS).scalar_subquery().label("total_lists"),
    a.c.total_sms,
    select(func.coalesce(func.sum(lists.c.members_active), 0)).where(*_OWN_LISTS).scalar_subquery().label("contacts"),
    a.c.total_spend, a.c.total_revenue, a.c.credit_based, a.c.balance,
)  # fmt: skip
_READ = Statement(_SELECTED.where(a.c.tenant == bindparam("tenant"), a.c.id == bindparam("client")))
_COUNT = Statement(
    select(func.count()).select_from(a).where(a.c.tenant == bindparam("tenant"), a.c.parent == bindparam("reseller"))
)
_LOCK = Statement(select(a.c.id).where(a.c.tenant == bindparam("tenant")).order_by(a.c.id).limit(1).with_for_update())
_NAMED = Statement(
    select(a.c.id).where(
        a.c.tenant == bindparam("tenant"), a.c.parent == bindparam("reseller"), a.c.name == bindparam("called")
    )
)
_MAILED = Statement(select(a.c.id).where(a.c.tenant == bindparam("tenant"), a.c.email == bindparam("email")))
_TIMEZONE = Statement(select(a.c.timezone).where(a.c.tenant == bindparam("tenant"), a.c.id == bindparam("account")))


def add(db: Connection, reseller: Account, new: Details, now: datetime) -> int | None:
    """Add a client without money, and return its id. Returns None if its name or e-mail is taken.

    It pays the reseller's price and margin in the same currency, and has the reseller's throttle.
    """
    _LOCK.one(db, tenant=reseller.tenant)
    if _taken(db, reseller, new, None):
        return None
    client = ids.take(db, reseller.tenant, "account")
    defaults = {
        "secret": credentials.derive_key(reseller.seed, "secret", client),
        "contact": new.name,
        "timezone": _TIMEZONE.value(db, tenant=reseller.tenant, account=reseller.id),
    }
    # From the seed alone, so that a replay gives the same key, unless two tenants with one seed exist at once.
    for sources in ((reseller.seed, "key", client), (reseller.seed, "key", client, reseller.tenant)):
        account = NewAccount(
            credentials.derive_key(*sources),
            currency=reseller.currency,
            balance=0,
            price=reseller.sms_price,
            throttle=reseller.throttle,
            page_size=reseller.page_size,
            reseller=False,
            parent=reseller.id,
            **(defaults | new.given_columns),
        )
        if accounts.add_as(db, reseller.tenant, client, account, now):
            return client
    raise RuntimeError(f"No key is left for account {client} of tenant {reseller.tenant}.")


def find_by_name(db: Connection, reseller: Account, name: str) -> int | None:
    """Return the id of the reseller's client with a name."""
    client: int | None = _NAMED.value(db, tenant=reseller.tenant, reseller=reseller.id, called=name)
    return client


def change(db: Connection, reseller: Account, client: int, new: Details) -> bool:
    """Change settings of a client. Returns False if its new name or e-mail is taken."""
    _LOCK.one(db, tenant=reseller.tenant)
    if _taken(db, reseller, new, client):
        return False
    if new.given_columns:
        accounts.change(db, reseller.tenant, client, new.given_columns)
    return True


def _taken(db: Connection, reseller: Account, new: Details, client: int | None) -> bool:
    """Return True if the name or the e-mail is taken.

    Names are unique among the clients of a reseller, e-mails among the accounts of a tenant.

    The caller locks the tenant's first account before, so that two calls at once cannot both find a name free.
    """
    named = _NAMED.all(db, tenant=reseller.tenant, reseller=reseller.id, called=new.name) if new.name else []
    mailed = _MAILED.all(db, tenant=reseller.tenant, email=new.email) if new.email else []
    return any(other != client for (other,) in [*named, *mailed])


def read(db: Connection, tenant: int, client: int) -> Client | None:
    """Return an account of the tenant as a reseller would see it."""
    row = _READ.one(db, tenant=tenant, client=client)
    return None if row is None else _build_client(row)


def list_page(db: Connection, reseller: Account, paging: Paging) -> Page[Client]:
    """Return a page of a reseller's clients by name, in reverse alphabetical order."""
    total = _COUNT.value(db, tenant=reseller.tenant, reseller=reseller.id)
    query = _SELECTED.where(a.c.tenant == reseller.tenant, a.c.parent == reseller.id)
    return fetch_page(db, query, paging, _build_client, total, (a.c.name.desc(), a.c.id.desc()))


def _build_client(row: Sequence[Any]) -> Client:
    values = dict(zip(_FIELDS, row, strict=True))
    values |= {name: bool(values[name]) for name in ("client_pays", "credit_based")}
    # The type of a sum is Decimal on PostgreSQL.
    values |= {"created": from_micros(values["created"]), "total_contacts": int(values["total_contacts"])}
    return Client(**values)
