"""A deliberately wrong endpoint: a proxy in front of a sandbox that spoils what passes through it, in one named way."""

import json
import ssl
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedReader
from socket import MSG_PEEK, SHUT_RDWR, create_connection, socket
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.server.server import Ready
from tests.contract.exchanges import Answer, Callback, Exchange, Relay, Request, Spoil, faithfully, unchanged

URLS = ("dlr_callback", "reply_callback", "link_hits_callback", "forward_url", "url")
"""Parameters that say where to call back; in control's bodies every field that ends in `_url` does."""


@dataclass
class Wrong:
    """The proxy. It answers at `url`, by HTTPS with the sandbox's own certificate.

    Calls of the API go through `spoil`, callbacks through `relay`, and all else, control for one, through `told`.
    """

    sandbox: Ready
    certificates: Certificates
    spoil: Spoil = faithfully
    relay: Relay | None = None
    told: Callable[[Request], Request] = unchanged
    memory: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        outer = self
        self._lock = threading.Lock()
        self._led_from: dict[str, str] = {}
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.certificates.certificate, self.certificates.key)
        self._trusting = ssl.create_default_context(cafile=self.certificates.ca)

        class Connection(BaseRequestHandler):
            def handle(self) -> None:
                # Whoever hangs up in the middle, on either side, ends the connection, and the client sees it end.
                with suppress(OSError, HTTPException, EOFError):
                    outer._serve(self.request)

        class Forward(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(outer._call_back(self.path, self.headers.get("x-transmitsms-signature", "")))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        class Server(ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 64

        class Relaying(ThreadingHTTPServer):
            daemon_threads = True

        self._servers = [Server(("127.0.0.1", 0), Connection), Relaying(("127.0.0.1", 0), Forward)]
        self.url = f"https://localhost:{self._servers[0].server_address[1]}"
        self._relay_url = f"http://127.0.0.1:{self._servers[1].server_address[1]}"
        self._threads = [
            threading.Thread(target=each.serve_forever, kwargs={"poll_interval": 0.02}) for each in self._servers
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()

    # A connection

    def _serve(self, raw: socket) -> None:
        at = urlsplit(self.sandbox.https)
        with create_connection((at.hostname, at.port), timeout=60) as plain:
            if raw.recv(1, MSG_PEEK) != b"\x16":  # plain HTTP where TLS is spoken is the sandbox's own affair
                tunnel(raw, plain)
                return
            with (
                self._trusting.wrap_socket(plain, server_hostname=at.hostname) as upstream,
                self._context.wrap_socket(raw, server_side=True) as client,
                client.makefile("rb") as asked,
            ):
                while (request := read_request(asked)) is not None:
                    verb, _, version = request.line
                    exchange = Exchange(self._own(request), lambda each: ask(upstream, each), self.memory)
                    if request.method:
                        with self._lock:
                            answer = self.spoil(exchange)
                    else:
                        answer = exchange.forward(self.told(exchange.request))
                    client.sendall(spelled(self._unled(answer) if self._led_from else answer, verb))
                    if answer.header("connection") == "close" or version == "HTTP/1.0":
                        return

    def _own(self, request: Request) -> Request:
        """The request with its callbacks led through here, where the mutation wants to see them."""
        if self.relay is None:
            return request
        if request.path.startswith("/_sandbox/") and request.body.startswith(b"{"):
            with suppress(ValueError):
                fields = json.loads(request.body)
                led = {key: self._led(value) if key.endswith("_url") else value for key, value in fields.items()}
                return request.with_body(json.dumps(led).encode()) if led != fields else request
        return request.with_form(
            lambda pairs: [(name, self._led(value) if name in URLS else value) for name, value in pairs]
        )

    # Callbacks

    def _led(self, url: Any) -> Any:
        if not isinstance(url, str) or not url.startswith("http"):
            return url
        base, mark, query = url.partition("#")[0].partition("?")
        led = f"{self._relay_url}/{urlsafe_b64encode(base.encode()).decode()}"
        self._led_from[led] = base
        return f"{led}{mark}{query}"

    def _unled(self, answer: Answer) -> Answer:
        """An answer that tells a callback's address, with the one that was given."""
        body = answer.plain
        for led, base in self._led_from.items():
            for mark in ("/", "\\/"):
                body = body.replace(led.replace("/", mark).encode(), base.replace("/", mark).encode())
        return answer if body == answer.plain else answer.with_plain(body)

    def _call_back(self, target: str, signature: str) -> int:
        base, _, query = target.partition("?")
        url = urlsafe_b64decode(base.rpartition("/")[2]).decode()
        assert self.relay is not None
        return self.relay(Callback(url, parse_qsl(query, keep_blank_values=True), signature), call_back)


def tunnel(one: socket, other: socket) -> None:
    """Pass bytes both ways until either side ends."""

    def back() -> None:
        with suppress(OSError):
            while chunk := other.recv(65536):
                one.sendall(chunk)
            one.shutdown(SHUT_RDWR)

    thread = threading.Thread(target=back, daemon=True)
    thread.start()
    while chunk := one.recv(65536):
        other.sendall(chunk)
    thread.join(10)


def read_request(asked: BufferedReader) -> Request | None:
    """The next request of a connection; None at its end."""
    head = b""
    while not head.endswith((b"\r\n\r\n", b"\n\n")):
        line = asked.readline(65536)
        if not line:
            return None
        head += line
    request = Request(head, b"")
    if request.header("transfer-encoding"):
        body = b""
        while not body.endswith(b"0\r\n\r\n"):
            body += asked.readline()
        return Request(head, body)
    return Request(head, asked.read(int(request.header("content-length") or 0)))


def ask(upstream: ssl.SSLSocket, request: Request) -> Answer:
    """Send a request on, and read its answer."""
    upstream.sendall(request.head + request.body)
    reply = HTTPResponse(upstream, method=request.line[0])
    reply.begin()
    body = reply.read()
    headers = [pair for pair in reply.getheaders() if pair[0].lower() != "transfer-encoding"]
    return Answer(reply.status, reply.reason, headers, body)


def spelled(answer: Answer, verb: str) -> bytes:
    """An answer as it goes out, with the length it has now."""
    headers = answer.headers
    if verb != "HEAD":
        kept = [pair for pair in headers if pair[0].lower() != "content-length"]
        headers = [*kept, ("content-length", str(len(answer.body)))]
    lines = [f"HTTP/1.1 {answer.status} {answer.reason}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body


def call_back(callback: Callback) -> int:
    """Call whom a callback is for; the status answered, 502 where nobody answers."""
    parts = urlsplit(callback.url)
    assert parts.hostname
    connection = HTTPConnection(parts.hostname, parts.port, timeout=10)
    headers = {"x-transmitsms-signature": callback.signature} if callback.signature else {}
    try:
        connection.request(callback.verb, f"{parts.path or '/'}?{urlencode(callback.query)}", headers=headers)
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 502
    finally:
        connection.close()


@contextmanager
def wrong(
    sandbox: Ready,
    certificates: Certificates,
    spoil: Spoil = faithfully,
    relay: Relay | None = None,
    told: Callable[[Request], Request] = unchanged,
) -> Iterator[Wrong]:
    """A wrong endpoint, as long as it is needed."""
    opened = Wrong(sandbox, certificates, spoil, relay, told)
    try:
        yield opened
    finally:
        opened.close()
