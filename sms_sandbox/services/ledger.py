"""Money that moves: each debit and credit changes a balance and adds a transaction.

The transactions of an account, from the opening balance on, add up to its balance. Nothing else changes a balance.
"""

from datetime import datetime

from sqlalchemy import Connection

from ..domain import pricing
from ..store import balances, transactions
from ..store.accounts import Account


def charge(
    db: Connection, account: Account, cost: int, type_id: int, description: str, now: datetime, message: int = 0,
    revenue: int = 0,
) -> bool:  # fmt: skip
    """Charge `cost` units to the account that pays. Returns False, and changes nothing, if it cannot pay.

    Raises GoneError if there is no such account.
    """
    balance = balances.charge(db, account.tenant, account.payer, cost)
    if balance is None:
        return False
    transactions.add(db, account.tenant, account.payer, -cost, balance, type_id, description, now, message, revenue)
    return True


def charge_sms(db: Connection, account: Account, message: int, parts: int, cost: int, now: datetime) -> bool:
    """Charge a message and count it for the client that sent it. Returns False if the payer cannot pay.

    The reseller earns its margin on every part. That is a part of the cost, so it is 0 if the cost is 0.
    """
    revenue = min(parts * account.sms_margin, cost) if account.parent is not None else 0
    if not charge(db, account, cost, transactions.SMS, "SMS charge", now, message, revenue):
        return False
    _count_sent(db, account, parts, cost, revenue)
    return True


def refund_sms(db: Connection, account: Account, message: int, parts: int, cost: int, now: datetime) -> None:
    """Refund a message's cost, or a part of it, and correct the client's totals.

    The refund goes to the account that paid, even if another one would pay now, or at another price.
    """
    payer, paid, earned = transactions.find_payment(db, account.tenant, message) or (account.payer, 0, 0)
    revenue = earned * cost // paid if paid else 0
    book(db, account.tenant, payer, cost, transactions.SMS, "SMS refund", now, message)
    _count_sent(db, account, -parts, -cost, -revenue)


def top_up(db: Connection, account: Account, amount: int, fee: int, now: datetime) -> None:
    """Buy `amount` units for the account by card. The card's fee is credited with them, and then charged."""
    sign = pricing.currency_sign(account.currency)
    bought = f"Credit Top Up - {sign}{pricing.from_units(amount):.2f}"
    if fee:
        bought += f" (+ {sign}{pricing.format_units(fee)} card processing fee)"
    book(db, account.tenant, account.id, amount + fee, transactions.TOP_UP, bought, now)
    book(db, account.tenant, account.id, -fee, transactions.FEE, "card processing fee", now)


def set_balance(db: Connection, account: Account, balance: int, now: datetime) -> None:
    """Set the balance of the account itself, by a transaction of the difference."""
    before = balances.read(db, account.tenant, account.id)
    book(db, account.tenant, account.id, balance - before, transactions.TOP_UP, "Balance set", now)


def book(
    db: Connection, tenant: int, account: int, amount: int, type_id: int, description: str, now: datetime,
    message: int = 0,
) -> None:  # fmt: skip
    """Add `amount` units, which may be negative, to an account's balance, and add the transaction."""
    balance = balances.add(db, tenant, account, amount)
    transactions.add(db, tenant, account, amount, balance, type_id, description, now, message)


def _count_sent(db: Connection, account: Account, sms: int, spend: int, revenue: int) -> None:
    if account.parent is not None:
        balances.count_sent(db, account.tenant, account.id, sms, spend, revenue)
