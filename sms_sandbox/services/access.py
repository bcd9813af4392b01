"""Access: a key and its secret act on their tenant, and the operator on every one.

Without a token every caller is the operator, because only this machine can call then.
"""

import hmac
import time
from collections.abc import Callable, Mapping
from typing import TypeAlias

from msgspec import Struct
from sqlalchemy import Connection

from ..domain import credentials
from ..domain.attempt_limit import AttemptLimit
from ..store import accounts, tenants
from ..store.accounts import Account
from ..store.real_time import real_now
from ..store.tenants import Tenant
from . import sessions
from .quotas import QuotaError

TOKEN_HEADER = "x-sandbox-token"  # noqa: S105 (the name of a header)
_TENANT_HEADER = "x-sandbox-tenant"
ANOTHER_TENANT = "Only the operator may act on another tenant, with the token."

CreateAccount: TypeAlias = Callable[[Connection, str, str], None]
"""Creates an account for an unknown key and its secret, if both are allowed."""


class AccessError(Exception):
    """A refusal: `unauthorised`, `too_many`, `forbidden`, `quota` or `not_found`, and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(f"{code}: {message}")


class Given(Struct, frozen=True):
    """The credentials that a request brings, and where it comes from. The operator names a `tenant` to act on."""

    authorization: str = ""
    token: str = ""
    session: str = ""
    tenant: str = ""
    address: str = ""

    @property
    def guessed(self) -> str | None:
        """The name under which failures are counted, as that of the key; None for a session, which nobody can guess."""
        if self.authorization and not self.token:
            pair = credentials.parse_basic(self.authorization)
            return f"key {pair[0]}" if pair else None
        return "token" if self.token else None

    @property
    def is_empty(self) -> bool:
        """True if the request does not say who calls."""
        return not (self.authorization or self.token or self.session)


def read_given(headers: Mapping[str, str], cookies: Mapping[str, str], scheme: str, address: str) -> Given:
    """Return what a request brings."""
    return Given(
        headers.get("authorization", ""), headers.get(TOKEN_HEADER, ""), cookies.get(sessions.COOKIES[scheme], ""),
        headers.get(_TENANT_HEADER, ""), address,
    )  # fmt: skip


class Caller(Struct, frozen=True):
    """The account and tenant that a call acts on, and who makes it."""

    account: Account
    tenant: Tenant
    is_operator: bool
    is_signed_in: bool
    """True if a session of a browser says so."""
    name: str
    """For people: `operator`, or the key."""
    address: str = ""

    @property
    def by(self) -> str:
        """The caller and where it is, for the traffic and the list of tenants."""
        return f"{self.name} from {self.address}" if self.address else self.name


class Access:
    """Finds out who calls, and limits wrong credentials where strangers can send them."""

    def __init__(self, token: str | None, create_account: CreateAccount | None = None) -> None:
        """`create_account` creates accounts for unknown keys; None if only configured ones may call."""
        self.token = token
        self._create_account = create_account
        self._limit = AttemptLimit()

    def check_given(self, given: Given) -> None:
        """Refuse a request that can't be allowed, before anything else is read of it. Raises AccessError."""
        if self.token is None:
            return
        if given.is_empty:
            raise AccessError(
                "unauthorised", "Send the key and secret of a tenant by Basic authentication, or the operator's token "
                "in the header X-Sandbox-Token; a browser signs in at /_sandbox/sign-in.",
            )  # fmt: skip
        name = given.guessed
        if name and (seconds := self._limit.seconds_left(given.address, name, time.monotonic())):
            raise AccessError("too_many", f"Too many wrong credentials; try again in {seconds} seconds.")

    def note_failure(self, given: Given) -> None:
        """Count wrong credentials, unless only this machine can call."""
        if self.token is not None and (name := given.guessed):
            self._limit.note_failure(given.address, name, time.monotonic())

    def find_caller(self, db: Connection, given: Given) -> Caller:
        """Return the caller. Without a key it acts on the default tenant. Raises AccessError."""
        is_operator = self.token is None
        if given.token and self.token is not None:
            self.check_token(given.token)
            is_operator = True
        signed_in: Account | str | None = None
        if not given.token and not given.authorization and given.session and self.token is not None:
            signed_in = sessions.find(db, given.session, self.token, real_now())
            if signed_in is None:
                raise AccessError("unauthorised", "The session has ended; sign in again at /_sandbox/sign-in.")
            is_operator = signed_in == sessions.OPERATOR
        account = signed_in if isinstance(signed_in, Account) else None
        if given.authorization:
            account = self.find_account(db, given.authorization)
        name = "operator" if account is None or (is_operator and self.token is not None) else f"key {account.key}"
        if given.tenant:
            account = _first_account_of(db, given.tenant) if is_operator else _own(db, account, given.tenant)
        if account is None:
            if not is_operator:
                raise AccessError("unauthorised", "Send the key and secret of a tenant by Basic authentication.")
            account = _default_account(db)
        tenant = tenants.read(db, account.tenant)
        assert tenant is not None
        return Caller(account, tenant, is_operator, signed_in is not None, name, given.address)

    def check_token(self, given: str) -> None:
        """Raise AccessError unless this is the operator's token."""
        if self.token is None or not hmac.compare_digest(given.encode("utf-8", "replace"), self.token.encode()):
            raise AccessError(
                "unauthorised", "This is not the token of the operator, which the server logs at its start."
            )

    def find_account(self, db: Connection, authorization: str) -> Account:
        """Return the account of Basic credentials. Raises AccessError."""
        pair = credentials.parse_basic(authorization)
        if pair is None:
            raise AccessError("unauthorised", "The Authorization header is not of the Basic scheme.")
        account = accounts.find_called(db, pair[0])
        if account is None and self._create_account is not None:
            try:
                self._create_account(db, *pair)
            except QuotaError as reached:
                raise AccessError("quota", str(reached)) from reached
            account = accounts.find_called(db, pair[0])
        is_right = credentials.matches_secret(pair[1], account.secret if account else None)
        if account is None or not is_right:
            raise AccessError("unauthorised", "There is no account with this key and secret.")
        return account


def _first_account_of(db: Connection, name: str) -> Account:
    tenant = tenants.find_by_name(db, name)
    account = None if tenant is None else accounts.find_first(db, tenant.id)
    if account is None:
        raise AccessError("not_found", f"There is no tenant {name!r}.")
    return account


def _own(db: Connection, account: Account | None, name: str) -> Account | None:
    """Return the account if the tenant is its own. Raises AccessError for any other name, whether it exists or not."""
    tenant = None if account is None else tenants.read(db, account.tenant)
    if tenant is None or tenant.name != name:
        raise AccessError("forbidden", ANOTHER_TENANT)
    return account


def _default_account(db: Connection) -> Account:
    oldest = tenants.find_default(db)
    account = accounts.find_first(db, oldest) if oldest is not None else None
    if account is None:
        raise AccessError("not_found", "There is no default tenant.")
    return account
