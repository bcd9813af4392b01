"""What a fresh world holds: an account with money, its number, a shared one, and a pool to lease from."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from ..journal import entries
from ..store import accounts, numbers, tenants, timeline
from ..store.accounts import NewAccount
from ..store.tenants import NewTenant, Tenant
from . import monthly_billing

OWN_NUMBER = "61491570112"
SHARED_NUMBER = "61491570101"
POOL = tuple(str(number) for number in range(61491570120, 61491570150))
NUMBER_PRICE = 2_500_000
"""Units a month: 25.00."""


@dataclass(frozen=True)
class TenantDefaults:
    """What worlds of this server are made with where nobody says otherwise; `throttle` is calls a second."""

    profile: str = "seed"
    throttle: int = 15
    strict_senders: bool = False
    delivery_delay: timedelta = timedelta(seconds=1)


def new_for_key(key: str, secret: str, name: str, usual: TenantDefaults) -> tuple[NewTenant, NewAccount]:
    """The world of an account that is known by its key and secret alone, and the account; the same name gives the same
    seed."""
    new = NewTenant(
        name=name,
        seed=f"sandbox {name}",
        profile=usual.profile,
        delivery_delay=usual.delivery_delay,
        strict_senders=usual.strict_senders,
    )
    return new, NewAccount(key, secret, name=name, throttle=usual.throttle)


def create(db: Connection, new: NewTenant, account: NewAccount, real: datetime) -> Tenant:
    """Make a tenant and all that a fresh one has."""
    tenant = tenants.add(db, new, real)
    fill(db, tenant, account, new.clock.now(real))
    return tenant


def fill(db: Connection, tenant: Tenant, account: NewAccount, now: datetime) -> None:
    """Fill an empty tenant with what a fresh one has."""
    entries.begin(db, tenant.id)
    owner = accounts.add(db, tenant.id, account, now)
    add_numbers(db, tenant.id, owner, now)


def add_numbers(db: Connection, tenant: int, owner: int, now: datetime) -> None:
    """Put a fresh world's numbers into a tenant without any: one that its own account leases, and what all share."""
    next_charge = monthly_billing.schedule_first(db, tenant, timeline.NUMBER_RENEWAL, int(OWN_NUMBER), now)
    own = numbers.Number(OWN_NUMBER, owner, False, NUMBER_PRICE, True, next_charge, numbers.ACTIVE)
    shared = numbers.Number(SHARED_NUMBER, None, True, 0, False, None, numbers.ACTIVE)
    pool = [numbers.Number(each, None, False, NUMBER_PRICE, True, None, numbers.AVAILABLE) for each in POOL]
    numbers.add(db, tenant, [own, shared, *pool])
