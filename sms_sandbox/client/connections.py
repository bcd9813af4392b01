"""A pool of connections to one server, so that most calls need no handshake."""

import re
from collections.abc import Mapping
from http.client import HTTPResponse, InvalidURL
from ssl import SSLContext, create_default_context
from typing import Any
from urllib.parse import urlsplit

from .raw_sockets import RawSocket, TLSSocket
from .unpatched import Unpatched

_PATH = re.compile("/[!-~]*")


class Connection:
    """A connection that carries one request at a time."""

    def __init__(self, raw: RawSocket, host: str) -> None:
        self.socket = raw
        self._host = host

    def request(self, verb: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> HTTPResponse:
        """Send a request, and return the response once its head is here. Raises OSError or HTTPException."""
        if not _PATH.fullmatch(path):
            raise InvalidURL(f"{path!r} is not a path")
        fields = {"Host": self._host, **headers}
        if body is not None:
            fields["Content-Length"] = str(len(body))
        head = [f"{verb} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        self.socket.sendall("\r\n".join(head).encode("latin-1") + (body or b""))
        sock: Any = self.socket  # it has the one method that a response needs
        response = HTTPResponse(sock, method=verb)
        response.begin()
        return response

    def close(self) -> None:
        """Close the connection."""
        self.socket.close()


class Connections:
    """Keep-alive connections for any number of threads. A call on one thread does not hold up another.

    No proxy of the environment is used. A process that is forked opens connections of its own.
    """

    def __init__(self, url: str, ca: str | None = None) -> None:
        parts = urlsplit(url)
        # The sandbox listens on IPv4, and `localhost` may resolve to an IPv6 address first.
        self._host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        # The server answers with addresses that have the name by which it was called.
        name = parts.hostname or ""
        self._host_and_port = f"{f'[{name}]' if ':' in name else name}:{self._port}"
        self._ca = ca if parts.scheme == "https" else None
        self._context: SSLContext | None = None
        self._idle: list[Connection] = []
        self._pid = Unpatched.getpid()

    def request(
        self, verb: str, path: str, body: bytes | None, headers: Mapping[str, str], timeout: float | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Send a request and return status, headers and body. The names of headers are in lower case.

        Raises OSError or HTTPException without an answer.
        """
        connection = self._take(timeout)
        try:
            response = connection.request(verb, path, body, headers)
            content = response.read()
        except BaseException:
            connection.close()
            raise
        if response.will_close:
            connection.close()
        else:
            self._idle.append(connection)
        return response.status, {name.lower(): value for name, value in response.getheaders()}, content

    def open(self, timeout: float | None) -> Connection:
        """Return a new connection. The caller closes it. `timeout` is in seconds. Raises OSError."""
        raw = RawSocket.connect(self._host, self._port, timeout)
        if self._ca is None:
            return Connection(raw, self._host_and_port)
        if self._context is None:
            self._context = create_default_context(cafile=self._ca)
        return Connection(TLSSocket(raw, self._context, self._host), self._host_and_port)

    def close(self) -> None:
        """Close idle connections. Later requests open new ones."""
        while self._idle:
            self._idle.pop().close()

    def _take(self, timeout: float | None) -> Connection:
        if self._pid != Unpatched.getpid():
            self.close()  # they belong to the parent of this process, which keeps them open
            self._pid = Unpatched.getpid()
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread was quicker
                break
            if connection.socket.is_silent():
                connection.socket.settimeout(timeout)
                return connection
            connection.close()
        return self.open(timeout)
