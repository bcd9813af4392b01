"""Print the seconds from a process's start until a test could begin: `python -m benchmarks.session sandbox|plain`."""

import sys
import time

began = time.perf_counter()


def sandbox() -> None:
    """Start a sandbox in this process, with a tenant and a receiver."""
    from sms_sandbox.testing import Sandbox

    with Sandbox.start() as server, server.new_tenant() as tenant:
        tenant.receiver()
        print(time.perf_counter() - began, flush=True)


def plain() -> None:
    """Start the standard library's server on a thread, and wait for one answer."""
    from http.client import HTTPConnection
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        connection = HTTPConnection("127.0.0.1", server.server_port)
        connection.request("GET", "/")
        connection.getresponse().read()
        print(time.perf_counter() - began, flush=True)
        connection.close()
        server.shutdown()


if __name__ == "__main__":
    {"sandbox": sandbox, "plain": plain}[sys.argv[1]]()
