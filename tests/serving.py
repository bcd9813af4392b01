"""A whole sandbox and a whole receiver of callbacks inside the tests' process, and callers of both sides."""

import asyncio
import json
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from sms_sandbox.server.server import Ready, Server, loop_factory
from sms_sandbox.settings import Settings

KEY, SECRET = "sandbox-key", "sandbox-secret"
HANDSET = "61491570156"


@dataclass(frozen=True)
class Answer:
    """What a server said; `json` is its body read as such."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of a refusal."""
        return str(self.json["error"]["code"])


def fetch(
    url: str, verb: str = "GET", body: bytes | str | None = None, headers: Mapping[str, str] | None = None,
    ca: str | None = None,
) -> Answer:  # fmt: skip
    """One request on a connection of its own."""
    parts = urlsplit(url)
    assert parts.hostname
    if parts.scheme == "https":
        trusting = ssl.create_default_context(cafile=ca)
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


def basic(key: str, secret: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{key}:{secret}'.encode()).decode()}"}


@dataclass(frozen=True)
class Account:
    """An account of a running sandbox: calls the API, and control on its tenant's behalf."""

    ready: Ready
    key: str = KEY
    secret: str = SECRET

    def control(self, verb: str, path: str, body: Any = None, **query: Any) -> Answer:
        """Call the control API; a body that is bytes goes out as it is."""
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body)
        asked = f"?{urlencode(query)}" if query else ""
        return fetch(f"{self.ready.http}/_sandbox/v1{path}{asked}", verb, raw, basic(self.key, self.secret))

    def ok(self, verb: str, path: str, body: Any = None, **query: Any) -> Any:
        """The same, for a call that must succeed."""
        answer = self.control(verb, path, body, **query)
        assert 200 <= answer.status < 300, (answer.status, answer.body)
        return answer.json

    def refused(self, verb: str, path: str, body: Any = None, **query: Any) -> tuple[int, str]:
        """The status and the code of a call that must be refused, with a sentence."""
        answer = self.control(verb, path, body, **query)
        assert list(answer.json) == ["error"], answer.body
        assert answer.json["error"]["message"].endswith(".")
        assert answer.headers["content-type"] == "application/json"
        return answer.status, answer.code

    def api(self, method: str, **params: Any) -> Any:
        """Call a method of the API over HTTPS, the certificate verified."""
        form = {"Content-Type": "application/x-www-form-urlencoded", **basic(self.key, self.secret)}
        body = urlencode({name.rstrip("_"): value for name, value in params.items()})
        return fetch(f"{self.ready.https}/{method}.json", "POST", body, form, self.ready.ca).json

    def send(self, text: str = "hello", to: str = HANDSET, **params: Any) -> int:
        """Send a message that must be taken; its id."""
        reply = self.api("send-sms", message=text, to=to, **params)
        assert reply["error"]["code"] == "SUCCESS", reply
        return int(reply["message_id"])

    def tenant(self, **body: Any) -> "Account":
        """Make a tenant; its account."""
        made = self.ok("POST", "/tenants", {"throttle": 0, **body})
        return Account(self.ready, made["key"], made["secret"])


@contextmanager
def serving(settings: Settings) -> Iterator[Account]:
    """A server on a thread; the account it has by default."""
    server = Server(settings)
    ready = threading.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    def serve() -> None:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            loops.append(runner.get_loop())
            runner.run(server.run(ready.set))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        assert ready.wait(30)
        where = server.ready(0)
        yield Account(where, where.key, where.secret)
    finally:
        loops[0].call_soon_threadsafe(server.stop)
        thread.join(30)
        assert not thread.is_alive()


@dataclass(frozen=True)
class Received:
    """A callback as it arrived."""

    at: float
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return dict(self.query)[name]


class Receiver:
    """A server that takes callbacks. `status` is its answer, `delay` the seconds it takes for it; `files` is what there
    is to fetch, by path. While it is `holding`, whoever calls has no answer."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.status = 200
        self.delay = 0.0
        self.files: dict[str, bytes] = {}
        self._answers = threading.Event()
        self._answers.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = parse_qsl(parts.query, keep_blank_values=True)
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.received.append(Received(time.monotonic(), parts.path, query, headers))
                outer._answers.wait()
                time.sleep(outer.delay)
                self.send_response(outer.status)
                body = b"" if outer.status == 204 else outer.files.get(parts.path, b"ok")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, *_: Any) -> None:
                """Who calls may be killed: its own affair."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Answer nobody until the end, so that what waits for an answer is under way as long as a test wants."""
        self._answers.clear()
        try:
            yield
        finally:
            self._answers.set()

    def wait_for(self, count: int, seconds: float = 20) -> list[Received]:
        """What has arrived when that many have."""
        eventually(lambda: len(self.received) >= count, seconds)
        return list(self.received)


def eventually(is_so: Callable[[], object], seconds: float = 20) -> None:
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, "it did not come to be"
        time.sleep(0.02)
