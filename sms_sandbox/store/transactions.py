"""The transactions of accounts: one row for each change of a balance, with the balance after it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, bindparam, func, insert, select

from ..domain.clock import from_micros, to_micros
from . import unit_of_work
from .paging import Page, Paging, fetch_page
from .statement import Statement
from .tables import transactions as t
from .totals import Totals

SMS = 1
"""Type of a transaction for messages; those of the real service are unknown (reference 7.6)."""

FEE = 3
TOP_UP = 23

TOTALS = Totals("transaction", t, t.c.created)


class Transaction(Struct, frozen=True):
    """A change of an account's balance.

    `amount` and `balance` are in units; a charge is negative. `message` is the message paid for, or 0.
    """

    id: int
    account: int
    description: str
    amount: int
    balance: int
    created: datetime
    message: int
    type_id: int


_COLUMNS = (t.c.id, t.c.account, t.c.description, t.c.amount, t.c.balance, t.c.created, t.c.message, t.c.type_id)
_ADD = Statement(insert(t))
_READ = Statement(select(*_COLUMNS).where(t.c.tenant == bindparam("tenant"), t.c.id == bindparam("transaction")))
_of_message = select(func.min(t.c.id)).where(t.c.tenant == bindparam("tenant"), t.c.message == bindparam("message"))
# The id is read from the index alone. For other columns, SQLite would read all transactions of the tenant.
_OF_MESSAGE = Statement(
    select(t.c.account, -t.c.amount, t.c.revenue).where(
        t.c.tenant == bindparam("tenant"), t.c.id == _of_message.correlate(None).scalar_subquery()
    )
)


def add(
    db: Connection, tenant: int, account: int, amount: int, balance: int, type_id: int, description: str,
    now: datetime, message: int = 0, revenue: int = 0,
) -> None:  # fmt: skip
    """Record that the account's balance changed by `amount` units and is `balance` now.

    An `amount` of 0 is not recorded. `revenue` is the part of the amount that a reseller earns.
    """
    if not amount:
        return
    transaction = TOTALS.take_id(db, tenant)
    row = (
        tenant, transaction, account, description, amount, balance, to_micros(now), message, type_id, revenue,
    )  # fmt: skip
    unit_of_work.write_all_later(db, _ADD, [row])


def read(db: Connection, tenant: int, transaction: int) -> Transaction | None:
    row = _READ.one(db, tenant=tenant, transaction=transaction)
    return None if row is None else _transaction(row)


def list_page(
    db: Connection, tenant: int, account: int, start: datetime | None, end: datetime | None, paging: Paging
) -> Page[Transaction]:
    """Return a page of an account's transactions, newest first. `start` and `end` are inclusive; None is no limit."""
    query = select(*_COLUMNS).where(t.c.tenant == tenant, t.c.account == account)
    if start is not None:
        query = query.where(t.c.created >= to_micros(start))
    if end is not None:
        query = query.where(t.c.created <= to_micros(end))
    total = TOTALS.count(db, tenant, account, start, end).total
    return fetch_page(db, query, paging, _transaction, total, (t.c.id.desc(),))


def find_payment(db: Connection, tenant: int, message: int) -> tuple[int, int, int] | None:
    """Return who paid for a message: the account, the units, and the reseller's revenue.

    None if nothing was paid.
    """
    row = _OF_MESSAGE.one(db, tenant=tenant, message=message)
    return None if row is None else (row[0], row[1], row[2])


def _transaction(row: Sequence[Any]) -> Transaction:
    transaction, account, description, amount, balance, created, message, type_id = row
    return Transaction(transaction, account, description, amount, balance, from_micros(created), message, type_id)
