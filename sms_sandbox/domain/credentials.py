"""Who somebody says they are: the Basic scheme of HTTP, and keys and secrets to say it with."""

import base64
import binascii
import hashlib
import hmac


def parse_basic(authorization: str) -> tuple[str, str] | None:
    """Name and password out of an Authorization header; None where it holds none."""
    scheme, _, coded = authorization.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        # A client library's base64 routine breaks long values over lines; blanks inside are no part of it.
        name, colon, password = base64.b64decode("".join(coded.split()), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (name, password) if colon and "\x00" not in name else None


def to_basic(name: str, password: str) -> str:
    """The Authorization header of a name and a password."""
    return f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"


def matches_secret(given: str, secret: str | None) -> bool:
    """Whether what was given is the secret, in a time that does not tell how much of it is; no secret fits none."""
    return bool(secret) and hmac.compare_digest((secret or "").encode(), given.encode())


def derive_key(*of: object) -> str:
    """A key or a secret of 32 hex digits, the same for the same.

    It begins with a letter, so that no reader takes it for a number, as one of digits and a single e would be taken.
    """
    text = "\0".join(str(each) for each in of)
    return f"a{hashlib.blake2b(text.encode('utf-8', 'replace'), digest_size=16).hexdigest()[1:]}"
