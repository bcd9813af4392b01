"""The command line: `sms-sandbox serve`, and small helpers around it."""

import asyncio
import json
import logging
import os
import signal
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import Any

import click

from .settings import Settings, SettingsError, flag, variable


class Failure(click.ClickException):
    """One line on stderr and exit code 1."""

    def show(self, file: Any = None) -> None:  # noqa: ARG002
        click.echo(f"sms-sandbox: {self.message}", err=True)


def setting(name: str) -> Callable[[Any], Any]:
    """The option of a setting: its flag, environment variable, default and sentence."""
    found = next(each for each in fields(Settings) if each.name == name)
    meta, default = found.metadata, found.default
    assert default is not MISSING
    multiple = isinstance(default, tuple)
    if meta.get("choices"):
        kind: Any = click.Choice(meta["choices"])
    elif isinstance(default, bool):
        kind = bool
    else:
        kind = {int: int, float: float}.get(type(default), int if name == "throttle" else str)
    return click.option(
        flag(name), name, type=kind, default=default, multiple=multiple, is_flag=isinstance(default, bool),
        envvar=variable(name), show_envvar=True, show_default=default not in ((), None, False), help=meta["help"],
        metavar=meta.get("metavar"),
    )  # fmt: skip


def settings_of(*names: str) -> Callable[[Any], Any]:
    """The options of several settings."""

    def add(command: Any) -> Any:
        for name in reversed(names):
            command = setting(name)(command)
        return command

    return add


ALL = tuple(each.name for each in fields(Settings))
CLIENT = ("http_port", "ready_file", "account", "control_token")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="sms-sandbox", prog_name="sms-sandbox")
def main() -> None:
    """A local sandbox of the TransmitSMS (Burst SMS, Kudosity V1) SMS REST API."""


@main.command()
@settings_of(*ALL)
def serve(**given: Any) -> None:
    """Run the sandbox until it is interrupted."""
    settings = read(given)
    set_up_logging(settings.log_format)
    # Here, so that --help and the helpers do not wait for what only the server needs.
    from .server import Server, ServerError
    from .store.opening import StoreError
    from .tls import CertificateError

    try:
        server = Server(settings)
    except ValueError as why:
        raise click.UsageError(str(why)) from why
    except (ServerError, StoreError, CertificateError) as why:
        raise Failure(str(why)) from why
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(run(server, settings))


async def run(server: Any, settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM."""
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, server.stop)
    await server.run(lambda: announce(asdict(server.ready(os.getpid())), settings.ready_file))


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, where there is one."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def announce(ready: dict[str, Any], ready_file: str | None) -> None:
    """Say on stdout, in one line, and in the file if one is named, that connections are accepted and where."""
    if ready_file is not None:
        path = Path(ready_file)
        half = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(ready, file)
        half.replace(path)
    click.echo(f"sms-sandbox ready: {json.dumps(ready)}")


def read(given: dict[str, Any]) -> Settings:
    try:
        return Settings(**given)
    except SettingsError as why:
        raise click.UsageError(str(why)) from why


class JsonLines(logging.Formatter):
    """A log record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def set_up_logging(log_format: str) -> None:
    """Log lines go to stderr; stdout has the ready line alone."""
    handler = logging.StreamHandler()
    text = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(JsonLines() if log_format == "json" else text)
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for noisy in ("uvicorn.error", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


# Helpers that talk to a running sandbox


@main.command()
@settings_of("http_port", "ready_file")
@click.option("--wait", is_flag=True, help="Ask again until it is ready or the time is over.")
@click.option("--timeout", default="30s", show_default=True, help="How long to wait, as 30s or 2m.")
def ready(http_port: int, ready_file: str | None, wait: bool, timeout: str) -> None:
    """Tell by the exit code whether the sandbox is ready: 0 if so, 1 if not."""
    until = time.monotonic() + seconds(timeout)
    while True:
        try:
            with urllib.request.urlopen(f"{base_url(http_port, ready_file)}/readyz", timeout=2) as reply:  # noqa: S310
                if reply.status == 200:
                    click.echo("ready")
                    return
        except (OSError, ValueError, Failure) as why:
            reason = getattr(why, "reason", None) or why
        if not wait or time.monotonic() >= until:
            raise Failure(f"The sandbox is not ready: {reason}.")
        time.sleep(0.05)


@main.command()
@settings_of("certs", "cert_host", "https_port", "account", "ready_file")
@click.option("--shell", type=click.Choice(("bash", "powershell", "dotenv", "github")), default="bash",
              show_default=True, help="Whose syntax to print.")  # fmt: skip
def env(certs: str, cert_host: tuple[str, ...], https_port: int, account: tuple[str, ...], ready_file: str | None,
        shell: str) -> None:  # fmt: skip
    """Print the lines that make clients trust the sandbox and find it: eval "$(sms-sandbox env)"."""
    from . import tls, trust

    settings = read({"certs": certs, "cert_host": cert_host, "https_port": https_port, "account": account})
    if ready_file is not None:
        found = read_ready_file(ready_file)
        paths, url = (Path(found["ca"]), Path(found["ca_bundle"])), found["https"]
        key, secret = found["key"], found["secret"]
    else:
        try:
            made = tls.ensure(Path(settings.certs), settings.cert_host)
        except tls.CertificateError as why:
            raise Failure(str(why)) from why
        except ValueError as why:
            raise click.UsageError(str(why)) from why
        paths, url = (made.ca, made.ca_bundle), f"https://localhost:{settings.https_port}"
        key, secret = settings.accounts[0]
    click.echo(trust.render(trust.variables(*paths, url, key, secret), shell), nl=False)


@main.command()
@settings_of(*CLIENT)
@click.option("--from", "from_", required=True, metavar="MSISDN", help="The handset that writes.")
@click.option("--to", default=None, metavar="NUMBER", help="The number it writes to; the last that wrote to it.")
@click.argument("text")
def inbound(from_: str, to: str | None, text: str, **where: Any) -> None:
    """Send TEXT as a handset: a reply, or a message to a number of yours."""
    body = {"from": from_, "text": text} | ({"to": to} if to else {})
    click.echo(json.dumps(control("POST", "/inbound", body, **where), indent=2))


@main.command()
@settings_of(*CLIENT)
@click.option("--to", default=None, metavar="TIME", help="A moment, as 2030-01-31T12:00:00Z.")
@click.argument("span", required=False)
def advance(to: str | None, span: str | None, **where: Any) -> None:
    """Move the clock on by SPAN (90s, 5m, 24h, 3d) or to a moment; all due on the way happens first."""
    if (to is None) == (span is None):
        raise click.UsageError("Say how far: either a SPAN such as 24h, or --to a moment.")
    body = {"to": to} if to else {"seconds": seconds(span or "")}
    click.echo(json.dumps(control("POST", "/clock/advance", body, **where), indent=2))


UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(span: str) -> float:
    """A span of time such as 30s, 5m, 24h or 3d, in seconds; a bare number is seconds."""
    digits = span.rstrip("smhd")
    unit = span[len(digits) :] or "s"
    try:
        value = float(digits) * UNITS[unit]
    except (ValueError, KeyError):
        raise click.UsageError(f"{span!r} is no span of time; write 30s, 5m, 24h or 3d.") from None
    if not 0 <= value < 4e9:
        raise click.UsageError(f"{span!r} is too long a span of time.")
    return value


def base_url(http_port: int, ready_file: str | None) -> str:
    """Where control is: as the ready file says, or at the port that is set."""
    return str(read_ready_file(ready_file)["http"]) if ready_file else f"http://127.0.0.1:{http_port}"


def read_ready_file(ready_file: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(Path(ready_file).read_text())
    except (OSError, ValueError) as why:
        raise Failure(f"The ready file {ready_file} can't be read: {why}.") from why
    return found


def control(
    verb: str, path: str, body: Any, *, http_port: int, ready_file: str | None, account: tuple[str, ...],
    control_token: str | None,
) -> Any:  # fmt: skip
    """Call the control API; Failure with its own sentence where it refuses."""
    headers = {"Content-Type": "application/json"}
    if account != Settings().account:
        headers["Authorization"] = f"Basic {b64encode(account[0].encode()).decode()}"
    if control_token:
        headers["X-Sandbox-Token"] = control_token
    url = f"{base_url(http_port, ready_file)}/_sandbox/v1{path}"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method=verb)  # noqa: S310
    try:
        with urllib.request.urlopen(request) as reply:  # noqa: S310
            return json.load(reply)
    except urllib.error.HTTPError as refused:
        raise Failure(json.load(refused)["error"]["message"]) from refused
    except OSError as why:
        raise Failure(f"No sandbox answers at {url}: {getattr(why, 'reason', why)}.") from why
