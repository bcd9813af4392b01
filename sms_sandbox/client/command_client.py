"""A running sandbox, as the commands that talk to one find and call it."""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from ..settings import Settings, SettingsError, reachable_name

SILENCE = 60.0
"""Seconds without a sign of life after which a stream has ended; a sandbox gives one four times as often."""


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


def reached(
    path: str, *, host: str, http_port: int, ready_file: str | None, account: tuple[str, ...], control_token: str | None
) -> tuple[str, dict[str, str]]:
    """The address of an operation of the control API, and the headers that say on whose behalf it is called."""
    headers = {"Content-Type": "application/json"}
    if account != Settings().account:
        (key, secret), *_ = read({"account": account}).pairs
        headers["Authorization"] = f"Basic {b64encode(f'{key}:{secret}'.encode()).decode()}"
    token = control_token or (read_ready_file(ready_file).get("control_token") if ready_file else None)
    if token:
        headers["X-Sandbox-Token"] = token
    return f"{base_url(host, http_port, ready_file)}/_sandbox/v1{path}", headers


def control(verb: str, path: str, body: Any, **where: Any) -> Any:
    """Call the control API; Failure with its own sentence where it refuses."""
    url, headers = reached(path, **where)
    status, reply = request(verb, url, json.dumps(body).encode(), headers)
    try:
        said = json.loads(reply)
        if status < 400:
            return said
    except ValueError:
        pass
    raise refusal(url, status, reply)


def refusal(url: str, status: int, reply: bytes) -> Failure:
    """What the control API said instead of doing something."""
    try:
        return Failure(json.loads(reply)["error"]["message"])
    except (ValueError, LookupError, TypeError):
        return Failure(f"No sandbox answers at {url}, but something else that says {status}.")


def lines(path: str, **where: Any) -> Iterator[str]:
    """The lines of a stream of the control API, as they come, until it ends; Failure where it can't be had."""
    from http.client import HTTPConnection, HTTPException

    url, headers = reached(path, **where)
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=SILENCE)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
        answer = connection.getresponse()
        if answer.status != 200:
            raise refusal(url, answer.status, answer.read())
    except (OSError, HTTPException) as why:
        connection.close()
        raise Failure(f"No sandbox answers at {url}: {getattr(why, 'strerror', None) or why}.") from why
    with closing(connection), suppress(OSError, HTTPException):  # it ended, however it did
        while line := answer.readline():
            yield line.decode().rstrip("\n")


def request(
    verb: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> tuple[int, bytes]:  # fmt: skip
    """The status and the body of an answer; Failure where there is none. No proxy of the environment is asked."""
    from http.client import HTTPConnection, HTTPException

    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request(verb, parts.path + (f"?{parts.query}" if parts.query else ""), body, dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, HTTPException) as why:
        raise Failure(f"No sandbox answers at {url}: {getattr(why, 'strerror', None) or why}.") from why
    finally:
        connection.close()
