"""A proxy in front of a sandbox that adds one deliberate error to everything."""

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

from sms_sandbox.control.shapes.server_info import ServerInfo
from sms_sandbox.server.certificates import Certificates
from tests.contract.exchanges import Answer, Callback, Exchange, Mutator, Relay, Request, forward_unchanged, unchanged

URLS = ("dlr_callback", "reply_callback", "link_hits_callback", "forward_url", "url")
"""Parameters with callback URLs. In bodies of control calls, every field that ends in `_url` is one."""


@dataclass
class MutatingProxy:
    """The proxy. It listens at `url`, with the sandbox's own certificate.

    Calls of the API pass through `mutate`, callbacks through `relay`, and other requests through `mutate_control`.
    """

    sandbox: ServerInfo
    certificates: Certificates
    mutate: Mutator = forward_unchanged
    relay: Relay | None = None
    mutate_control: Callable[[Request], Request] = unchanged
    memory: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        proxy = self
        self._lock = threading.Lock()
        self._original_urls: dict[str, str] = {}
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.certificates.certificate, self.certificates.key)
        self._upstream_context = ssl.create_default_context(cafile=self.certificates.ca)

        class ConnectionHandler(BaseRequestHandler):
            def handle(self) -> None:
                # If either side breaks the connection, the other side must see it end.
                with suppress(OSError, HTTPException, EOFError):
                    proxy._serve(self.request)

        class CallbackHandler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(proxy._call_back(self.path, self.headers.get("x-transmitsms-signature", "")))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Log nothing."""

        class TlsServer(ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 64

        class CallbackServer(ThreadingHTTPServer):
            daemon_threads = True

        address = ("127.0.0.1", 0)
        self._servers = [TlsServer(address, ConnectionHandler), CallbackServer(address, CallbackHandler)]
        self.url = f"https://localhost:{self._servers[0].server_address[1]}"
        self._relay_url = f"http://127.0.0.1:{self._servers[1].server_address[1]}"
        self._threads = [
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}) for server in self._servers
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()

    # Connections

    def _serve(self, raw: socket) -> None:
        address = urlsplit(self.sandbox.https)
        with create_connection((address.hostname, address.port), timeout=60) as plain:
            if raw.recv(1, MSG_PEEK) != b"\x16":  # plain HTTP on the TLS port: the sandbox answers it
                tunnel(raw, plain)
                return
            with (
                self._upstream_context.wrap_socket(plain, server_hostname=address.hostname) as upstream,
                self._context.wrap_socket(raw, server_side=True) as client,
                client.makefile("rb") as reader,
            ):
                while (request := read_request(reader)) is not None:
                    verb, _, version = request.line
                    redirected = self._redirect_callbacks(request)
                    exchange = Exchange(redirected, lambda changed: forward(upstream, changed), self.memory)
                    if request.method:
                        with self._lock:
                            answer = self.mutate(exchange)
                    else:
                        answer = exchange.forward(self.mutate_control(exchange.request))
                    client.sendall(serialise(self._restore_urls(answer) if self._original_urls else answer, verb))
                    if answer.header("connection") == "close" or version == "HTTP/1.0":
                        return

    def _redirect_callbacks(self, request: Request) -> Request:
        """Return a request whose callbacks go through this proxy, if the mutation has a relay."""
        if self.relay is None:
            return request
        if request.path.startswith("/_sandbox/") and request.body.startswith(b"{"):
            with suppress(ValueError):
                fields = json.loads(request.body)
                redirected = {
                    key: self._redirect(value) if key.endswith("_url") else value for key, value in fields.items()
                }
                return request.with_body(json.dumps(redirected).encode()) if redirected != fields else request
        return request.with_form(
            lambda pairs: [(name, self._redirect(value) if name in URLS else value) for name, value in pairs]
        )

    # Callbacks

    def _redirect(self, url: Any) -> Any:
        if not isinstance(url, str) or not url.startswith("http"):
            return url
        base, mark, query = url.partition("#")[0].partition("?")
        redirected = f"{self._relay_url}/{urlsafe_b64encode(base.encode()).decode()}"
        self._original_urls[redirected] = base
        return f"{redirected}{mark}{query}"

    def _restore_urls(self, answer: Answer) -> Answer:
        """Put the original callback URLs back into an answer."""
        body = answer.plain
        for redirected, base in self._original_urls.items():
            for mark in ("/", "\\/"):
                body = body.replace(redirected.replace("/", mark).encode(), base.replace("/", mark).encode())
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


def read_request(reader: BufferedReader) -> Request | None:
    """Read the next request of a connection. None at its end."""
    head = b""
    while not head.endswith((b"\r\n\r\n", b"\n\n")):
        line = reader.readline(65536)
        if not line:
            return None
        head += line
    request = Request(head, b"")
    if request.header("transfer-encoding"):
        body = b""
        while not body.endswith(b"0\r\n\r\n"):
            body += reader.readline()
        return Request(head, body)
    return Request(head, reader.read(int(request.header("content-length") or 0)))


def forward(upstream: ssl.SSLSocket, request: Request) -> Answer:
    """Send a request to the sandbox, and read its answer."""
    upstream.sendall(request.head + request.body)
    response = HTTPResponse(upstream, method=request.line[0])
    response.begin()
    body = response.read()
    headers = [pair for pair in response.getheaders() if pair[0].lower() != "transfer-encoding"]
    return Answer(response.status, response.reason, headers, body)


def serialise(answer: Answer, verb: str) -> bytes:
    """Return an answer's bytes, with its current length."""
    headers = answer.headers
    if verb != "HEAD":
        kept = [pair for pair in headers if pair[0].lower() != "content-length"]
        headers = [*kept, ("Content-Length", str(len(answer.body)))]
    lines = [f"HTTP/1.1 {answer.status} {answer.reason}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body


def call_back(callback: Callback) -> int:
    """Send a callback to its receiver, and return the status. 502 if there is no answer."""
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
def mutating_proxy(
    sandbox: ServerInfo,
    certificates: Certificates,
    mutate: Mutator = forward_unchanged,
    relay: Relay | None = None,
    mutate_control: Callable[[Request], Request] = unchanged,
) -> Iterator[MutatingProxy]:
    """Run a proxy during the block."""
    proxy = MutatingProxy(sandbox, certificates, mutate, relay, mutate_control)
    try:
        yield proxy
    finally:
        proxy.close()
