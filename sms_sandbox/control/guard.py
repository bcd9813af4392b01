"""Who may use what is ours: no page of another site, nobody who came by a strange name, no stranger off loopback."""

import hmac
import ipaddress
import re
from collections.abc import Collection, Mapping

from .errors import ControlError

LOCAL_NAMES = ("localhost", "host.docker.internal")
TOKEN_HEADER = b"x-sandbox-token"

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]*)?")


def check(
    headers: Mapping[bytes, bytes], verb: str, names: Collection[str], token: str | None, needs_token: bool = True
) -> None:
    """Raise ControlError unless the request may pass.

    A name that was pointed at this machine by somebody's DNS (rebinding), and a page of another origin that makes a
    browser write here, are both refused. `names` are hosts allowed besides loopback.
    """
    named = headers.get(b"host", b"").decode("latin-1").lower()
    host = hostname(named)
    if host is not None and not is_known(host, names):
        raise ControlError("forbidden", f"{host!r} is no name of this sandbox; the flag --cert-host makes it one.")
    origin = headers.get(b"origin")
    if origin is not None and verb not in ("GET", "HEAD"):
        _, _, came_from = origin.decode("latin-1").lower().partition("://")
        if not came_from or came_from != named:
            raise ControlError("forbidden", "A page of another origin may not do this.")
    if needs_token and token is not None and not hmac.compare_digest(headers.get(TOKEN_HEADER, b""), token.encode()):
        raise ControlError("unauthorised", "This sandbox asks for its control token in the header X-Sandbox-Token.")


def hostname(host: str) -> str | None:
    """The name in a Host header, without its port; None where there is none."""
    found = _HOST.fullmatch(host)
    return found[1].strip("[]") if found else host or None


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
