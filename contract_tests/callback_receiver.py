"""A server that takes callbacks, and what arrived."""

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
class Call:
    """A callback as it arrived."""

    path: str
    raw_query: str
    signature: str | None

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Its parameters in their order."""
        return parse_qsl(self.raw_query, keep_blank_values=True)

    def __getitem__(self, name: str) -> str:
        return dict(self.pairs)[name]


class Receiver:
    """Takes callbacks at `url`, each test's below a path of its own, and answers with `status`; hands out `files`."""

    def __init__(self, url: str | None = None, port: int = 0) -> None:
        self.calls: list[Call] = []
        self.status = 200
        self.files: dict[str, bytes] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                content = next((each for path, each in outer.files.items() if parts.path.endswith(path)), None)
                if content is None:
                    outer.calls.append(Call(parts.path, parts.query, self.headers.get("x-transmitsms-signature")))
                self.send_response(outer.status if content is None else 200)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *_: Any) -> None:
                """Say nothing: a query holds numbers."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.url = (url or f"http://127.0.0.1:{self._server.server_address[1]}").rstrip("/")
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def wait_for(self, path: str, count: int = 1, seconds: float = 20) -> list[Call]:
        """The calls at a path, once there are that many."""
        eventually(lambda: len(self.at(path)) >= count, seconds)
        return self.at(path)

    def at(self, path: str) -> list[Call]:
        """The calls whose path ends so: what stands before is the public address's own."""
        return [each for each in self.calls if each.path.endswith(path)]


def signature(secret: str, pairs: list[tuple[str, str]]) -> str:
    """What signs a callback (9.1): HMAC-SHA256 over its parameters, as PHP writes them in JSON."""
    said = json.dumps(dict(pairs), separators=(",", ":")).replace("/", "\\/")
    return hmac.new(secret.encode(), said.encode(), hashlib.sha256).hexdigest()
