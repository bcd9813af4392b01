"""One server for all workers of pytest-xdist, started when the first worker asks for it.

The process that distributes the tests runs it, because workers come and go. No test runs there, so nothing is patched.
"""

import json
import os
import socket
from collections.abc import Callable
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .sandbox import Sandbox

_QUESTION_TIMEOUT_SECONDS = 10.0


class XdistServer:
    """Listens for workers that need the server. `invitation` tells a worker where it is."""

    def __init__(self, start: Callable[[], "Sandbox"]) -> None:
        self._start = start
        self._server: Sandbox | None = None
        self._is_closing = False
        self._token = os.urandom(16).hex()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(None)  # the tests' configuration may have changed the default
        self._port = self._socket.getsockname()[1]
        self.invitation = f"{self._port} {self._token}"
        self._thread = Thread(target=self._listen, name="sms-sandbox-xdist", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening, and stop the server if it was started."""
        self._is_closing = True
        socket.create_connection(("127.0.0.1", self._port)).close()  # the thread waits for a connection
        self._thread.join()
        self._socket.close()
        if self._server is not None:
            self._server.close()

    def _listen(self) -> None:
        # One worker after the other, so that no two of them start a server.
        while True:
            connection, _ = self._socket.accept()
            with connection:
                if self._is_closing:
                    return
                connection.settimeout(_QUESTION_TIMEOUT_SECONDS)
                try:
                    if connection.recv(1000).decode() == f"{self._token}\n":
                        connection.sendall(self._answer().encode())
                except (OSError, ValueError):
                    continue  # a worker that ended needs no answer

    def _answer(self) -> str:
        """Return JSON with the server's address and its log's path, or with an error."""
        try:
            if self._server is None:
                self._server = self._start()
        except Exception as why:  # noqa: BLE001 (raised by the worker)
            return json.dumps({"error": str(why) or type(why).__name__})
        log = self._server.log
        return json.dumps({"server": self._server.where.to_json(), "log": str(log.path) if log else None})
