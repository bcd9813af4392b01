"""Credentials: HTTP Basic authentication, and derived keys and secrets."""

import base64
import binascii
import hashlib
import hmac

from .encodings import decode_text

_MISSING = "0123456789abcdef0123456789abcdef"
"""Compared with the given secret if the account has none. It is as long as generated secrets."""


def parse_basic(authorization: str) -> tuple[str, str] | None:
    """Return the name and password of an Authorization header, or None."""
    pair = _decode_basic(authorization)
    if pair is None:
        return None
    name, colon, password = decode_text(pair).partition(":")
    return (name, password) if colon and "\x00" not in name else None


def is_utf_8(authorization: str) -> bool:
    """Return True if the name and password of an Authorization header are UTF-8."""
    try:
        (_decode_basic(authorization) or b"").decode()
    except UnicodeDecodeError:
        return False
    return True


def _decode_basic(authorization: str) -> bytes | None:
    scheme, _, coded = authorization.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    # Some client libraries break long base64 over several lines, so white space inside is ignored. PHP, behind the
    # real service, reads base64 without its padding, too.
    coded = "".join(coded.split())
    try:
        return base64.b64decode(coded + "=" * (-len(coded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def to_basic(name: str, password: str) -> str:
    """Return the Authorization header for a name and a password."""
    return f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"


def matches_secret(given: str, secret: str | None) -> bool:
    """True if the given text is the secret, compared in constant time.

    Nothing matches a missing secret, for example that of an unknown key. It is compared too, so that the time does not
    reveal which keys exist.
    """
    is_equal = hmac.compare_digest((secret or _MISSING).encode(), given.encode())
    return is_equal and bool(secret)


def derive_key(*source: object) -> str:
    """Derive a key or a secret of 32 hex digits; the same source gives the same result.

    It begins with a letter, because readers could take digits with a single `e` for a number.
    """
    text = "\0".join(str(part) for part in source)
    return f"a{hashlib.blake2b(text.encode('utf-8', 'replace'), digest_size=16).hexdigest()[1:]}"
