"""The socket of a receiver: takes one request per connection, on threads that tests can't patch."""

import socket
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.client import HTTPException, parse_headers, responses
from typing import Any, ClassVar

from ..client.raw_sockets import RawSocket
from ..client.unpatched import Unpatched

HANG = "hang"
RESET = "reset"

_REQUEST_TIMEOUT_SECONDS = 30.0
"""Longest wait for a request on a new connection."""

_MAX_LINE_BYTES = 65536
_MAX_BODY_BYTES = 16 * 1024 * 1024
_BACKLOG = 256

# Numbers, because tests may replace the module they come from.
_INET, _STREAM = int(socket.AF_INET), int(socket.SOCK_STREAM)
_LINGER = (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
"""The option with which a connection is reset when it is closed."""


class CallbackListener:
    """Listens on a free port of 127.0.0.1, and answers each request.

    `ports` are those that all listeners of this process have.

    `take` gets the path and the headers. It returns how to answer: a status, `hang` or `reset`.
    """

    ports: ClassVar[set[int]] = set()

    def __init__(self, take: Callable[[str, Mapping[str, str]], int | str]) -> None:
        self._take = take
        self._pid = Unpatched.getpid()
        self._is_closing = False
        self._hanging: list[RawSocket] = []
        self._ended = Unpatched.make_lock()
        self._ended.acquire()
        self._socket = Unpatched.socket(_INET, _STREAM, 0)
        self._socket.settimeout(None)  # tests may have changed the default
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(_BACKLOG)
        self.port = int(self._socket.getsockname()[1])
        self.ports.add(self.port)
        Unpatched.start_thread(self._listen, ())

    def close(self) -> None:
        """Stop listening, and close the connections that hang. In a process that was forked, leave them alone."""
        if self._is_closing or self._pid != Unpatched.getpid():
            return
        self._is_closing = True
        # The thread waits for a connection, so open one.
        RawSocket.connect("127.0.0.1", self.port, _REQUEST_TIMEOUT_SECONDS).close()
        self._ended.acquire()
        self.ports.discard(self.port)
        self._socket.close()
        while self._hanging:
            self._hanging.pop().close()

    def _listen(self) -> None:
        while True:
            descriptor, _ = self._socket._accept()
            connection = RawSocket(Unpatched.socket(_INET, _STREAM, 0, fileno=descriptor))
            if self._is_closing:
                connection.close()
                break
            connection.settimeout(_REQUEST_TIMEOUT_SECONDS)
            Unpatched.start_thread(self._answer, (connection,))
        self._ended.release()

    def _answer(self, connection: RawSocket) -> None:
        request = _read_request(connection)
        try:
            answer = self._take(*request) if request else None
        except BaseException:
            connection.close()
            raise
        if answer == HANG and not self._is_closing:
            self._hanging.append(connection)
            return
        with suppress(OSError):  # a client that went away gets no answer
            if answer == RESET:
                connection.setsockopt(*_LINGER)
            elif answer is not None:
                # It speaks HTTP/1.0, so that no connection outlives its callback, nor the test.
                status = int(answer)
                head = f"HTTP/1.0 {status} {responses.get(status, '')}\r\nContent-Length: 0\r\n\r\n"
                connection.sendall(head.encode())
        connection.close()


def _read_request(connection: RawSocket) -> tuple[str, Mapping[str, str]] | None:
    """Return the path and the headers of a request; None if the client went away, or speaks no HTTP."""
    try:
        file: Any = connection.makefile()
        line = file.readline(_MAX_LINE_BYTES).decode("latin-1").split()
        if len(line) != 3:
            return None
        headers = parse_headers(file)
        file.read(min(int(headers.get("Content-Length") or 0), _MAX_BODY_BYTES))
        return line[1], dict(headers)
    except (OSError, HTTPException, ValueError):
        return None
