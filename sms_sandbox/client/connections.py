"""Connections to one server that are kept, so that a call costs no handshake."""

import ssl
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit


class Connections:
    """Kept-alive connections for any number of threads; what one thread waits for holds up no other."""

    def __init__(self, url: str, ca: str | None = None) -> None:
        parts = urlsplit(url)
        # Both servers of a sandbox listen on IPv4, and a look-up of `localhost` may answer something else first.
        self._host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname or ""
        self._port = parts.port
        self._ca = ca if parts.scheme == "https" else None
        self._idle: list[HTTPConnection] = []

    def request(
        self, verb: str, path: str, body: bytes | None, headers: Mapping[str, str], timeout: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        """The status, headers and body of the answer. Raises OSError or HTTPException where none comes."""
        connection = self._take(timeout)
        try:
            connection.request(verb, path, body, dict(headers))
            answer = connection.getresponse()
            said = answer.read()
        except (OSError, HTTPException):
            connection.close()
            raise
        self._give_back(connection, answer)
        return answer.status, dict(answer.getheaders()), said

    def _take(self, timeout: float) -> HTTPConnection:
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread was quicker
                break
            if is_open(connection):
                connection.sock.settimeout(timeout)
                return connection
            connection.close()
        if self._ca is None:
            return HTTPConnection(self._host, self._port, timeout=timeout)
        trusting = ssl.create_default_context(cafile=self._ca)
        return HTTPSConnection(self._host, self._port, timeout=timeout, context=trusting)

    def _give_back(self, connection: HTTPConnection, answer: HTTPResponse) -> None:
        if answer.will_close:
            connection.close()
        else:
            self._idle.append(connection)

    def close(self) -> None:
        """Close what nobody uses. Using it again opens new connections."""
        while self._idle:
            self._idle.pop().close()


def is_open(connection: HTTPConnection) -> bool:
    """Whether the server has neither closed a connection that waits for its next request, nor said anything."""
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
