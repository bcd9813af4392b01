"""Authenticates calls and throttles them."""

import time
from collections.abc import Callable
from typing import TypeAlias

from sqlalchemy import Connection

from ..domain import credentials
from ..services.quotas import QuotaError, Quotas
from ..store import accounts, throttle
from ..store.accounts import Account
from ..store.unit_of_work import cached
from .declare import Method
from .errors import ApiError, Code

_MAX_KNOWN_CALLERS = 10_000
"""Number of known callers at which all are forgotten."""

_CreateAccount: TypeAlias = Callable[[Connection, str, str], None]
"""Creates an account for an unknown key and its secret, if both are allowed."""


class Gate:
    """Checks credentials and the throttle.

    With `create_account`, an unknown key becomes an account. With `throttles` off, no call is refused with OVER_LIMIT.
    """

    def __init__(
        self, create_account: _CreateAccount | None = None, throttles: bool = True, quotas: Quotas | None = None
    ) -> None:
        self._quotas = quotas or Quotas()
        self._throttles = throttles
        self._create_account = create_account
        self._tenants: dict[str, int] = {}
        """The tenant of each Authorization header that was correct when it was last checked."""

    def tenants_of(self, authorization: str) -> tuple[int, ...]:
        """Return the tenant that these credentials had when they were last checked, if any."""
        tenant = self._tenants.get(authorization)
        return () if tenant is None else (tenant,)

    def admit(self, db: Connection, authorization: str) -> Account:
        """Return the account that calls. Raises ApiError if it is unknown, suspended, or over its limit."""
        account = self._authenticate(db, authorization)
        if self._throttles and not throttle.admit(db, account, time.time()):
            raise ApiError(Code.OVER_LIMIT)
        if account.suspended:
            raise ApiError(Code.ACCOUNT_EXPIRED)
        return account

    def find_reached_quota(self, db: Connection, account: Account, method: Method) -> str | None:
        """Return which quota forbids the call, in a sentence, or None."""
        try:
            if method.adds:
                self._quotas.check(db, account.tenant, method.adds)
        except QuotaError as reached:
            return str(reached)
        return None

    def _authenticate(self, db: Connection, authorization: str) -> Account:
        """Return the account of these credentials, cached by their header until the tenant changes."""
        tenant = self._tenants.get(authorization)
        if tenant is None:
            tenant = self._check_credentials(db, authorization).tenant
            if len(self._tenants) >= _MAX_KNOWN_CALLERS:
                self._tenants.clear()
            self._tenants[authorization] = tenant
        # The tenant is locked, so no other process can change the account now.
        account = cached(db, tenant, ("caller", authorization), lambda: self._find(db, authorization))
        if account is None or account.tenant != tenant:  # the key belongs to another tenant now, or to none
            del self._tenants[authorization]
            account = self._check_credentials(db, authorization)
        return account

    def is_known(self, db: Connection, authorization: str) -> bool:
        """Return True if the credentials are those of an account."""
        return self._find(db, authorization) is not None

    def _find(self, db: Connection, authorization: str) -> Account | None:
        try:
            return self._check_credentials(db, authorization)
        except ApiError:
            return None

    def _check_credentials(self, db: Connection, authorization: str) -> Account:
        pair = credentials.parse_basic(authorization)
        if pair is None:
            raise ApiError(Code.AUTH_FAILED_NO_DATA)
        key, secret = pair
        account = accounts.find_called(db, key) or self._create(db, key, secret)
        is_right = credentials.matches_secret(secret, account.secret if account else None)
        if account is None or not is_right:
            raise ApiError(Code.AUTH_FAILED)
        return account

    def _create(self, db: Connection, key: str, secret: str) -> Account | None:
        if self._create_account is None:
            return None
        try:
            self._create_account(db, key, secret)
        except QuotaError as reached:
            raise ApiError(Code.AUTH_FAILED, str(reached)) from reached
        return accounts.find_called(db, key)

    def find_caller(self, db: Connection, authorization: str) -> Account | None:
        """Return the account whose key the call names, even if the secret is wrong."""
        pair = credentials.parse_basic(authorization)
        return pair and accounts.find_called(db, pair[0])
