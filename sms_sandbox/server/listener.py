"""The HTTPS listener, which looks at a connection's first byte before the TLS handshake.

uvicorn's own listener cuts off a plain HTTP request without a response. The real service's nginx answers it with a page
that says what is wrong, and so does this one (tests/server/test_real_clients.py). It costs 0.25 ms per connection, a
fifteenth of the handshake. It also sets the timeouts of TLS, which uvicorn leaves at a minute for the handshake and 30
seconds for the goodbye, so that idle clients would delay a stop.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from functools import partial

from .handshake_log import HandshakeLog
from .open_connections import OpenConnections

HANDSHAKE_TIMEOUT_SECONDS = 10.0
"""Longest wait for a connection's first byte, and for its TLS handshake."""

SHUTDOWN_TIMEOUT_SECONDS = 0.5
"""Longest wait for a client's goodbye (TLS close_notify) when the server closes a connection."""

_TLS_HANDSHAKE = 0x16
"""The first byte of a TLS connection."""

_PLAIN_HTTP_HEAD = (
    b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Type: text/html\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n"
)
_PLAIN_HTTP_PAGE = (
    b"<html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>\r\n<body>\r\n"
    b"<center><h1>400 Bad Request</h1></center>\r\n"
    b"<center>The plain HTTP request was sent to HTTPS port</center>\r\n</body>\r\n</html>\r\n"
)


class TLSListener:
    """Accepts TLS connections for a protocol, and answers plain HTTP with a page.

    uvicorn closes it together with its own listeners, by `close` and `wait_closed`. The socket is closed with it.
    """

    def __init__(
        self,
        listening: socket.socket,
        context: ssl.SSLContext,
        protocol: Callable[[], asyncio.Protocol],
        open_connections: OpenConnections,
    ) -> None:
        """Start to accept connections, in the running event loop."""
        self._socket = listening
        self._context = context
        self._protocol = protocol
        self._open_connections = open_connections
        self._failures = HandshakeLog()
        self._handshakes: set[asyncio.Task[None]] = set()
        self._accepting = asyncio.create_task(self._accept_connections())

    async def _accept_connections(self) -> None:
        loop = asyncio.get_running_loop()
        with self._socket as listening:
            listening.setblocking(False)
            while True:
                try:
                    connection, address = await loop.sock_accept(listening)
                except OSError:
                    # Most likely there are no file descriptors left; waiting connections stay in the backlog.
                    await asyncio.sleep(0.1)
                    continue
                task = asyncio.create_task(self._open(connection, str(address[0])))
                self._handshakes.add(task)
                handshake = _Handshake(task)
                task.add_done_callback(partial(self._end_handshake, handshake))
                self._open_connections.add(handshake)

    def _end_handshake(self, handshake: "_Handshake", task: "asyncio.Task[None]") -> None:
        self._handshakes.discard(task)
        self._open_connections.remove(handshake)

    async def _open(self, connection: socket.socket, address: str) -> None:
        """Do the TLS handshake, or refuse a connection that does not begin with one."""
        try:
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            async with asyncio.timeout(HANDSHAKE_TIMEOUT_SECONDS):
                first = await _peek_byte(connection)
                if first == _TLS_HANDSHAKE:
                    await asyncio.get_running_loop().connect_accepted_socket(
                        self._protocol, connection, ssl=self._context,
                        ssl_handshake_timeout=HANDSHAKE_TIMEOUT_SECONDS, ssl_shutdown_timeout=SHUTDOWN_TIMEOUT_SECONDS,
                    )  # fmt: skip
                    return
                if first is not None:
                    await _refuse_plain_http(connection)
            connection.close()
        except BaseException as error:
            connection.close()
            # The client left, was too slow (TimeoutError), or does not trust the certificate (SSLError).
            if not isinstance(error, OSError):
                raise
            self._failures.note(address, error)

    def stop_accepting(self) -> None:
        """Stop accepting connections."""
        self._accepting.cancel()

    def close(self) -> None:
        """Stop accepting connections, and drop those whose handshake is not finished."""
        for task in (self._accepting, *self._handshakes):
            task.cancel()

    async def wait_closed(self) -> None:
        """Wait until everything that `close` cancelled has ended."""
        await asyncio.gather(self._accepting, *self._handshakes, return_exceptions=True)


class _Handshake:
    """A connection before its first request, which may be closed for another."""

    is_idle = is_waiting = is_fresh = True

    def __init__(self, task: "asyncio.Task[None]") -> None:
        self._task = task

    def drop(self) -> None:
        """Cancel the handshake, which closes the connection."""
        self._task.cancel()


async def _peek_byte(connection: socket.socket) -> int | None:
    """Return the first byte without taking it, or None if the client closed the connection."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(connection.fileno(), readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(connection.fileno())
    first = connection.recv(1, socket.MSG_PEEK)
    return first[0] if first else None


async def _refuse_plain_http(connection: socket.socket) -> None:
    """Answer plain HTTP as nginx does.

    Reads the request to its end, because closing a socket with unread bytes resets the connection, and a client then
    loses the response.
    """
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(connection, _PLAIN_HTTP_HEAD % len(_PLAIN_HTTP_PAGE) + _PLAIN_HTTP_PAGE)
    connection.shutdown(socket.SHUT_WR)
    while await loop.sock_recv(connection, 1 << 16):
        pass
