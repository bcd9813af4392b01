"""Monthly billing of leased numbers and keywords."""

from datetime import datetime

from sqlalchemy import Connection

from ..domain.clock import month_after
from ..store import keywords, numbers, timeline
from ..store.accounts import Account
from ..store.keywords import Keyword
from ..store.numbers import Number
from ..store.timeline import Due, Plan
from . import ledger

_RENT = 2
"""Type of a transaction for a month. The type of the real service is unknown."""


def charge_number(db: Connection, account: Account, number: Number, now: datetime) -> bool:
    """Charge a month of a number. Returns False if the payer cannot pay."""
    price = numbers.monthly_price(account, number)
    return ledger.charge(db, account, price, _RENT, f"Number {number.number}, a month", now)


def charge_keyword(db: Connection, account: Account, keyword: Keyword, now: datetime) -> bool:
    """Charge a month of a keyword. Returns False if the payer cannot pay."""
    description = f"Keyword {keyword.keyword} on {keyword.number}, a month"
    return ledger.charge(db, account, keywords.MONTHLY_PRICE, _RENT, description, now)


def schedule_first(db: Connection, tenant: int, kind: str, ref: int, now: datetime) -> datetime:
    """Schedule the first renewal, for what is charged now, and return when it is due."""
    return _schedule(db, tenant, kind, ref, month_after(now), now.day)


def schedule_next(db: Connection, renewal: Due) -> datetime:
    """Schedule the renewal after one that was charged, and return when it is due."""
    day = int(renewal.data["day"])
    return _schedule(db, renewal.tenant, renewal.kind, renewal.ref, month_after(renewal.due, day), day)


def _schedule(db: Connection, tenant: int, kind: str, ref: int, due: datetime, day: int) -> datetime:
    timeline.schedule(db, tenant, [Plan(due, kind, ref, {"day": day})])
    return due
