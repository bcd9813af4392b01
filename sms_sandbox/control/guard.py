"""The guard of the addresses under `/_sandbox`.

It refuses pages of other sites, host names that are not ours, and strangers without the token.
"""

import hmac
import ipaddress
import re
from collections.abc import Collection, Mapping

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from . import PREFIX
from .errors import ControlError

TOKEN_HEADER = b"x-sandbox-token"
_LOCAL_NAMES = ("localhost", "host.docker.internal")
_STATUS_PAGE = "/_sandbox/"
_DESCRIPTION = f"{PREFIX}/openapi.json"
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]*)?")


class Guard:
    """Middleware that refuses requests for control and for the status page.

    It decides by the path of the ASGI scope, as a URL rebuilt from the Host header can be forged. `hosts` are names
    allowed besides loopback. The status page needs no token, because it shows no secret where one is needed.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str], token: str | None) -> None:
        self._app = app
        self._hosts = {host.lower() for host in hosts}
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(_STATUS_PAGE):
            try:
                self._check(scope["path"], scope["method"], dict(scope["headers"]))
            except ControlError as refusal:
                await _response(scope["path"], refusal)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _check(self, path: str, verb: str, headers: Mapping[bytes, bytes]) -> None:
        is_control = path.startswith(f"{PREFIX}/")
        if not is_control and path != _STATUS_PAGE:
            return
        self._check_host(headers)
        if is_control:
            _check_origin(verb, headers)
            if path != _DESCRIPTION:
                self._check_token(headers)

    def _check_host(self, headers: Mapping[bytes, bytes]) -> None:
        # Somebody's DNS may point any name at this machine (DNS rebinding).
        host = _hostname(headers.get(b"host", b"").decode("latin-1").lower())
        if host is not None and not self._is_known(host):
            raise ControlError("forbidden", f"{host!r} is no name of this sandbox; the flag --cert-host makes it one.")

    def _is_known(self, host: str) -> bool:
        if host in _LOCAL_NAMES or host.endswith(".localhost") or host in self._hosts:
            return True
        try:
            # An address was typed, not looked up, so no DNS can have pointed it here.
            ipaddress.ip_address(host)
        except ValueError:
            return False
        return True

    def _check_token(self, headers: Mapping[bytes, bytes]) -> None:
        if self._token is not None and not hmac.compare_digest(headers.get(TOKEN_HEADER, b""), self._token.encode()):
            raise ControlError("unauthorised", "This sandbox asks for its control token in the header X-Sandbox-Token.")


def _check_origin(verb: str, headers: Mapping[bytes, bytes]) -> None:
    """Refuse a write from a page of another site, which a browser marks with an Origin header."""
    origin = headers.get(b"origin")
    if origin is None or verb in ("GET", "HEAD"):
        return
    _, _, host = origin.decode("latin-1").lower().partition("://")
    if not host or host != headers.get(b"host", b"").decode("latin-1").lower():
        raise ControlError("forbidden", "A page of another origin may not do this.")


def _hostname(host: str) -> str | None:
    """Return the name in a Host header without its port, or None if there is no name."""
    match = _HOST.fullmatch(host)
    return match[1].strip("[]") if match else host or None


def _response(path: str, refusal: ControlError) -> Response:
    headers = {"cache-control": "no-store"}
    if path == _STATUS_PAGE:
        return PlainTextResponse(refusal.message, refusal.status, headers)
    return JSONResponse(refusal.reply, refusal.status, headers)


def is_loopback(host: str) -> bool:
    """Return True if only this machine can reach a server that listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
