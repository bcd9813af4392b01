"""The gate: who calls, and whether they may call now. It remembers where one process owns the data."""

import time
from collections import deque
from collections.abc import Callable
from typing import TypeAlias

from sqlalchemy import Connection

from ..domain import credentials
from ..domain import throttle as window
from ..store import accounts, throttle
from ..store.accounts import Account
from ..store.database import Store
from .errors import ApiError, Code

MOST_WINDOWS = 10_000
"""Accounts whose calls of the last second are kept before those that went quiet are dropped."""

MOST_KNOWN = 10_000
"""Credentials remembered before all are forgotten."""

Welcome: TypeAlias = Callable[[Connection, str, str], None]
"""Makes an account of a key that nobody has and the secret it comes with, if it can be one."""


class Gate:
    """Credentials and the throttle, in memory for an embedded store, by the database for a shared one.

    With `welcome`, a key that nobody has is let in as an account made for it; without `throttles`, nobody waits.
    """

    def __init__(self, store: Store, welcome: Welcome | None = None, throttles: bool = True) -> None:
        self._store = store
        self._throttles = throttles
        self._welcome = welcome
        self._known: dict[str, Account] = {}
        self._generation = -1
        self._windows: dict[tuple[int, int], deque[float]] = {}

    def admit(self, authorization: str) -> Account:
        """The account that calls. Raises ApiError for one that is unknown, suspended, or over its limit."""
        account = self._recognise(authorization)
        if self._throttles and not self._in_time(account):
            raise ApiError(Code.OVER_LIMIT)
        if account.suspended:
            raise ApiError(Code.ACCOUNT_EXPIRED)
        return account

    def _recognise(self, authorization: str) -> Account:
        """Whose credentials these are, remembered by how they are written until some account changes."""
        if self._generation != self._store.generation or len(self._known) > MOST_KNOWN:
            self._known, self._generation = {}, self._store.generation
        account = self._known.get(authorization)
        if account is None:
            account = self._find(authorization)
            if self._store.embedded:
                self._known[authorization] = account
        return account

    def _find(self, authorization: str) -> Account:
        pair = credentials.basic(authorization)
        if pair is None:
            raise ApiError(Code.AUTH_FAILED_NO_DATA)
        key, secret = pair
        account = self._ask_for(key) or self._let_in(key, secret)
        if account is None or not credentials.is_secret(secret, account.secret):
            raise ApiError(Code.AUTH_FAILED)
        return account

    def _let_in(self, key: str, secret: str) -> Account | None:
        if self._welcome is None:
            return None
        with self._store.begin() as db:
            self._welcome(db, key, secret)
        return self._ask_for(key)

    def _ask_for(self, key: str) -> Account | None:
        with self._store.begin() as db:
            return accounts.called(db, key)

    def caller(self, authorization: str) -> Account | None:
        """The account a call names, whether or not it knows its secret."""
        pair = credentials.basic(authorization)
        return pair and self._ask_for(pair[0])

    def _in_time(self, account: Account) -> bool:
        if not self._store.embedded:
            with self._store.begin() as db:
                return throttle.admit(db, account.tenant, account.id, account.throttle)
        now = time.monotonic()
        if len(self._windows) > MOST_WINDOWS:
            self._windows = {who: calls for who, calls in self._windows.items() if calls and calls[-1] > now - 1}
        calls = self._windows.setdefault((account.tenant, account.id), deque())
        return window.admit(calls, now, account.throttle)
