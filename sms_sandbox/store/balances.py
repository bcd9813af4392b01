"""Balances of accounts, in units, and the totals of what clients sent."""

from sqlalchemy import Connection, bindparam, select, update

from .statement import Statement
from .tables import accounts as a
from .tenant_state import Purse
from .timeline import GoneError
from .unit_of_work import state, write_later

_ONE = (a.c.tenant == bindparam("tenant_"), a.c.id == bindparam("account"))
_READ = Statement(select(a.c.balance, a.c.credit_based).where(*_ONE))
_SET = Statement(update(a).where(*_ONE).values(balance=bindparam("units")))
_COUNT = Statement(
    update(a)
    .where(*_ONE)
    .values(
        total_sms=a.c.total_sms + bindparam("sms"),
        total_spend=a.c.total_spend + bindparam("spend"),
        total_revenue=a.c.total_revenue + bindparam("revenue"),
    )
)


def read(db: Connection, tenant: int, account: int) -> int:
    """Return the balance, which may be negative. Raises GoneError if there is no such account."""
    return _purse(db, tenant, account).units


def add(db: Connection, tenant: int, account: int, amount: int) -> int:
    """Add an amount, which may be negative, and return the new balance."""
    purse = _purse(db, tenant, account)
    purse.units += amount
    write_later(db, _SET, (tenant, account), (purse.units, tenant, account))
    return purse.units


def charge(db: Connection, tenant: int, account: int, cost: int) -> int | None:
    """Subtract a cost and return the new balance. Returns None if the account cannot pay.

    Raises GoneError if there is no such account.
    """
    return add(db, tenant, account, -cost) if _purse(db, tenant, account).can_pay(cost) else None


def count_sent(db: Connection, tenant: int, account: int, sms: int, spend: int, revenue: int) -> None:
    """Add to the totals of what a client sent; negative numbers take back."""
    _COUNT.run(db, tenant_=tenant, account=account, sms=sms, spend=spend, revenue=revenue)


def _purse(db: Connection, tenant: int, account: int) -> Purse:
    def find() -> Purse:
        row = _READ.one(db, tenant_=tenant, account=account)
        if row is None:
            raise GoneError(tenant)
        return Purse(row[0], bool(row[1]))

    return state(db, tenant, account, find)
