"""A check of the certificate at the HTTPS port."""

import socket
import ssl
import time
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_address
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ...client.failures import describe_failure
from ..times import format_span
from .findings import Finding, note, ok, wrong
from .server import RESTART, SET_CLOCK, TIMEOUT_SECONDS

_SOON_DAYS = 14
"""A certificate that expires sooner is worth a note."""

_OTHER_PROGRAM = "See whether another program has the port, and start the sandbox with another --https-port if so."

_PUBLISH = "If the sandbox runs in a container, publish this port, too. Its ready line says which port it listens on."

_UNKNOWN_ISSUER = ("unable to get local issuer", "self-signed", "self signed")


class Checked(NamedTuple):
    """The finding about a certificate, and if another authority than the sandbox's vouches for it."""

    finding: Finding
    is_foreign: bool = False


def check_certificate(https: str, ca: str, *, is_clock_right: bool) -> Checked:
    """Check the certificate of the HTTPS port.

    The sandbox's CA must vouch for it, or else one that this machine trusts: a reverse proxy has its own certificate.
    """
    try:
        return Checked(_examine(https, ssl.create_default_context(cadata=ca)))
    except ssl.SSLCertVerificationError as why:
        problem, is_foreign = why, False
    except OSError as why:
        return Checked(
            wrong(
                "certificate",
                f"No TLS connection to {https}: {describe_failure(why)}.",
                _PUBLISH if isinstance(why, ConnectionRefusedError) else _OTHER_PROGRAM,
            )
        )
    if _is_unknown(problem):
        try:
            return Checked(_examine(https, ssl.create_default_context(), "This machine trusts its authority."), True)
        except ssl.SSLCertVerificationError as why:
            if not _is_unknown(why):
                problem, is_foreign = why, True
        except OSError:  # the first problem is the one to show
            pass
    says = f"The certificate at {https} is not valid: {problem.verify_message}."
    return Checked(wrong("certificate", says, _advise(problem, is_foreign, is_clock_right)), is_foreign)


def _is_unknown(why: ssl.SSLCertVerificationError) -> bool:
    return any(each in why.verify_message for each in _UNKNOWN_ISSUER)


def _examine(https: str, context: ssl.SSLContext, remark: str = "") -> Finding:
    """Return the finding about a valid certificate. Raises OSError for one that is not valid."""
    certificate = _handshake(urlsplit(https).hostname or "", urlsplit(https).port or 443, context)
    left = timedelta(seconds=ssl.cert_time_to_seconds(str(certificate["notAfter"])) - time.time())
    alternatives: Any = certificate.get("subjectAltName", ())
    names = ", ".join(str(ip_address(value)) if kind == "IP Address" else value for kind, value in alternatives)
    if left < timedelta(days=_SOON_DAYS):
        return note(
            "certificate", f"It is valid, but expires in {format_span(left)}.",
            "Renew it at the proxy that has it." if remark else "Restart the sandbox: it is renewed.",
        )  # fmt: skip
    return ok("certificate", f"It is valid for {left.days} days, for {names}. {remark}".rstrip())


def _handshake(host: str, port: int, context: ssl.SSLContext) -> Mapping[str, object]:
    address = "127.0.0.1" if host == "localhost" else host
    with (
        socket.create_connection((address, port), TIMEOUT_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        return secure.getpeercert() or {}


def _advise(why: ssl.SSLCertVerificationError, is_foreign: bool, is_clock_right: bool) -> str:
    is_about_time = "expired" in why.verify_message or "not yet valid" in why.verify_message
    if is_about_time and not is_clock_right:
        return SET_CLOCK
    if is_foreign:
        return "The certificate is not the sandbox's. Replace it at the proxy that has it."
    if is_about_time:
        return "Restart the sandbox: it makes a new certificate if the old one is not valid, or ends within 30 days."
    if "mismatch" in why.verify_message:
        return "Start the sandbox with --cert-host and this name, or use a name that the certificate covers."
    return (
        "The authority in the folder of certificates is not the one that the server uses, as if it was made\n"
        f"again meanwhile. {RESTART}"
    )
