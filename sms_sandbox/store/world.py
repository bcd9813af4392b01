"""What a fresh world holds: an account with money, its number, a shared one, and a pool to lease from."""

import calendar
from datetime import datetime

from sqlalchemy import Connection

from . import accounts, numbers, tenants
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
    own = numbers.Number(OWN_NUMBER, owner, False, NUMBER_PRICE, True, month_after(now), numbers.ACTIVE, "")
    shared = numbers.Number(SHARED_NUMBER, None, True, 0, False, None, numbers.ACTIVE, "")
    pool = [numbers.Number(each, None, False, NUMBER_PRICE, True, None, "available", "") for each in POOL]
    numbers.add(db, tenant.id, [own, shared, *pool])


def month_after(moment: datetime) -> datetime:
    """The same day of the next month, or that month's last."""
    year, month = (moment.year + 1, 1) if moment.month == 12 else (moment.year, moment.month + 1)
    return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))
