"""The log of refused TLS handshakes, which tells why an app can't connect.

An app that retries makes many of them, so there is one line a minute for each address.
"""

import logging
import ssl
import time

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 60.0
_MAX_ADDRESSES = 1_000

_DISTRUST = {
    "UNKNOWN_CA": "it does not know the sandbox's CA",
    "CERTIFICATE_UNKNOWN": "it does not accept the certificate, because of its CA or its names",
    "BAD_CERTIFICATE": "it does not accept the certificate, because of its CA or its names",
    "UNSUPPORTED_CERTIFICATE": "it does not support such a certificate",
    "CERTIFICATE_EXPIRED": "by its clock, the certificate has expired",
}
"""Reasons by the end of the name of a TLS alert."""


class HandshakeLog:
    """Logs why handshakes fail, once a minute for each address."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def note(self, address: str, error: OSError) -> None:
        """Log a failed handshake. An error that says nothing about the client's reason is left out."""
        reason = describe_failure(error)
        now = time.monotonic()
        if reason is None or now - self._last.get(address, -INTERVAL_SECONDS) < INTERVAL_SECONDS:
            return
        if len(self._last) >= _MAX_ADDRESSES:
            self._last.clear()
        self._last[address] = now
        log.warning("TLS handshake refused by %s: %s", address, reason)


def describe_failure(error: OSError) -> str | None:
    """Return what is wrong, in words; None if the client only went away."""
    if not isinstance(error, ssl.SSLError):
        return None
    name = error.reason or ""
    for ending, reason in _DISTRUST.items():
        if name.endswith(f"ALERT_{ending}"):
            return (
                f"a client does not trust this certificate: {reason}. "
                "/_sandbox/docs/shared.md has the commands that trust it."
            )
    return f"{name.replace('_', ' ').lower()}." if name else None
