"""The command line: `sms-sandbox serve`, and small helpers around it."""

import asyncio
import gc
import json
import os
import signal
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import Any

import click

from . import files
from .logs import set_up_logging
from .settings import Settings, SettingsError, flag, reachable_name, variable


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
CLIENT = ("host", "http_port", "ready_file", "account", "control_token")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="sms-sandbox", prog_name="sms-sandbox")
def main() -> None:
    """A local sandbox of the TransmitSMS (Burst SMS, Kudosity V1) SMS REST API."""


@main.command()
@settings_of(*ALL)
def serve(**given: Any) -> None:
    """Run the sandbox until it is interrupted (SIGINT or SIGTERM)."""
    settings = read(given)
    set_up_logging(settings.log_format)
    # Nothing that a start makes is garbage, and looking for some takes a tenth of its time.
    gc.disable()
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

    def on_ready() -> None:
        gc.freeze()
        gc.enable()
        announce(asdict(server.ready(os.getpid())), settings.ready_file)

    await server.run(on_ready)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, where there is one."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def announce(ready: dict[str, Any], ready_file: str | None) -> None:
    """Say on stdout, in one line, and in the file if one is named, that connections are accepted and where."""
    line = json.dumps(ready)
    if ready_file is not None:
        try:
            files.write(Path(ready_file).absolute(), line.encode(), mode=0o600)
        except OSError as why:
            raise Failure(f"The ready file {ready_file} can't be written: {why.strerror or why}.") from why
    click.echo(f"sms-sandbox ready: {line}")


def read(given: dict[str, Any]) -> Settings:
    try:
        return Settings(**given)
    except SettingsError as why:
        raise click.UsageError(str(why)) from why


# Helpers that talk to a running sandbox


@main.command()
@settings_of("host", "http_port", "ready_file")
@click.option("--wait", is_flag=True, help="Ask again until it is ready or the time is over.")
@click.option("--timeout", default="30s", show_default=True, metavar="SPAN", help="How long to wait, as 30s or 2m.")
def ready(host: str, http_port: int, ready_file: str | None, wait: bool, timeout: str) -> None:
    """Tell by the exit code whether the sandbox is ready: 0 if so, 1 if not."""
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
@settings_of("certs", "cert_host", "host", "https_port", "account", "ready_file")
@click.option("--shell", type=click.Choice(("bash", "powershell", "dotenv", "github")), default="bash",
              show_default=True, help="Whose syntax to print.")  # fmt: skip
def env(shell: str, ready_file: str | None, **given: Any) -> None:
    """Print the lines that make clients trust the sandbox and find it: eval "$(sms-sandbox env)"."""
    from . import tls, trust

    settings = read(given)
    try:
        if ready_file is not None:
            found = read_ready_file(ready_file)
            paths, url = (Path(found["ca"]), Path(found["ca_bundle"])), found["https"]
            key, secret = found["key"], found["secret"]
        else:
            made = tls.ensure(Path(settings.certs), settings.cert_host)
            paths, url = (made.ca, made.ca_bundle), f"https://{reachable_name(settings.host)}:{settings.https_port}"
            key, secret = settings.accounts[0]
        click.echo(trust.render(trust.variables(*paths, url, key, secret), shell), nl=False)
    except tls.CertificateError as why:
        raise Failure(str(why)) from why
    except ValueError as why:
        raise click.UsageError(str(why)) from why


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


def base_url(host: str, http_port: int, ready_file: str | None) -> str:
    """Where control is: as the ready file says, or at the port that is set."""
    if ready_file:
        return str(read_ready_file(ready_file)["http"]).replace("//localhost:", "//127.0.0.1:")
    if not http_port:
        raise Failure("A port that is picked at the start is known by --ready-file only.")
    name = reachable_name(host)
    return f"http://{'127.0.0.1' if name == 'localhost' else name}:{http_port}"


def read_ready_file(ready_file: str) -> dict[str, Any]:
    try:
        found = json.loads(Path(ready_file).read_text())
    except (OSError, ValueError) as why:
        raise Failure(f"The ready file {ready_file} can't be read: {getattr(why, 'strerror', None) or why}.") from why
    if not isinstance(found, dict) or not {"https", "http", "ca", "ca_bundle", "key", "secret"} <= found.keys():
        raise Failure(f"The file {ready_file} is none that a sandbox wrote when it was ready.")
    return found


def control(
    verb: str, path: str, body: Any, *, host: str, http_port: int, ready_file: str | None, account: tuple[str, ...],
    control_token: str | None,
) -> Any:  # fmt: skip
    """Call the control API; Failure with its own sentence where it refuses."""
    headers = {"Content-Type": "application/json"}
    if account != Settings().account:
        (key, secret), *_ = read({"account": account}).accounts
        headers["Authorization"] = f"Basic {b64encode(f'{key}:{secret}'.encode()).decode()}"
    if control_token:
        headers["X-Sandbox-Token"] = control_token
    url = f"{base_url(host, http_port, ready_file)}/_sandbox/v1{path}"
    status, reply = request(verb, url, json.dumps(body).encode(), headers)
    try:
        said = json.loads(reply)
        if status < 400:
            return said
        message = said["error"]["message"]
    except (ValueError, LookupError, TypeError):
        message = f"No sandbox answers at {url}, but something else that says {status}."
    raise Failure(message)


def request(
    verb: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> tuple[int, bytes]:  # fmt: skip
    """The status and the body of an answer; Failure where there is none. No proxy of the environment is asked."""
    from http.client import HTTPConnection, HTTPException
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request(verb, parts.path, body, dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, HTTPException) as why:
        raise Failure(f"No sandbox answers at {url}: {getattr(why, 'strerror', None) or why}.") from why
    finally:
        connection.close()
