"""What nobody should find in a journal: which names say that a value is secret, and texts without an account's own."""

import re

HIDDEN = "…"
"""Stands where a secret was."""

LEAST = 8
"""Characters of an account's secret that is looked for in texts; a shorter one may be an ordinary word."""

_TELLING = re.compile(r"passw|passphrase|secret|token|api[_-]?key|authori[sz]ation|cvv|card", re.IGNORECASE)


def names_a_secret(name: str) -> bool:
    """Whether what stands under a name is most likely secret, as `access_token` or `apiKey`."""
    return _TELLING.search(name) is not None


def hidden(text: str, secret: str) -> str:
    """A text without an account's secret; a blank one is none."""
    return text.replace(secret, HIDDEN) if len(secret) >= LEAST and secret in text else text
