"""A pool of connections to one server, so that most calls need no handshake."""

import ssl
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit


class Connections:
    """Keep-alive connections for any number of threads. A call on one thread does not hold up another.

    No proxy of the environment is used.
    """

    def __init__(self, url: str, ca: str | None = None) -> None:
        parts = urlsplit(url)
        # The sandbox listens on IPv4, and `localhost` may resolve to an IPv6 address first.
        self._host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname or ""
        self._port = parts.port
        self._ca = ca if parts.scheme == "https" else None
        self._idle: list[HTTPConnection] = []

    def request(
        self, verb: str, path: str, body: bytes | None, headers: Mapping[str, str], timeout: float | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Send a request and return status, headers and body. Raises OSError or HTTPException without an answer."""
        connection = self._take(timeout)
        try:
            connection.request(verb, path, body, dict(headers))
            response = connection.getresponse()
            content = response.read()
        except (OSError, HTTPException):
            connection.close()
            raise
        self._give_back(connection, response)
        return response.status, dict(response.getheaders()), content

    def open(self, timeout: float | None) -> HTTPConnection:
        """Return a new connection. The caller closes it. `timeout` is in seconds."""
        if self._ca is None:
            return HTTPConnection(self._host, self._port, timeout=timeout)
        context = ssl.create_default_context(cafile=self._ca)
        return HTTPSConnection(self._host, self._port, timeout=timeout, context=context)

    def close(self) -> None:
        """Close idle connections. Later requests open new ones."""
        while self._idle:
            self._idle.pop().close()

    def _take(self, timeout: float | None) -> HTTPConnection:
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread was quicker
                break
            if _is_open(connection):
                connection.sock.settimeout(timeout)
                return connection
            connection.close()
        return self.open(timeout)

    def _give_back(self, connection: HTTPConnection, response: HTTPResponse) -> None:
        if response.will_close:
            connection.close()
        else:
            self._idle.append(connection)


def _is_open(connection: HTTPConnection) -> bool:
    """Return True if the server has neither closed an idle connection nor sent anything."""
    if connection.sock is None:
        return False
    connection.sock.settimeout(0)
    try:
        connection.sock.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except OSError:
        pass
    return False
