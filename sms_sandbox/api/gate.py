"""Authenticates calls and throttles them."""

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

MAX_THROTTLE_WINDOWS = 10_000
"""Number of throttle windows in memory at which those of quiet accounts are dropped."""

_MAX_CACHED_CREDENTIALS = 10_000
"""Number of cached credentials at which the cache is emptied."""

_CreateAccount: TypeAlias = Callable[[Connection, str, str], None]
"""Creates an account for an unknown key and its secret, if they are allowed as credentials."""


class Gate:
    """Checks credentials and the throttle.

    Credentials and throttle windows are kept in memory if this process owns the store, else in the database. With
    `create_account`, an unknown key becomes an account. With `throttles` off, no call is refused with OVER_LIMIT.
    """

    def __init__(self, store: Store, create_account: _CreateAccount | None = None, throttles: bool = True) -> None:
        self._store = store
        self._throttles = throttles
        self._create_account = create_account
        self._cache: dict[str, Account] = {}
        self._generation = -1
        self._windows: dict[tuple[int, int], deque[float]] = {}

    def admit(self, authorization: str) -> Account:
        """Return the account that calls. Raises ApiError if it is unknown, suspended, or over its limit."""
        account = self._authenticate(authorization)
        if self._throttles and not self._is_within_limit(account):
            raise ApiError(Code.OVER_LIMIT)
        if account.suspended:
            raise ApiError(Code.ACCOUNT_EXPIRED)
        return account

    def _authenticate(self, authorization: str) -> Account:
        """Return the account of these credentials, cached by their header until any account changes."""
        if self._generation != self._store.generation or len(self._cache) > _MAX_CACHED_CREDENTIALS:
            self._cache, self._generation = {}, self._store.generation
        account = self._cache.get(authorization)
        if account is None:
            account = self._check_credentials(authorization)
            if self._store.embedded:
                self._cache[authorization] = account
        return account

    def _check_credentials(self, authorization: str) -> Account:
        pair = credentials.parse_basic(authorization)
        if pair is None:
            raise ApiError(Code.AUTH_FAILED_NO_DATA)
        key, secret = pair
        account = self._find_account(key) or self._create(key, secret)
        if account is None or not credentials.matches_secret(secret, account.secret):
            raise ApiError(Code.AUTH_FAILED)
        return account

    def _create(self, key: str, secret: str) -> Account | None:
        if self._create_account is None:
            return None
        with self._store.begin() as db:
            self._create_account(db, key, secret)
        return self._find_account(key)

    def _find_account(self, key: str) -> Account | None:
        with self._store.begin() as db:
            return accounts.find_called(db, key)

    def find_caller(self, authorization: str) -> Account | None:
        """Return the account whose key the call names, even if the secret is wrong."""
        pair = credentials.parse_basic(authorization)
        return pair and self._find_account(pair[0])

    def _is_within_limit(self, account: Account) -> bool:
        if not self._store.embedded:
            with self._store.begin() as db:
                return throttle.admit(db, account.tenant, account.id, account.throttle)
        now = time.monotonic()
        if len(self._windows) > MAX_THROTTLE_WINDOWS:
            self._windows = {key: calls for key, calls in self._windows.items() if calls and calls[-1] > now - 1}
        calls = self._windows.setdefault((account.tenant, account.id), deque())
        return window.admit(calls, now, account.throttle)
