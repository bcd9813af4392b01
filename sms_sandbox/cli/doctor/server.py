"""Checks of the server: its ports, its version, its certificate and its clock."""

import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from ... import __version__
from ...client.control import Client
from ...client.errors import SandboxError
from ...control.shapes.clock import Clock
from ...control.shapes.info import Connection, Info
from ..times import format_span, format_time
from .findings import Finding, note, ok, wrong

TIMEOUT_SECONDS = 5.0

SOON_DAYS = 14
"""A certificate that expires sooner is worth a note."""

MAX_CLOCK_DIFFERENCE = timedelta(minutes=5)
"""Largest difference of this machine's clock from the server's that certificates bear."""

_RESTART = 'Restart the sandbox, and then `eval "$(sms-sandbox env)"` in each shell.'


def check_server(client: Client) -> Iterator[Finding]:
    """Yield whether the server answers, its version, and whether the clocks agree."""
    url = client.where.http
    try:
        status, headers, content = client.fetch("/readyz", TIMEOUT_SECONDS)
        answer = msgspec.json.decode(content, type=dict[str, str])
    except SandboxError as why:
        yield wrong(
            "server", str(why),
            "Start it with `sms-sandbox serve`. If it runs elsewhere, say where with --ready-file or --http-port.",
        )  # fmt: skip
        return
    except msgspec.DecodeError:
        answer = {}
    if "status" not in answer:
        yield wrong(
            "server", f"Something that is not a sandbox answers at {url}.",
            "Stop that program, or give the sandbox another port with `sms-sandbox serve --http-port`.",
        )  # fmt: skip
        return
    if status != 200 or answer["status"] != "ready":
        yield wrong(
            "server", f"It is not ready: {answer.get('reason', status)}",
            "Repair or start what it names. The server then continues without a restart; its log says more.",
        )  # fmt: skip
        return
    yield ok("server", f"It is ready at {url}.")
    yield _check_version(answer.get("version", "unknown"))
    if date := headers.get("date"):
        yield check_machine_clock(parsedate_to_datetime(date))


def _check_version(version: str) -> Finding:
    if version == __version__:
        return ok("version", f"Server and command line are both {version}.")
    return wrong(
        "version", f"The server is of version {version}, this command line of {__version__}.",
        "Start the server with the program that you call here: `sms-sandbox serve`; or install the same version.",
    )  # fmt: skip


def check_machine_clock(server: datetime) -> Finding:
    difference = abs(datetime.now(UTC) - server)
    if difference <= MAX_CLOCK_DIFFERENCE:
        return ok("machine time", "This machine and the server agree on the time.")
    return wrong(
        "machine time", f"This machine's clock and the server's are {format_span(difference)} apart.",
        "Set the clock, because certificates are refused before they begin and after they end.",
    )  # fmt: skip


def check_tenant_clock(client: Client) -> Finding:
    """Return whether the tenant's clock runs, and how far it is from real time."""
    clock = client.read(Clock, "GET", "/clock")
    if not clock.running:
        return note(
            "tenant clock", f"It is frozen at {format_time(clock.now)} UTC, so nothing that is due later happens.",
            "`sms-sandbox clock resume` lets it run, `sms-sandbox clock next` moves it to the next event.",
        )  # fmt: skip
    difference = clock.now - datetime.now(UTC)
    if abs(difference) < timedelta(minutes=1):
        return ok("tenant clock", "It is running, at real time.")
    side = "ahead of" if difference > timedelta() else "behind"
    return note("tenant clock", f"It is running, {format_span(abs(difference))} {side} real time.")


def find_addresses(client: Client) -> Info:
    """Return the addresses and certificate files of the server."""
    try:
        return client.read(Connection, "GET", "/connection")
    except SandboxError:
        if not client.where.https:
            raise
        where = client.where
        return Info("sms-sandbox", "", where.https, where.http, where.ca, where.ca_bundle)


def fetch_ca(client: Client) -> str | None:
    """Return the certificate of the sandbox's authority, or None if the server lost it."""
    status, _, content = client.fetch("/_sandbox/ca.pem", TIMEOUT_SECONDS)
    if status == 404:
        return None
    if status != 200:
        raise SandboxError(f"The CA's certificate can't be downloaded: the answer has the status {status}.")
    return content.decode("ascii")


def missing_ca(path: str) -> Finding:
    return wrong("CA file", f"The server's authority is gone: there is no {path}.", _RESTART)


def check_certificate(https: str, ca: str) -> Finding:
    """Return whether the certificate of the HTTPS port is valid."""
    host, port = urlsplit(https).hostname or "", urlsplit(https).port or 443
    context = ssl.create_default_context(cadata=ca)
    try:
        certificate = _handshake(host, port, context)
    except ssl.SSLCertVerificationError as why:
        return wrong("certificate", f"The certificate at {https} is not valid: {why.verify_message}.", _advice(why))
    except OSError as why:
        return wrong(
            "certificate", f"No TLS connection to {https}: {why.strerror or why}.",
            "See whether another program has the port, and start the sandbox with another --https-port if so.",
        )  # fmt: skip
    left = timedelta(seconds=ssl.cert_time_to_seconds(str(certificate["notAfter"])) - time.time())
    alternatives: Any = certificate.get("subjectAltName", ())
    names = ", ".join(str(ip_address(value)) if kind == "IP Address" else value for kind, value in alternatives)
    if left < timedelta(days=SOON_DAYS):
        return note(
            "certificate", f"It is valid, but expires in {format_span(left)}.", "Restart the sandbox: it is renewed."
        )
    return ok("certificate", f"It is valid for {left.days} days, for {names}.")


def _handshake(host: str, port: int, context: ssl.SSLContext) -> Mapping[str, object]:
    address = "127.0.0.1" if host == "localhost" else host
    with (
        socket.create_connection((address, port), TIMEOUT_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        return secure.getpeercert() or {}


def _advice(why: ssl.SSLCertVerificationError) -> str:
    match why.verify_message:
        case message if "expired" in message or "not yet valid" in message:
            return "Restart the sandbox: it renews certificates that have less than 30 days left."
        case message if "mismatch" in message:
            return "Start the sandbox with --cert-host and this name, or use a name that the certificate covers."
        case _:
            return (
                "The authority in the folder of certificates is not the one that the server uses, as if it was made\n"
                f"again meanwhile. {_RESTART}"
            )


def check_ca_file(path: str, ca: str) -> Iterator[Finding]:
    """Yield what is wrong with the authority's file on this machine, if anything is."""
    file = Path(path)
    if not file.exists():
        yield note(
            "CA file", f"{path} is not on this machine, so the server runs on another one, or in a container.",
            "Get it with `curl -o ca.pem http://…/_sandbox/ca.pem`, and let your app trust that file.",
        )  # fmt: skip
    elif file.read_text(encoding="ascii", errors="replace").strip() != ca.strip():
        yield wrong("CA file", f"{path} is not the authority of this server.", "Name the server's own folder.")
