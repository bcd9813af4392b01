"""The addresses of the built-in receiver, which takes callbacks and calls nothing."""

import re

PREFIX = "/_sandbox/receiver"

VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")
"""The verbs that it answers. Callbacks are GET requests; people try others."""

_SEGMENT = r"/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]{1,64}"
_PATH = re.compile(rf"{PREFIX}{_SEGMENT}{_SEGMENT}", re.ASCII)


def is_receiver(path: str) -> bool:
    """True for the path of a receiver.

    No proxy or browser could take it for another path."""
    return _PATH.fullmatch(path) is not None


def path_of(tenant: str, name: str) -> str:
    """Return the path of a tenant's receiver."""
    return f"{PREFIX}/{tenant}/{name}"
