"""The addresses by which clients reach this server, as their requests show them."""

import ipaddress
import re
from dataclasses import dataclass

_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")
_URL = re.compile(r"https?://(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")


@dataclass(frozen=True)
class Urls:
    """The base URLs of the API and of the page."""

    https: str
    http: str


def is_base_url(text: str) -> bool:
    """Return True if a text is a scheme, a host, and perhaps a port."""
    return _URL.fullmatch(text) is not None


def urls_for(own: Urls, base_url: str | None, scheme: str, host: str, is_proxied: bool) -> Urls:
    """Return the URLs that the client of a request can use.

    Args:
        own: the URLs by which this machine reaches the server.
        base_url: the URL of both in front of the server; None if there is none.
        scheme: the scheme of the request.
        host: its Host header.
        is_proxied: True if a trusted proxy passed it on. The proxy serves both at the same place.
    """
    if base_url is not None:
        return Urls(base_url, base_url)
    match = _HOST.fullmatch(host)
    if match is None:
        return own
    this = f"{scheme}://{host}"
    if is_proxied:
        return Urls(this, this)
    # A published port is another than the server's own, and only that of this listener is known.
    if scheme == "https":
        return Urls(this, f"http://{match[1]}:{_port_of(own.http)}")
    return Urls(f"https://{match[1]}:{_port_of(own.https)}", this)


def _port_of(url: str) -> str:
    return url.rpartition(":")[2]


def is_own_address(address: str) -> bool:
    """Return True if a client at an address is on this machine; an empty one is a call inside of the server."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return not address
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback
