"""The throttle: a limit on the calls of an account in any second, over all processes."""

from collections import deque

from sqlalchemy import Connection

from ..domain.throttle import admit_within_rate, count_last_second
from .accounts import Account
from .connection import unit_of
from .tenant_versions import THROTTLE


def _now(account: Account, real: float) -> float:
    """Return the time that the throttle counts by, in seconds since 1970."""
    frozen_at = account.clock.frozen_at
    return real if frozen_at is None else frozen_at.timestamp()


def count(db: Connection, account: Account, real: float) -> int:
    """Return the calls of an account that the throttle counts at a real time."""
    calls = unit_of(db).cache_of(account.tenant).windows.get(account.id, ())
    return count_last_second(calls, _now(account, real))


def admit(db: Connection, account: Account, real: float) -> bool:
    """Count a call of an account at a real time, in seconds since 1970. False if it is over the account's limit.

    While the tenant's clock is frozen, its time counts instead, so that a test can wait by advancing it.
    """
    if account.throttle <= 0:
        return True
    now = _now(account, real)
    unit = unit_of(db)
    calls = unit.mark_changed(account.tenant, THROTTLE).windows.setdefault(account.id, deque())
    if not admit_within_rate(calls, now, account.throttle):
        return False
    unit.on_undo(calls.pop)
    return True
