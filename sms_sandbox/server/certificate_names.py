"""The names that a certificate can cover."""

import re
from ipaddress import ip_address

_LABEL = re.compile(r"(?!(?!xn)..--)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
"""A part of a name. Only encoded ones have two hyphens in the third place."""


def canonical_name(name: str) -> str:
    """Return the one spelling of a name, so that names can be compared as text."""
    if "%" not in name:  # a scope means nothing in a certificate
        try:
            return str(ip_address(name))
        except ValueError:
            pass
    try:
        plain = name.removesuffix(".").encode("idna").decode("ascii").lower()
        plain.encode().decode("idna")
    except UnicodeError:
        plain = ""
    labels = plain.removeprefix("*.").split(".")
    # A name that ends in a number is a mistyped IP address.
    if len(plain) > 253 or labels[-1].isdigit() or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"{name!r} is not a host name, wildcard or IP address that a certificate can cover.")
    return plain
