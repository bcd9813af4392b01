"""New tenants: an account with credit, its number, a shared number, and numbers to lease."""

from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import Connection

from ..journal import entries
from ..store import accounts, numbers, tenants, timeline
from ..store.accounts import NewAccount
from ..store.numbers import Number
from ..store.tenants import NewTenant, Tenant
from . import monthly_billing
from .quotas import Quotas

OWN_NUMBER = "61491570112"
SHARED_NUMBER = "61491570101"
POOL = tuple(str(number) for number in range(61491570120, 61491570150))
"""The numbers that can be leased."""

NUMBER_PRICE = 2_500_000
"""Units per month: 25.00."""


class TenantDefaults(Struct, frozen=True):
    """Settings of new tenants on this server; `throttle` is calls per second.

    `refused_secret` is the published one, if other machines can call.
    """

    profile: str = "seed"
    throttle: int = 15
    strict_senders: bool = False
    delivery_delay: timedelta = timedelta(seconds=1)
    quotas: Quotas = Quotas()
    refused_secret: str | None = None


def new_for_key(key: str, secret: str, name: str, defaults: TenantDefaults) -> tuple[NewTenant, NewAccount]:
    """Return a tenant and its account for a key and a secret. The seed follows from the name."""
    tenant = NewTenant(
        name=name,
        seed=f"sandbox {name}",
        profile=defaults.profile,
        delivery_delay=defaults.delivery_delay,
        strict_senders=defaults.strict_senders,
    )
    return tenant, NewAccount(key, secret, name=name, throttle=defaults.throttle)


def create(db: Connection, new: NewTenant, account: NewAccount, real: datetime) -> Tenant:
    """Create a tenant with all that a new one has."""
    tenant = tenants.add(db, new, real)
    fill(db, tenant, account, new.clock.now(real))
    return tenant


def fill(db: Connection, tenant: Tenant, account: NewAccount, now: datetime) -> None:
    """Fill an empty tenant with all that a new one has."""
    entries.begin(db, tenant.id)
    owner = accounts.add(db, tenant.id, account, now)
    add_numbers(db, tenant.id, owner, now)


def add_numbers(db: Connection, tenant: int, owner: int, now: datetime) -> None:
    """Add the numbers of a new tenant to one without any. One of them is leased by its own account."""
    next_charge = monthly_billing.schedule_first(db, tenant, timeline.NUMBER_RENEWAL, int(OWN_NUMBER), now)
    own = Number(OWN_NUMBER, owner, False, NUMBER_PRICE, True, next_charge, numbers.ACTIVE)
    shared = Number(SHARED_NUMBER, None, True, 0, False, None, numbers.ACTIVE)
    pool = [Number(number, None, False, NUMBER_PRICE, True, None, numbers.AVAILABLE) for number in POOL]
    numbers.add(db, tenant, [own, shared, *pool])
