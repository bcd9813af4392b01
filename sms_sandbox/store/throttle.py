"""The throttle: a limit on the calls of an account in any second, over all processes."""

from collections import deque

from sqlalchemy import Connection

from ..domain import throttle as window
from .accounts import Account
from .connection import unit_of
from .tenant_versions import THROTTLE


def admit(db: Connection, account: Account, real: float) -> bool:
    """Count a call of an account at a real time, in seconds since 1970. False if it is over the account's limit.

    While the tenant's clock stands, its time counts instead, so that a test can wait by moving the clock.
    """
    if account.throttle <= 0:
        return True
    frozen_at = account.clock.frozen_at
    now = real if frozen_at is None else frozen_at.timestamp()
    unit = unit_of(db)
    calls = unit.mark_changed(account.tenant, THROTTLE).windows.setdefault(account.id, deque())
    if not window.admit(calls, now, account.throttle):
        return False
    unit.on_undo(calls.pop)
    return True
