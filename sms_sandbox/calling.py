"""A running sandbox, as the commands that talk to one find and call it."""

import json
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from .settings import Settings, SettingsError, reachable_name


class Failure(click.ClickException):
    """One line on stderr and exit code 1."""

    def show(self, file: Any = None) -> None:  # noqa: ARG002
        click.echo(f"sms-sandbox: {self.message}", err=True)


class Refused(Failure):
    """One line on stderr and exit code 2: what was given can't be used."""

    exit_code = 2


def read(given: dict[str, Any]) -> Settings:
    try:
        return Settings(**given)
    except SettingsError as why:
        raise click.UsageError(str(why)) from why


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
        (key, secret), *_ = read({"account": account}).pairs
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
