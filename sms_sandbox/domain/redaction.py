"""What nobody should find in a journal: which names say that a value is secret, and texts without an account's own."""

import re
from urllib.parse import quote, unquote_plus

HIDDEN = "…"
"""Stands where a secret was."""

MIN_SECRET_LENGTH = 8
"""Characters of an account's secret that is looked for in texts; a shorter one may be an ordinary word."""

MAX_URL_PARAMETERS = 1000
"""Parameters of a URL that are looked at; what stands behind them is left out."""

_TELLING = re.compile(r"passw|passphrase|secret|token|api[_-]?key|authori[sz]ation|cvv|card", re.IGNORECASE)
_USER = re.compile(r"\A([^/?#]*//)?[^/?#]*@")
_MARK = re.compile("([?&#])")


def is_secret_name(name: str) -> bool:
    """Whether what stands under a name is most likely secret, as `access_token` or `apiKey`."""
    return _TELLING.search(name) is not None


def redact(text: str, secret: str) -> str:
    """A text without an account's secret; a blank one is none."""
    return text.replace(secret, HIDDEN) if len(secret) >= MIN_SECRET_LENGTH and secret in text else text


def redact_url(url: str, secret: str) -> str:
    """A URL, however badly written, as it stands, but for user and password, an account's secret, and what its own
    parameters say is one."""
    place, *rest = _MARK.split(_USER.sub(rf"\g<1>{HIDDEN}@", url), MAX_URL_PARAMETERS)
    if len(rest) == 2 * MAX_URL_PARAMETERS:
        rest[-1] = HIDDEN
    rest[1::2] = [_pair(each, secret) for each in rest[1::2]]
    return _piece(place, secret) + "".join(rest)


def _pair(written: str, secret: str) -> str:
    name, equals, value = written.partition("=")
    tells = equals and is_secret_name(unquote_plus(name))
    return _piece(name, secret) + equals + (HIDDEN if tells else _piece(value, secret))


def _piece(written: str, secret: str) -> str:
    """A piece of a URL without an account's secret, whichever of its characters are escaped."""
    written = redact(written, secret)
    plain = unquote_plus(written)
    cleaned = redact(plain, secret)
    return (
        written
        if cleaned == plain
        else HIDDEN.join(quote(each, "/:@", errors="replace") for each in cleaned.split(HIDDEN))
    )
