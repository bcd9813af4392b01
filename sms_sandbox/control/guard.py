"""Who may use what is ours: no page of another site, nobody who came by a strange name, no stranger off loopback."""

import hmac
import ipaddress
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from .errors import ControlError

LOCAL_NAMES = ("localhost", "host.docker.internal")
TOKEN_HEADER = b"x-sandbox-token"


def check(
    headers: Mapping[bytes, bytes], verb: str, names: Collection[str], token: str | None, needs_token: bool = True
) -> None:
    """Raise ControlError unless the request may pass.

    A name that was pointed at this machine by somebody's DNS (rebinding), and a page of another origin that makes a
    browser write here, are both refused. `names` are hosts allowed besides loopback.
    """
    host = hostname(headers.get(b"host", b"").decode("latin-1"))
    if host is not None and not is_known(host, names):
        raise ControlError("forbidden", f"{host!r} is no name of this sandbox; --cert-host makes it one.")
    origin = headers.get(b"origin")
    if origin is not None and verb not in ("GET", "HEAD"):
        came_from = urlsplit(origin.decode("latin-1")).hostname
        if came_from is None or came_from != host:
            raise ControlError("forbidden", "A page of another origin may not do this.")
    if needs_token and token is not None and not hmac.compare_digest(headers.get(TOKEN_HEADER, b""), token.encode()):
        raise ControlError("unauthorised", "This sandbox asks for its control token in the header X-Sandbox-Token.")


def hostname(host: str) -> str | None:
    """The name in a Host header, without its port; None where there is none."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return host


def is_known(host: str, names: Collection[str]) -> bool:
    """Whether a name can only mean this machine."""
    if host in LOCAL_NAMES or host.endswith(".localhost") or host in {name.lower() for name in names}:
        return True
    try:
        # An address was typed, not looked up, so nobody's DNS can have pointed it here.
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
