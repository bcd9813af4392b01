"""A server that receives callbacks and keeps them."""

import hashlib
import hmac
import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .client import eventually


@dataclass(frozen=True)
class ReceivedCallback:
    """A callback as it was received."""

    path: str
    raw_query: str
    signature: str | None

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Return the parameters in their order."""
        return parse_qsl(self.raw_query, keep_blank_values=True)

    def __getitem__(self, name: str) -> str:
        return dict(self.pairs)[name]


class Receiver:
    """A server that answers callbacks with `status`, and serves `files`.

    Each test uses its own path below `url`.
    """

    def __init__(self, url: str | None = None, port: int = 0) -> None:
        self.calls: list[ReceivedCallback] = []
        self.status = 200
        self.files: dict[str, bytes] = {}
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                content = next((file for path, file in receiver.files.items() if parts.path.endswith(path)), None)
                if content is None:
                    receiver.calls.append(
                        ReceivedCallback(parts.path, parts.query, self.headers.get("x-transmitsms-signature"))
                    )
                self.send_response(receiver.status if content is None else 200)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *_: Any) -> None:
                """Log nothing, because a query contains phone numbers."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.url = (url or f"http://127.0.0.1:{self._server.server_address[1]}").rstrip("/")
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def close(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def wait_for(self, path: str, count: int = 1, seconds: float = 20) -> list[ReceivedCallback]:
        """Wait until a path was called `count` times, and return its calls."""
        eventually(lambda: len(self.calls_to(path)) >= count, seconds)
        return self.calls_to(path)

    def calls_to(self, path: str) -> list[ReceivedCallback]:
        """Return the calls whose path ends with `path`. A public URL may put its own path in front."""
        return [call for call in self.calls if call.path.endswith(path)]


def expected_signature(secret: str, pairs: list[tuple[str, str]]) -> str:
    """Return the signature of a callback (9.1): HMAC-SHA256 of its parameters as PHP's JSON."""
    text = json.dumps(dict(pairs), separators=(",", ":")).replace("/", "\\/")
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
