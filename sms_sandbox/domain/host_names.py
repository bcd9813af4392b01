"""Host names that lead to the public internet, judged without asking DNS."""

import re
from collections.abc import Collection

from .egress import how_to_allow, refusal_reason

_PRIVATE_SUFFIXES = (
    ".localhost", ".local", ".internal", ".test", ".lan", ".home.arpa", ".invalid",
    ".lvh.me", ".localtest.me", ".nip.io", ".sslip.io", ".vcap.me", ".traefik.me",
)  # fmt: skip
"""Endings of names that lead to no public address; those with two labels answer with a loopback or written address."""

_GENERIC_DOMAINS = (
    "com", "net", "org", "edu", "gov", "mil", "int", "info", "biz", "name", "pro", "app", "dev", "cloud", "site",
    "online", "website", "tech", "store", "shop", "xyz", "agency", "digital", "email", "group", "world", "live",
    "software", "solutions", "services", "systems", "company", "page", "blog", "one", "top", "club", "space", "example",
)  # fmt: skip
"""Generic top-level domains that are in wide use. A private network may use others of its own."""

_COUNTRY_DOMAIN = re.compile(r"[a-z]{2}")

_SOME_PUBLIC_ADDRESS = "8.8.8.8"


def may_be_public(host: str) -> bool:
    """Return True if a name may have a public address: it has a dot, and no private ending."""
    name = host.lower().rstrip(".")
    return "." in name and not f".{name}".endswith(_PRIVATE_SUFFIXES)


def is_public(host: str) -> bool:
    """Return True if a name certainly is public, by its top-level domain."""
    last = host.lower().rstrip(".").rpartition(".")[2]
    is_international = not last.isascii() or last.startswith("xn--")  # for example .рф; all of them are public
    return may_be_public(host) and (
        is_international or last in _GENERIC_DOMAINS or _COUNTRY_DOMAIN.fullmatch(last) is not None
    )


def refusal_of_name(host: str, allowed_hosts: Collection[str] = ()) -> str | None:
    """Return why callbacks to a public name are refused, or None if it is allowed."""
    if refusal_reason(_SOME_PUBLIC_ADDRESS, host, allowed_hosts) is None:
        return None
    return f"{host} is a public name, and not one of the hosts allowed outside private networks. {how_to_allow(host)}"
