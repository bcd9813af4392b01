"""Headers of a reverse proxy, which are believed only if the proxy is known."""

import ipaddress
from collections.abc import Awaitable, Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

PROXIED = "sms_sandbox.proxied"
"""In a scope: true if a trusted proxy passed the request on."""


class TrustedProxy:
    """Middleware that takes scheme, host and client from the headers that a trusted proxy adds.

    `networks` are addresses or networks, as `10.0.0.5` or `10.0.0.0/8`. From other clients the headers mean nothing.
    """

    def __init__(self, app: ASGIApp, networks: Iterable[str]) -> None:
        self._app = app
        self._networks = [ipaddress.ip_network(network, strict=False) for network in networks]

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http" and self._is_trusted((scope.get("client") or ("",))[0]):
            scope = _as_the_client_sent_it(scope)
        return self._app(scope, receive, send)

    def _is_trusted(self, address: str) -> bool:
        try:
            client = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(client, "ipv4_mapped", None)
        return any((mapped or client) in network for network in self._networks)


def _as_the_client_sent_it(scope: Scope) -> Scope:
    headers = dict(scope["headers"])
    proto, host = _last(headers.get(b"x-forwarded-proto")), _last(headers.get(b"x-forwarded-host"))
    address = _last(headers.get(b"x-forwarded-for"))
    changed = {**scope, PROXIED: True}
    if proto in ("http", "https"):
        changed["scheme"] = proto
    if host:
        kept = [(name, value) for name, value in scope["headers"] if name != b"host"]
        changed["headers"] = [(b"host", host.encode("latin-1")), *kept]
    if address:
        changed["client"] = (address, 0)
    return changed


def _last(value: bytes | None) -> str:
    """Return the last of several values: the one that the trusted proxy itself has added."""
    return (value or b"").decode("latin-1").rpartition(",")[2].strip()
