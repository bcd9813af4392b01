"""A server without any logic: it answers every call with the example from the docs of its method."""

import json
import re
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from sms_sandbox.api.render import FORMATS
from sms_sandbox.server.certificates import Certificates
from tests.contract.mutators.combinators import as_verbatim

PAGE = Path(__file__).parents[2] / "docs" / "methods.md"


def examples() -> Mapping[str, Any]:
    """Return the example answer of each method."""
    blocks = re.findall(r"^POST /([a-z-]+)\.json\n.*?^```json\n(.*?)\n```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return {method: as_verbatim(json.loads(reply)) for method, reply in blocks}


@contextmanager
def example_server(certificates: Certificates) -> Iterator[str]:
    """Run the server, and yield its URL."""
    answers = examples()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            name, _, ending = self.path.partition("?")[0].rpartition("/")[2].rpartition(".")
            if name in answers and ending in FORMATS:
                kind, render = FORMATS[ending]
                self._send(200 if answers[name]["error"]["code"] == "SUCCESS" else 404, kind, render(answers[name]))
            else:
                self._send(404, "text/html", b"<h1>404 Not Found</h1>")

        def do_POST(self) -> None:
            self.do_GET()

        def do_HEAD(self) -> None:
            self.do_GET()

        def _send(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"https://localhost:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
