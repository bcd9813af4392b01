"""What a fresh world holds: an account with money, its number, a shared one, and a pool to lease from."""

from datetime import datetime

from sqlalchemy import Connection

from . import accounts, billing, numbers, tenants
from .accounts import NewAccount
from .tenants import NewTenant, Tenant

OWN_NUMBER = "61491570112"
SHARED_NUMBER = "61491570101"
POOL = tuple(str(number) for number in range(61491570120, 61491570150))
NUMBER_PRICE = 2_500_000
"""Units a month: 25.00."""


def found(db: Connection, new: NewTenant, account: NewAccount, real: datetime) -> Tenant:
    """Make a tenant and all that a fresh one has."""
    tenant = tenants.add(db, new, real)
    settle(db, tenant, account, new.clock.now(real))
    return tenant


def settle(db: Connection, tenant: Tenant, account: NewAccount, now: datetime) -> None:
    """Fill an empty tenant with what a fresh one has."""
    owner = accounts.add(db, tenant.id, account, now)
    next_charge = billing.begin(db, tenant.id, billing.NUMBER, int(OWN_NUMBER), now)
    own = numbers.Number(OWN_NUMBER, owner, False, NUMBER_PRICE, True, next_charge, numbers.ACTIVE)
    shared = numbers.Number(SHARED_NUMBER, None, True, 0, False, None, numbers.ACTIVE)
    pool = [numbers.Number(each, None, False, NUMBER_PRICE, True, None, numbers.AVAILABLE) for each in POOL]
    numbers.add(db, tenant.id, [own, shared, *pool])
