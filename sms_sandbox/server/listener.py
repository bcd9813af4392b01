"""Connections: who is let in, and how their bytes become requests."""

import asyncio
import socket
import ssl
import struct
from asyncio import TimerHandle
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ..api.asgi_extensions import CONNECTION
from . import fast_response, request_head

HANDSHAKE = 10.0
"""Seconds that a connection may take to say its first byte, and to shake hands."""

FIRST_HEAD = 60.0
"""Seconds that a connection may take until its first request's head is there."""

FAREWELL = 0.5
"""Seconds that a client gets to take leave of a connection that is ended before its answer is whole."""

RESET = struct.pack("ii", 1, 0)
"""Of SO_LINGER: on, and for no time, so that what ends is not said good-bye to."""

DOUBT = 0.1
"""Seconds to wait for more of a head that may be whole or not."""

TLS_HANDSHAKE = 0x16
"""The first byte of a TLS connection."""

_PLAIN = (
    b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Type: text/html\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s"
)
_PLAIN_PAGE = (
    b"<html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>\r\n<body>\r\n"
    b"<center><h1>400 Bad Request</h1></center>\r\n"
    b"<center>The plain HTTP request was sent to HTTPS port</center>\r\n</body>\r\n</html>\r\n"
)


class Protocol(HttpToolsProtocol):
    """uvicorn's, which gets each request's head whole and mended, and bodies as they are.

    What follows a chunked body in the same packet goes to the parser as it is, since only the parser knows where such
    a body ends.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app = fast_response.in_one_piece(self.app)
        self._head = b""
        self._inside = False
        """Whether the parser is inside a request."""
        self._body_left = 0
        self._timer: TimerHandle | None = None
        self._extensions: dict[str, dict[object, object]] = {CONNECTION: {"end": self._end}}

    def connection_made(self, transport: Any) -> None:
        gathering: Any = Gathering(transport, self.loop)  # all of a transport that uvicorn asks for
        super().connection_made(gathering)
        self._wait(FIRST_HEAD, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        while data and not self.transport.is_closing():
            if self._inside:
                piece = data[: self._body_left] if self._body_left else data
                self._body_left -= min(self._body_left, len(piece))
                super().data_received(piece)
                data = data[len(piece) :]
            else:
                data = self._take_head(self._head + data)

    def _take_head(self, data: bytes, nothing_follows: bool = False) -> bytes:
        """Give a head to the parser, if it is there; what follows it."""
        if data.startswith((b"\r", b"\n")):
            data = data.lstrip(b"\r\n")
        end = request_head.find_end(data, nothing_follows)
        if end is None:
            self._head = data
            if len(data) > request_head.LONGEST:
                self.send_400_response("The head of the request is too long.")
            elif nothing_follows:
                self._wait(FIRST_HEAD, self.timeout_keep_alive_handler)
            elif b"\n\r\n" in data:
                self._wait(DOUBT, self._stop_doubting)
            return b""
        self._head = b""
        self._stop_waiting()
        super().data_received(data[:end] if request_head.is_plain(data, end) else request_head.mended(data[:end]))
        return data[end:]

    def _stop_doubting(self) -> None:
        if not self.transport.is_closing():
            self.data_received(self._take_head(self._head, nothing_follows=True))

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        self._stop_waiting()
        self._timer = self.loop.call_later(seconds, then)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _unsupported_upgrade_warning(self) -> None:
        """An offer to speak another protocol, which Java's client makes with every request, is passed over."""

    def on_message_begin(self) -> None:
        self._inside = True
        super().on_message_begin()
        self.scope["extensions"] = self._extensions

    def _end(self, with_reset: bool) -> None:
        """End the connection in the middle of an answer: by a reset, or after what was written has been sent."""
        if with_reset:
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.transport.abort()
        else:
            self.transport.close()
            self.loop.call_later(FAREWELL, self.transport.abort)

    def on_headers_complete(self) -> None:
        sizes = [value for name, value in self.headers if name == b"content-length"]
        self._body_left = int(sizes[0]) if sizes else 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._inside, self._body_left = False, 0
        super().on_message_complete()


class Gathering:
    """A transport that sends together what is written in one turn of the event loop.

    uvicorn writes the head and the body of a reply apart, and uvloop sends whatever is written at once. In one record
    of TLS and one packet, as nginx sends them, they cost half as much.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._pieces: list[bytes] = []
        self.is_closing = transport.is_closing  # asked several times a request

    def write(self, data: bytes) -> None:
        if not self._pieces:
            self._loop.call_soon(self._send)
        self._pieces.append(data)

    def _send(self) -> None:
        pieces, self._pieces = self._pieces, []
        if pieces:
            self._transport.write(b"".join(pieces))

    def close(self) -> None:
        self._send()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Door:
    """Accepts connections on a socket and lets in those that begin as TLS does."""

    def __init__(self, listening: socket.socket, context: ssl.SSLContext, protocol: Callable[[], Protocol]) -> None:
        self._listening = listening
        self._context = context
        self._protocol = protocol
        self._entering: set[asyncio.Task[None]] = set()
        self._task = asyncio.create_task(self._accept())

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        self._listening.setblocking(False)
        while True:
            try:
                connection, _ = await loop.sock_accept(self._listening)
            except OSError:
                # Out of file descriptors, most likely; those waiting stay in the backlog.
                await asyncio.sleep(0.1)
                continue
            task = asyncio.create_task(self._enter(connection))
            self._entering.add(task)
            task.add_done_callback(self._entering.discard)

    async def _enter(self, connection: socket.socket) -> None:
        try:
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            async with asyncio.timeout(HANDSHAKE):
                first = await _peek(connection)
                if first == TLS_HANDSHAKE:
                    loop = asyncio.get_running_loop()
                    await loop.connect_accepted_socket(
                        self._protocol, connection, ssl=self._context, ssl_handshake_timeout=HANDSHAKE
                    )
                    return
                if first is not None:
                    await _turn_away(connection)
            connection.close()
        except BaseException as why:
            connection.close()
            # A peer that goes away, dawdles, or does not trust the certificate: its own affair.
            if not isinstance(why, OSError):  # a timeout and an error of TLS are such
                raise

    async def close(self) -> None:
        """Let nobody in any more."""
        tasks = [self._task, *self._entering]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _peek(connection: socket.socket) -> int | None:
    """The first byte of a connection, left where it is; None if the connection ends without one."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(connection.fileno(), readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(connection.fileno())
    first = connection.recv(1, socket.MSG_PEEK)
    return first[0] if first else None


async def _turn_away(connection: socket.socket) -> None:
    """Answer plain HTTP with a page as nginx does, and read on to the end, so that the answer is not lost."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(connection, _PLAIN % (len(_PLAIN_PAGE), _PLAIN_PAGE))
    connection.shutdown(socket.SHUT_WR)
    while await loop.sock_recv(connection, 1 << 16):
        pass
