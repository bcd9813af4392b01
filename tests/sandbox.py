"""A whole sandbox inside the tests' process, and clients of its two APIs."""

import json
import ssl
import threading
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from sms_sandbox.control.shapes.server_info import ServerInfo
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


def fetch(
    url: str, verb: str = "GET", body: bytes | str | None = None, headers: Mapping[str, str] | None = None,
    ca: str | None = None,
) -> Answer:  # fmt: skip
    """Send one request on a new connection."""
    parts = urlsplit(url)
    assert parts.hostname
    if parts.scheme == "https":
        assert ca
        trusting = trusting_context(Path(ca).read_text())
        connection: HTTPConnection = HTTPSConnection(parts.hostname, parts.port, timeout=30, context=trusting)
    else:
        connection = HTTPConnection(parts.hostname, parts.port, timeout=30)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(verb, path, body, dict(headers or {}))
        reply = connection.getresponse()
        return Answer(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())
    finally:
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

    def control(self, verb: str, path: str, body: Any = None, **query: Any) -> Answer:
        """Call the control API. A body of bytes is sent unchanged."""
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body)
        suffix = f"?{urlencode(query)}" if query else ""
        return fetch(f"{self.ready.http}/_sandbox/v1{path}{suffix}", verb, raw, basic(self.key, self.secret))

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
        return fetch(f"{self.ready.https}/{method}.json", "POST", body, form, self.ready.ca).json

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
        return Account(self.ready, made["key"], made["secret"])


@contextmanager
def run_sandbox(settings: Settings) -> Iterator[Account]:
    """Run a server on a thread, and give its default account."""
    server = Server(settings)
    ready = threading.Event()
    thread = threading.Thread(target=server.run, args=[ready.set])
    thread.start()
    try:
        assert ready.wait(30)
        where = server.info(0)
        yield Account(where, where.key, where.secret)
    finally:
        server.stop()
        thread.join(30)
        assert not thread.is_alive()
