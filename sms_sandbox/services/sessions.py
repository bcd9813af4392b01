"""Sessions: a browser signs in once, with a key and its secret or with the operator's token.

The cookie holds a random token. The database holds its digest, and a proof made of the token and the secret. So a copy
of the database signs nobody in, and a session ends as soon as its secret changes or its account is gone.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from ..domain.clock import to_micros
from ..store import accounts, sessions
from ..store.accounts import Account
from ..store.sessions import Session

LIFETIME = timedelta(days=7)

OPERATOR = ""
"""In place of a key: the session of the operator."""

# A cookie that came over HTTPS must not be sent in clear, and a browser keeps the two apart only by their names.
COOKIES: Mapping[str, str] = {"http": "sms-sandbox-session", "https": "__Secure-sms-sandbox-session"}
"""The name of the cookie for each scheme."""


def begin(db: Connection, key: str, secret: str, real: datetime) -> str:
    """Begin a session, and return its token. The caller has checked the secret."""
    token = secrets.token_urlsafe(32)
    session = Session(_digest(token), key, _prove(token, secret), to_micros(real + LIFETIME))
    sessions.add(db, session, to_micros(real))
    return token


def find(db: Connection, token: str, operator_token: str | None, real: datetime) -> Account | str | None:
    """Return the account that is signed in, or OPERATOR. None if there is no such session."""
    session = sessions.find(db, _digest(token), to_micros(real))
    if session is None:
        return None
    if session.key == OPERATOR:
        return OPERATOR if _is_proof(session, token, operator_token) else None
    account = accounts.find_by_key(db, session.key)
    return account if account is not None and _is_proof(session, token, account.secret) else None


def end(db: Connection, token: str) -> None:
    """End a session, in every process."""
    sessions.remove(db, _digest(token))


def _is_proof(session: Session, token: str, secret: str | None) -> bool:
    return bool(secret) and hmac.compare_digest(session.proof, _prove(token, secret or ""))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _prove(token: str, secret: str) -> str:
    return hmac.new(secret.encode(), token.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
