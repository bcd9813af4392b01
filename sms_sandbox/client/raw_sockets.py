"""TCP and TLS connections that tests can't patch.

They have the methods that `http.client` needs for a response.
"""

from io import BufferedReader, RawIOBase
from ssl import MemoryBIO, SSLContext, SSLWantReadError, SSLZeroReturnError
from typing import Any

from .unpatched import Unpatched

_STREAM = 1
"""SOCK_STREAM, which has this value on every system."""

_CHUNK_BYTES = 65536


class RawSocket:
    """A TCP connection."""

    def __init__(self, connection: Any) -> None:
        """Take a connected socket of `_socket`, and close it in the end."""
        self._socket = connection

    @classmethod
    def connect(cls, host: str, port: int, timeout: float | None) -> "RawSocket":
        """Return a connection to the first address of a host that answers. Raises OSError."""
        failure: OSError | None = None
        for family, kind, protocol, _, address in Unpatched.getaddrinfo(host, port, 0, _STREAM):
            connection = Unpatched.socket(family, kind, protocol)
            try:
                connection.settimeout(timeout)
                connection.connect(address)
                connection.setsockopt(6, 1, 1)  # TCP_NODELAY: a request is not held back for an acknowledgement
            except OSError as why:
                connection.close()
                failure = why
            else:
                return cls(connection)
        raise failure or OSError(f"{host} has no address")

    def settimeout(self, timeout: float | None) -> None:
        """Set the longest time that a call may wait, in seconds."""
        self._socket.settimeout(timeout)

    def setsockopt(self, *option: Any) -> None:
        """Set an option of the socket."""
        self._socket.setsockopt(*option)

    def sendall(self, data: Any) -> None:
        """Send all data."""
        self._socket.sendall(data)

    def recv_into(self, buffer: memoryview) -> int:
        """Receive up to as many bytes as `buffer` has. Return how many; 0 at the end."""
        count: int = self._socket.recv_into(buffer)
        return count

    def makefile(self, *_: Any, **__: Any) -> BufferedReader:
        """Return what is received as a file."""
        return BufferedReader(_Receiving(self))

    def is_silent(self) -> bool:
        """Return True if the peer has neither closed the connection nor sent anything."""
        self.settimeout(0)
        try:
            self._socket.recv(1)
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


class TLSSocket(RawSocket):
    """A TLS connection. Python's `ssl.SSLSocket` is not used, because tests patch the sockets below it."""

    def __init__(self, connection: RawSocket, context: SSLContext, host: str) -> None:
        """Shake hands. Raises OSError, and closes the connection then."""
        super().__init__(connection._socket)
        self._received, self._sent = MemoryBIO(), MemoryBIO()
        self._tls = context.wrap_bio(self._received, self._sent, server_hostname=host)
        try:
            self._run(self._tls.do_handshake)
        except BaseException:
            self.close()
            raise

    def sendall(self, data: Any) -> None:
        """Send all data, encrypted."""
        view = memoryview(data)
        while view:
            view = view[self._run(self._tls.write, view) :]

    def recv_into(self, buffer: memoryview) -> int:
        """Receive up to as many bytes as `buffer` has, and decrypt them. Return how many; 0 at the end."""
        try:
            count: int = self._run(self._tls.read, len(buffer), buffer)
        except SSLZeroReturnError:
            return 0
        return count

    def is_silent(self) -> bool:
        """Return True if the peer has neither closed the connection nor sent any data."""
        self.settimeout(0)
        try:
            self._run(self._tls.read, 1)
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False

    def _run(self, act: Any, *args: Any) -> Any:
        """Run a step of the protocol. Send and receive until it is done."""
        while True:
            try:
                done = act(*args)
            except SSLWantReadError:
                self._flush()
                data = self._socket.recv(_CHUNK_BYTES)
                if data:
                    self._received.write(data)
                else:
                    self._received.write_eof()
            else:
                self._flush()
                return done

    def _flush(self) -> None:
        if self._sent.pending:
            self._socket.sendall(self._sent.read())


class _Receiving(RawIOBase):
    """The received bytes, as the lower half of a buffered file."""

    def __init__(self, connection: RawSocket) -> None:
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._connection.recv_into(memoryview(buffer))
