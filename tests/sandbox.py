"""A whole sandbox inside the tests' process, and clients of its two APIs."""

import json
import select
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from sms_sandbox.client.demo import tell_story
from sms_sandbox.control.shapes.server_info import ServerInfo
from sms_sandbox.server.certificates import Certificates
from sms_sandbox.server.server import Server
from sms_sandbox.settings import Settings

KEY, SECRET = "sandbox-key", "sandbox-secret"
HANDSET = "61491570156"


@dataclass(frozen=True)
class Answer:
    """The response of a server; `json` is its parsed body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The error code of a refusal."""
        return str(self.json["error"]["code"])


class Connections:
    """Connections that stay open between the calls of a test. To make one takes most of the time of a call over TLS."""

    # A server closes a connection that has waited for some seconds, and must not do so just when the next call comes.
    _LONGEST_WAIT_SECONDS = 1.0

    def __init__(self) -> None:
        self._waiting: dict[tuple[int, str, str | None], tuple[HTTPConnection, float]] = {}

    def take(self, origin: str, ca: str | None) -> HTTPConnection:
        """Return this thread's connection to an origin, or a new one if that has ended."""
        kept = self._waiting.pop((threading.get_ident(), origin, ca), None)
        if kept is not None:
            connection, since = kept
            fresh = time.monotonic() - since < self._LONGEST_WAIT_SECONDS
            # Nothing is readable on a connection that waits, unless the server has closed it.
            if fresh and connection.sock is not None and not select.select([connection.sock], [], [], 0)[0]:
                return connection
            connection.close()
        return connect(origin, ca)

    def keep(self, connection: HTTPConnection, origin: str, ca: str | None) -> None:
        """Keep a connection for the next call of this thread."""
        self._waiting[threading.get_ident(), origin, ca] = (connection, time.monotonic())

    def close(self) -> None:
        while self._waiting:
            self._waiting.popitem()[1][0].close()


def connect(origin: str, ca: str | None) -> HTTPConnection:
    """Prepare a connection to an origin. It is opened by its first request."""
    parts = urlsplit(origin)
    assert parts.hostname
    if parts.scheme == "https":
        assert ca
        trusting = trusting_context(Path(ca).read_text())
        return HTTPSConnection(parts.hostname, parts.port, timeout=30, context=trusting)
    return HTTPConnection(parts.hostname, parts.port, timeout=30)


def fetch(
    url: str, verb: str = "GET", body: bytes | str | None = None, headers: Mapping[str, str] | None = None,
    ca: str | None = None, connections: Connections | None = None,
) -> Answer:  # fmt: skip
    """Send one request, on a new connection unless there are some to choose from."""
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    connection = connections.take(origin, ca) if connections else connect(origin, ca)
    kept = False
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(verb, path, body, dict(headers or {}))
        reply = connection.getresponse()
        answer = Answer(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())
        if connections and connection.sock is not None:
            connections.keep(connection, origin, ca)
            kept = True
        return answer
    finally:
        if not kept:
            connection.close()


@cache
def trusting_context(ca: str) -> ssl.SSLContext:
    """Return a context that trusts a CA alone. To make one takes half the time of a call."""
    return ssl.create_default_context(cadata=ca)


def basic(key: str, secret: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{key}:{secret}'.encode()).decode()}"}


@dataclass(frozen=True)
class Account:
    """An account of a running sandbox; calls the API and its tenant's control API."""

    ready: ServerInfo
    key: str = KEY
    secret: str = SECRET
    connections: Connections | None = field(default=None, compare=False, repr=False)

    def control(self, verb: str, path: str, body: Any = None, **query: Any) -> Answer:
        """Call the control API. A body of bytes is sent unchanged."""
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body)
        suffix = f"?{urlencode(query)}" if query else ""
        url = f"{self.ready.http}/_sandbox/v1{path}{suffix}"
        return fetch(url, verb, raw, basic(self.key, self.secret), connections=self.connections)

    def ok(self, verb: str, path: str, body: Any = None, **query: Any) -> Any:
        """Call the control API, check that it succeeds, and return the JSON."""
        answer = self.control(verb, path, body, **query)
        assert 200 <= answer.status < 300, (answer.status, answer.body)
        return answer.json

    def refused(self, verb: str, path: str, body: Any = None, **query: Any) -> tuple[int, str]:
        """Check that a control call is refused with a sentence; return status and code."""
        answer = self.control(verb, path, body, **query)
        assert list(answer.json) == ["error"], answer.body
        assert answer.json["error"]["message"].endswith(".")
        assert answer.headers["content-type"] == "application/json"
        return answer.status, answer.code

    def api(self, method: str, **params: Any) -> Any:
        """Call a method of the API over HTTPS, with the certificate verified."""
        form = {"Content-Type": "application/x-www-form-urlencoded", **basic(self.key, self.secret)}
        body = urlencode({name.rstrip("_"): value for name, value in params.items()})
        return fetch(f"{self.ready.https}/{method}.json", "POST", body, form, self.ready.ca, self.connections).json

    def api_ok(self, method: str, **params: Any) -> Any:
        """Call a method of the API, check that it succeeds, and return the JSON."""
        reply = self.api(method, **params)
        assert reply["error"] == {"code": "SUCCESS", "description": "OK"}, (method, reply)
        return reply

    def send(self, text: str = "hello", to: str = HANDSET, **params: Any) -> int:
        """Send a message, check that it is accepted, and return its id."""
        return int(self.api_ok("send-sms", message=text, to=to, **params)["message_id"])

    def tenant(self, **body: Any) -> "Account":
        """Create a tenant and return its account."""
        made = self.ok("POST", "/tenants", {"throttle": 0, **body})
        return Account(self.ready, made["key"], made["secret"], self.connections)


@contextmanager
def run_demo(certificates: Certificates, **settings: Any) -> Iterator[Account]:
    """Run a server with the demo, and give its default account."""
    with run_sandbox(
        Settings(https_port=0, http_port=0, certs=str(certificates.directory), demo=True, **settings)
    ) as account:
        assert tell_story(account.ready)
        yield account


@contextmanager
def run_sandbox(settings: Settings) -> Iterator[Account]:
    """Run a server on a thread, and give its default account."""
    server = Server(settings)
    connections = Connections()
    ready = threading.Event()
    thread = threading.Thread(target=server.run, args=[ready.set])
    thread.start()
    try:
        assert ready.wait(30)
        where = server.info(0)
        yield Account(where, where.key, where.secret, connections)
    finally:
        connections.close()
        server.stop()
        thread.join(30)
        assert not thread.is_alive()
