"""The command line: `sms-sandbox serve`, and small helpers around it."""

import gc
import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import click

from .. import __version__
from ..client.command_client import Failure, Refused, base_url, control, read, read_ready_file, request
from ..server import atomic_files
from ..settings import Settings, reachable_name
from .lazy_group import Later
from .log_format import set_up_logging
from .options import CLIENT, HELPERS_WORDS, seconds, settings_of

LATER = {
    "fault": ("fault", "fault"),
    "fire-callback": ("fire_callback", "fire_callback"),
    "reset": ("tenant", "reset"),
    "export": ("tenant", "export"),
    "import": ("tenant", "import_"),
    "replay": ("tenant", "replay"),
    "rule": ("rule", "rule"),
    "scenarios": ("scenarios", "scenarios"),
    "tail": ("tail", "tail"),
}


@click.group(cls=Later, later=LATER, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="sms-sandbox")
def main() -> None:
    """A local sandbox of the TransmitSMS (Burst SMS, Kudosity V1) SMS REST API."""


@main.command()
@settings_of(*(each.name for each in fields(Settings)))
def serve(**given: Any) -> None:
    """Run the sandbox until it is interrupted (SIGINT or SIGTERM)."""
    settings = read(given)
    set_up_logging(settings.log_format)
    # Nothing that a start makes is garbage, and looking for some takes a tenth of its time.
    gc.disable()
    # Here, so that --help and the helpers do not wait for what only the server needs.
    from ..server.certificates import CertificateError
    from ..server.server import Server, ServerError
    from ..store.schema import StoreError
    from ..tenants.seed_file import SeedError

    try:
        server = Server(settings, owns_process=True)
    except SeedError as why:
        raise Refused(str(why)) from why
    except ValueError as why:
        raise click.UsageError(str(why)) from why
    except (ServerError, StoreError, CertificateError) as why:
        raise Failure(str(why)) from why

    def on_ready() -> None:
        gc.freeze()
        gc.enable()
        ready = asdict(server.ready(os.getpid()))
        announce(ready, settings.ready_file)
        if sys.stderr.isatty() and settings.log_format != "json":
            greet(ready)

    try:
        server.run(on_ready)
    except SeedError as why:
        raise Refused(str(why)) from why


def announce(ready: dict[str, Any], ready_file: str | None) -> None:
    """Say on stdout, in one line, and in the file if one is named, that connections are accepted and where."""
    line = json.dumps(ready)
    if ready_file is not None:
        try:
            atomic_files.write(Path(ready_file).absolute(), line.encode(), mode=0o600)
        except OSError as why:
            raise Failure(f"The ready file {ready_file} can't be written: {why.strerror or why}.") from why
    click.echo(f"sms-sandbox ready: {line}")


def greet(ready: Mapping[str, Any]) -> None:
    """Say on a terminal what whoever sits there wants to know; stdout's one line is for programs."""
    click.echo(f"API: {ready['https']} with key {ready['key']} and secret {ready['secret']}", err=True)
    click.echo(f"Status page, with what clients need to trust it: {ready['http']}/", err=True)
    click.echo("Stop with Ctrl-C.", err=True)


# Helpers that talk to a running sandbox


@main.command()
@settings_of("host", "http_port", "ready_file", words=HELPERS_WORDS)
@click.option("--wait", is_flag=True, help="Ask again until it is ready or the time is over.")
@click.option("--timeout", default="30s", show_default=True, metavar="SPAN", help="How long to wait, as 30s or 2m.")
def ready(host: str, http_port: int, ready_file: str | None, wait: bool, timeout: str) -> None:
    """Tell by the exit code whether the sandbox is ready.

    0 if so, 1 if not.
    """
    until = time.monotonic() + seconds(timeout)
    while True:
        left = until - time.monotonic() if wait else 2.0
        try:
            where = f"{base_url(host, http_port, ready_file)}/readyz"
            status, body = request("GET", where, timeout=max(0.1, min(left, 2.0)))
            if status == 200 and json.loads(body).get("status") == "ready":
                click.echo("ready")
                return
            reason = f"{where} answers {status}"
        except (ValueError, AttributeError):
            reason = f"something else answers at {where}"
        except Failure as why:
            reason = why.message.removesuffix(".")
        if not wait or time.monotonic() >= until:
            raise Failure(f"The sandbox is not ready: {reason}.")
        time.sleep(0.05)


@main.command()
@settings_of("certs", "cert_host", "host", "https_port", "account", "ready_file", words=HELPERS_WORDS)
@click.option("--shell", type=click.Choice(("bash", "powershell", "dotenv", "github")), default="bash",
              show_default=True, help="Whose syntax to print.")  # fmt: skip
def env(shell: str, ready_file: str | None, **given: Any) -> None:
    """Print what makes clients trust the sandbox and find it.

    In a shell: eval "$(sms-sandbox env)"
    """
    from ..client import environment
    from ..server import certificates

    settings = read(given)
    try:
        if ready_file is not None:
            found = read_ready_file(ready_file)
            paths, url = (Path(found["ca"]), Path(found["ca_bundle"])), found["https"]
            key, secret = found["key"], found["secret"]
        else:
            made = certificates.ensure(Path(settings.certs), settings.cert_host)
            paths, url = (made.ca, made.ca_bundle), f"https://{reachable_name(settings.host)}:{settings.https_port}"
            key, secret = settings.pairs[0]
        click.echo(environment.render(environment.variables(*paths, url, key, secret), shell), nl=False)
    except certificates.CertificateError as why:
        raise Failure(str(why)) from why
    except ValueError as why:
        raise click.UsageError(str(why)) from why


@main.command()
@settings_of(*CLIENT, words=HELPERS_WORDS)
@click.option("--from", "from_", required=True, metavar="MSISDN", help="The handset that writes.")
@click.option(
    "--to", default=None, metavar="NUMBER", help="The number it writes to; if not given, the last that wrote to it."
)
@click.argument("text")
def inbound(from_: str, to: str | None, text: str, **where: Any) -> None:
    """Send TEXT as a handset does.

    It is a reply where the number wrote to the handset before, else an inbound message.
    """
    body = {"from": from_, "text": text} | ({"to": to} if to else {})
    click.echo(json.dumps(control("POST", "/inbound", body, **where), indent=2))


@main.command()
@settings_of(*CLIENT, words=HELPERS_WORDS)
@click.option("--to", default=None, metavar="TIME", help="Up to a moment instead, as 2030-01-31T12:00:00Z.")
@click.argument("span", required=False)
def advance(to: str | None, span: str | None, **where: Any) -> None:
    """Let time pass: a SPAN such as 90s, 5m, 24h or 3d.

    Everything due on the way happens before this ends, retries of callbacks included.
    """
    if (to is None) == (span is None):
        raise click.UsageError("Say how far: either a SPAN such as 24h, or --to a moment.")
    body = {"to": to} if to else {"seconds": seconds(span or "")}
    click.echo(json.dumps(control("POST", "/clock/advance", body, **where), indent=2))
