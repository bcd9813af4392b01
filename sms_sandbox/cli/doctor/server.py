"""Checks of the server: its port, its version, its clock and the file of its authority."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import msgspec

from ... import __version__
from ...client.control import Client
from ...client.errors import SandboxError
from ...client.failures import is_other_program
from ...control.shapes.clock import Clock
from ...control.shapes.info import Connection, Info
from ..times import format_span, format_time
from .findings import Finding, note, ok, wrong

TIMEOUT_SECONDS = 5.0

_MAX_CLOCK_DIFFERENCE = timedelta(minutes=5)
"""Largest difference between this machine's clock and the server's that needs no warning."""

_START = "Start it with `sms-sandbox serve`. If it runs elsewhere, say where with --host, --http-port or --ready-file."

_OTHER_PROGRAM = (
    "Stop that program, or give the sandbox another port with `sms-sandbox serve --http-port`.\n"
    "If the sandbox runs elsewhere, say where with --host, --http-port or --ready-file."
)

_SILENT = "If it is on another machine, let the firewalls between the two pass this port."

_PLAIN_TO_HTTPS = b"The plain HTTP request was sent to HTTPS port"
"""Part of nginx's page for plain HTTP on an HTTPS port. The sandbox answers with the same page."""

SET_CLOCK = "Set the clock, because certificates are refused before they begin and after they end."

RESTART = 'Restart the sandbox, and then `eval "$(sms-sandbox env)"` in each shell.'


def check_server(client: Client) -> Iterator[Finding]:
    """Yield whether the server answers, its version, and whether the clocks agree."""
    url = client.where.http
    try:
        status, headers, content = client.fetch("/readyz", TIMEOUT_SECONDS)
        answer = msgspec.json.decode(content, type=dict[str, str])
    except SandboxError as why:
        yield wrong("server", str(why), _advise(why.__cause__))
        return
    except msgspec.DecodeError:
        answer = {}
    if "status" not in answer:
        yield _describe_stranger(url, content)
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


def _advise(cause: BaseException | None) -> str:
    """Return what to do if the server does not answer."""
    if is_other_program(cause):
        return _OTHER_PROGRAM
    return f"{_START}\n{_SILENT}" if isinstance(cause, TimeoutError) else _START


def _describe_stranger(url: str, content: bytes) -> Finding:
    """Return what answers in place of a sandbox."""
    if _PLAIN_TO_HTTPS in content:
        return wrong(
            "server", f"{url} is the HTTPS port of a sandbox, which is for the API.",
            "Give the port of its page and control, which is usually 8080, with --http-port.",
        )  # fmt: skip
    return wrong("server", f"Something that is not a sandbox answers at {url}.", _OTHER_PROGRAM)


def _check_version(version: str) -> Finding:
    if version == __version__:
        return ok("version", f"Server and command line are both {version}.")
    return wrong(
        "version", f"The server is of version {version}, this command line of {__version__}.",
        "Start the server with the program that you call here: `sms-sandbox serve`; or install the same version.",
    )  # fmt: skip


def check_machine_clock(server: datetime) -> Finding:
    difference = abs(datetime.now(UTC) - server)
    if difference <= _MAX_CLOCK_DIFFERENCE:
        return ok("machine time", "This machine and the server agree on the time.")
    return wrong(
        "machine time", f"This machine's clock and the server's are {format_span(difference)} apart.",
        SET_CLOCK,
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
    if status == 403:  # the guard refuses the name by which the request came
        raise SandboxError(content.decode(errors="replace").strip(), "forbidden", status)
    if status != 200:
        raise SandboxError(f"The CA's certificate can't be downloaded: the answer has the status {status}.")
    return content.decode("ascii")


def missing_ca(path: str) -> Finding:
    return wrong("CA file", f"The server's authority is gone: there is no {path}.", RESTART)


def check_ca_file(path: str, ca: str, mend: str) -> Iterator[Finding]:
    """Yield what is wrong with the authority's file on this machine, if anything is.

    `mend` says how to get it from another machine.
    """
    file = Path(path)
    if not file.exists():
        yield note(
            "CA file", f"{path} is not on this machine, so the server runs on another one, or in a container.", mend
        )
    elif file.read_text(encoding="ascii", errors="replace").strip() != ca.strip():
        yield wrong("CA file", f"{path} is not the authority of this server.", "Name the server's own folder.")
