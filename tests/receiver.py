"""A receiver of callbacks inside the tests' process."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.timing import DEADLINE_SECONDS, eventually


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
    """A server that receives callbacks.

    It answers with `status` after `delay` seconds. `files` maps paths to the bodies it serves.
    """

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
                # Read first, because a test may change both as soon as it sees the callback.
                status, delay = outer.status, outer.delay
                outer.received.append(Received(time.monotonic(), parts.path, query, headers))
                outer._answers.wait()
                time.sleep(delay)
                self.send_response(status)
                body = b"" if status == 204 else outer.files.get(parts.path, b"ok")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Write no log."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, *_: Any) -> None:
                """Ignore connections that break, because tests kill clients."""

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
        """Hold all responses back until the block ends, so that callbacks stay under way."""
        self._answers.clear()
        try:
            yield
        finally:
            self._answers.set()

    def wait_for(self, count: int, seconds: float = DEADLINE_SECONDS) -> list[Received]:
        """Wait until this many callbacks have arrived, and return them all."""
        eventually(lambda: len(self.received) >= count, seconds)
        return list(self.received)
