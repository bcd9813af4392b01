"""Money that moves: every debit and credit changes a balance and is written down as a transaction.

An account's transactions add up to its balance, from the one that opened it on: balances change nowhere else.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from ..domain import pricing
from ..store import transactions
from ..store.accounts import Account
from ..store.statement import Statement
from ..store.tables import accounts as a
from ..store.timeline import GoneError
from ..store.unit_of_work import owe, remembered, remembers

SMS, FEE, TOP_UP = transactions.SMS, transactions.FEE, transactions.TOP_UP

_ONE = (a.c.tenant == bindparam("tenant_"), a.c.id == bindparam("account"))
_CHARGE = Statement(
    update(a)
    .where(*_ONE, (a.c.balance >= bindparam("cost")) | (a.c.credit_based == 1) | (bindparam("cost") == 0))
    .values(balance=a.c.balance - bindparam("cost"))
    .returning(a.c.balance)
)
_CREDIT = Statement(update(a).where(*_ONE).values(balance=a.c.balance + bindparam("amount")).returning(a.c.balance))
_SET = Statement(update(a).where(*_ONE).values(balance=bindparam("left")))
_PURSE = Statement(select(a.c.balance, a.c.credit_based).where(*_ONE))
_HOLD = Statement(select(a.c.balance).where(*_ONE).with_for_update())
_COUNT = Statement(
    update(a)
    .where(*_ONE)
    .values(
        total_sms=a.c.total_sms + bindparam("sms"),
        total_spend=a.c.total_spend + bindparam("spend"),
        total_revenue=a.c.total_revenue + bindparam("revenue"),
    )
)


@dataclass
class Purse:
    """What an account has, in units, and whether it may owe; as it stands, where one process owns the data."""

    units: int
    may_owe: bool

    def lacks(self, cost: int) -> bool:
        """Whether a cost can't be paid. What is free always can, whatever is owed."""
        return self.units < cost and cost != 0 and not self.may_owe


def balance(db: Connection, tenant: int, account: int) -> int:
    """What the account has, in units; may be negative. GoneError where there is no such account."""
    return _purse(db, tenant, account).units


def _purse(db: Connection, tenant: int, account: int) -> Purse:
    def find() -> Purse:
        row = _PURSE.one(db, tenant_=tenant, account=account)
        if row is None:
            raise GoneError(tenant)
        return Purse(row[0], bool(row[1]))

    return remembered(db, ("purse", tenant, account), find)


def _move(db: Connection, tenant: int, account: int, amount: int) -> int:
    """Change a balance by `amount` units; what it is then."""
    if not remembers(db):
        return int(_CREDIT.value(db, tenant_=tenant, account=account, amount=amount))
    purse = _purse(db, tenant, account)
    purse.units += amount
    owe(db, _SET, (tenant, account), (purse.units, tenant, account))
    return purse.units


def _take(db: Connection, tenant: int, account: int, cost: int) -> int | None:
    """Take `cost` units from a balance; what it is then, or None where they are not there."""
    if remembers(db):
        return None if _purse(db, tenant, account).lacks(cost) else _move(db, tenant, account, -cost)
    left: int | None = _CHARGE.value(db, tenant_=tenant, account=account, cost=cost)
    if left is None:
        _purse(db, tenant, account)  # which is there, and too small
    return left


def charge(
    db: Connection, account: Account, cost: int, type_id: int, description: str, now: datetime, message: int = 0,
    revenue: int = 0,
) -> bool:  # fmt: skip
    """Take `cost` units from whoever pays for the account, if they have them or may owe them; whether they were taken.

    Where they are not, nothing is taken and nothing written down. GoneError where there is no such account.
    """
    left = _take(db, account.tenant, account.payer, cost)
    if left is None:
        return False
    transactions.add(db, account.tenant, account.payer, -cost, left, type_id, description, now, message, revenue)
    return True


def credit(
    db: Connection, account: Account, amount: int, type_id: int, description: str, now: datetime, message: int = 0
) -> None:
    """Give `amount` units to whoever pays for the account."""
    _give(db, account.tenant, account.payer, amount, type_id, description, now, message)


def charge_sms(db: Connection, account: Account, message: int, parts: int, cost: int, now: datetime) -> bool:
    """Let a message be paid for, and count it among what a client sent; whether there was the money.

    What its reseller earns is the margin on every part. It is a part of the cost, so nothing where that is nothing.
    """
    revenue = min(parts * account.sms_margin, cost) if account.parent is not None else 0
    if not charge(db, account, cost, SMS, "SMS charge", now, message, revenue):
        return False
    _count(db, account, parts, cost, revenue)
    return True


def refund_sms(db: Connection, account: Account, message: int, parts: int, cost: int, now: datetime) -> None:
    """Give a message's cost, or a part of it, back to who paid it, whoever would pay now and at what price, and no
    longer count it."""
    payer, paid, earned = transactions.paid_for(db, account.tenant, message) or (account.payer, 0, 0)
    revenue = earned * cost // paid if paid else 0
    _give(db, account.tenant, payer, cost, SMS, "SMS refund", now, message)
    _count(db, account, -parts, -cost, -revenue)


def top_up(db: Connection, account: Account, amount: int, fee: int, now: datetime) -> None:
    """Buy credit of `amount` units for the account itself by card: it is given with the card's fee, which is taken."""
    sign = pricing.sign_of(account.currency)
    bought = f"Credit Top Up - {sign}{pricing.from_units(amount):.2f}"
    if fee:
        bought += f" (+ {sign}{pricing.brief(fee)} card processing fee)"
    _give(db, account.tenant, account.id, amount + fee, TOP_UP, bought, now)
    _give(db, account.tenant, account.id, -fee, FEE, "card processing fee", now)


def set_balance(db: Connection, account: Account, balance: int, now: datetime) -> None:
    """Let the account itself have `balance` units, by a transaction of the difference."""
    there = _HOLD.value(db, tenant_=account.tenant, account=account.id)
    _give(db, account.tenant, account.id, balance - there, TOP_UP, "Balance set", now)


def book(
    db: Connection, tenant: int, account: int, amount: int, type_id: int, description: str, now: datetime
) -> None:  # fmt: skip
    """Change an account's balance by a transaction that was made elsewhere, and is made again."""
    _give(db, tenant, account, amount, type_id, description, now)


def _give(
    db: Connection, tenant: int, account: int, amount: int, type_id: int, description: str, now: datetime,
    message: int = 0,
) -> None:  # fmt: skip
    after = _move(db, tenant, account, amount)
    transactions.add(db, tenant, account, amount, after, type_id, description, now, message)


def _count(db: Connection, account: Account, sms: int, spend: int, revenue: int) -> None:
    if account.parent is not None:
        _COUNT.run(db, tenant_=account.tenant, account=account.id, sms=sms, spend=spend, revenue=revenue)
