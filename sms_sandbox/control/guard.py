"""The guard of the addresses under `/_sandbox`: it refuses pages of other sites, and host names that are not ours."""

import ipaddress
import re
from collections.abc import Awaitable, Collection, Mapping

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from . import PREFIX
from .errors import ControlError

_LOCAL_NAMES = ("localhost", "host.docker.internal")
_PAGES = "/_sandbox/"
_METRICS = "/metrics"
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]*)?")


class Guard:
    """Middleware that refuses requests for control and for the pages beside it.

    It decides by the path of the ASGI scope, as a URL rebuilt from the Host header can be forged. `hosts` are names
    allowed besides loopback.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = {host.lower() for host in hosts}

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http" and (scope["path"].startswith(_PAGES) or scope["path"] == _METRICS):
            try:
                self._check(scope)
            except ControlError as refusal:
                return _response(scope["path"], refusal)(scope, receive, send)
        return self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        path, headers = scope["path"], dict(scope["headers"])
        self._check_host(headers)
        if path.startswith(f"{PREFIX}/") or scope["method"] not in ("GET", "HEAD"):
            _check_site(headers)
            _check_origin(scope["scheme"], scope["method"], headers)

    def _check_host(self, headers: Mapping[bytes, bytes]) -> None:
        # Somebody's DNS may point any name at this machine (DNS rebinding).
        host = _hostname(headers.get(b"host", b"").decode("latin-1").lower())
        if host is not None and not self._is_known(host):
            raise ControlError(
                "forbidden", f"{host!r} is not a name of this sandbox; the flag --cert-host makes it one."
            )

    def _is_known(self, host: str) -> bool:
        if host in _LOCAL_NAMES or host.endswith(".localhost") or host in self._hosts:
            return True
        try:
            # An address was typed, not looked up, so no DNS can have pointed it here.
            ipaddress.ip_address(host)
        except ValueError:
            return False
        return True


def _check_site(headers: Mapping[bytes, bytes]) -> None:
    """Refuse every request, even a read, that a browser marks as caused by another site."""
    if headers.get(b"sec-fetch-site", b"none") not in (b"none", b"same-origin"):
        raise ControlError("forbidden", "A page of another origin may not use control; open this address directly.")


def _check_origin(scheme: str, verb: str, headers: Mapping[bytes, bytes]) -> None:
    """Refuse a write whose Origin header names another origin."""
    origin = headers.get(b"origin")
    if origin is None or verb in ("GET", "HEAD"):
        return
    host = headers.get(b"host", b"").decode("latin-1")
    if not host or origin.decode("latin-1").lower() != f"{scheme}://{host}".lower():
        raise ControlError("forbidden", "A page of another origin may not do this.")


def _hostname(host: str) -> str | None:
    """Return a Host header without its port, or None if it is empty."""
    match = _HOST.fullmatch(host)
    return match[1].strip("[]") if match else host or None


def _response(path: str, refusal: ControlError) -> Response:
    headers = {"cache-control": "no-store"}
    if not path.startswith(f"{PREFIX}/"):
        return PlainTextResponse(refusal.message, refusal.status, headers)
    return JSONResponse(refusal.reply, refusal.status, headers)
