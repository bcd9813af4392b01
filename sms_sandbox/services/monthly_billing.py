"""What is paid for by the month, leased numbers and keywords: when it is paid for next."""

from datetime import datetime

from sqlalchemy import Connection

from ..domain.clock import month_after
from ..store import keywords, numbers, timeline
from ..store.accounts import Account
from ..store.keywords import Keyword
from ..store.numbers import Number
from ..store.timeline import Due, Plan
from . import ledger

RENT = 2
"""Type of a transaction for a month of something; that of the real service is unknown."""


def charge_number(db: Connection, account: Account, number: Number, now: datetime) -> bool:
    """Let a month of a number be paid for; whether there was the money."""
    price = numbers.monthly_price(account, number)
    return ledger.charge(db, account, price, RENT, f"Number {number.number}, a month", now)


def charge_keyword(db: Connection, account: Account, keyword: Keyword, now: datetime) -> bool:
    """Let a month of a keyword be paid for; whether there was the money."""
    what = f"Keyword {keyword.keyword} on {keyword.number}, a month"
    return ledger.charge(db, account, keywords.MONTHLY_PRICE, RENT, what, now)


def schedule_first(db: Connection, tenant: int, kind: str, ref: int, now: datetime) -> datetime:
    """Plan the first renewal of something paid for now; when it is."""
    return _plan(db, tenant, kind, ref, month_after(now), now.day)


def schedule_next(db: Connection, renewed: Due) -> datetime:
    """Plan the renewal after one that was paid for; when it is."""
    day = int(renewed.data["day"])
    return _plan(db, renewed.tenant, renewed.kind, renewed.ref, month_after(renewed.due, day), day)


def _plan(db: Connection, tenant: int, kind: str, ref: int, due: datetime, day: int) -> datetime:
    timeline.schedule(db, tenant, [Plan(due, kind, ref, {"day": day})])
    return due
