"""The removal of secrets from traffic entries: by the names of values, and by an account's own secret."""

import re
from urllib.parse import quote, unquote_plus

HIDDEN = "…"
"""The replacement for a secret."""

MIN_SECRET_LENGTH = 8
"""In characters. A shorter secret is not searched for in texts, because it may be an ordinary word."""

MAX_URL_PARAMETERS = 1000
"""Further parameters of a URL are removed unread."""

_SECRET_NAME = re.compile(r"passw|passphrase|secret|token|api[_-]?key|authori[sz]ation|cvv|card", re.IGNORECASE)
_USER = re.compile(r"\A([^/?#]*//)?[^/?#]*@")
_MARK = re.compile("([?&#])")


def is_secret_name(name: str) -> bool:
    """True if values of this name are probably secret, as `access_token` or `apiKey`."""
    return _SECRET_NAME.search(name) is not None


def redact(text: str, secret: str) -> str:
    """Replace an account's secret in a text, unless it is too short."""
    return text.replace(secret, HIDDEN) if len(secret) >= MIN_SECRET_LENGTH and secret in text else text


def redact_url(url: str, secret: str) -> str:
    """Replace the secrets in a URL and leave the rest unchanged, however malformed it is.

    Secrets are user and password, the account's secret, and the values of parameters whose names say so.
    """
    place, *rest = _MARK.split(_USER.sub(rf"\g<1>{HIDDEN}@", url), MAX_URL_PARAMETERS)
    if len(rest) == 2 * MAX_URL_PARAMETERS:
        rest[-1] = HIDDEN
    rest[1::2] = [_redact_pair(pair, secret) for pair in rest[1::2]]
    return _redact_part(place, secret) + "".join(rest)


def _redact_pair(pair: str, secret: str) -> str:
    name, equals, value = pair.partition("=")
    is_secret = equals and is_secret_name(unquote_plus(name))
    return _redact_part(name, secret) + equals + (HIDDEN if is_secret else _redact_part(value, secret))


def _redact_part(part: str, secret: str) -> str:
    """Replace an account's secret in a part of a URL, even if it is escaped."""
    part = redact(part, secret)
    plain = unquote_plus(part)
    cleaned = redact(plain, secret)
    if cleaned == plain:
        return part
    return HIDDEN.join(quote(piece, "/:@", errors="replace") for piece in cleaned.split(HIDDEN))
