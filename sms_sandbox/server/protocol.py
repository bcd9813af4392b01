"""uvicorn's HTTP protocol, with request heads repaired and writes sent together.

uvicorn takes the class through its `http` setting. `python -m benchmarks server` shows what each part costs or saves.
"""

import asyncio
import socket
import struct
from asyncio import TimerHandle
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ..api.asgi_extensions import CONNECTION
from . import request_head

FIRST_HEAD_TIMEOUT_SECONDS = 60.0
"""Longest wait for the whole head of a connection's first request."""

DOUBT_SECONDS = 0.1
"""Time to wait for more of a head that may be complete or not."""

_LINGER_RESET = struct.pack("ii", 1, 0)
"""Value of SO_LINGER (on, 0 seconds) that makes closing a socket send a TCP reset."""


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which here gets each head complete and repaired, and bodies as they come.

    If another request follows a chunked body in the same packet, its head goes to the parser as it is, because only the
    parser knows where the body ends.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head = b""
        self._in_request = False
        """True while the parser is inside a request."""
        self._body_left = 0
        self._timer: TimerHandle | None = None
        self._extensions: dict[str, dict[object, object]] = {CONNECTION: {"end": self._end_connection}}

    def connection_made(self, transport: Any) -> None:
        buffered: Any = BufferedTransport(transport, self.loop)  # has everything that uvicorn uses of a transport
        super().connection_made(buffered)
        self._start_timer(FIRST_HEAD_TIMEOUT_SECONDS, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        while data and not self.transport.is_closing():
            if self._in_request:
                part = data[: self._body_left] if self._body_left else data
                self._body_left -= min(self._body_left, len(part))
                super().data_received(part)
                data = data[len(part) :]
            else:
                data = self._take_head(self._head + data)

    def _take_head(self, data: bytes, nothing_follows: bool = False) -> bytes:
        """Give a complete head to the parser, or keep an incomplete one; return the bytes after it."""
        if data.startswith((b"\r", b"\n")):
            data = data.lstrip(b"\r\n")
        if end := request_head.find_regular_end(data):
            return self._parse_head(data[:end], data[end:])
        irregular_end = request_head.find_end(data, nothing_follows)
        if irregular_end is not None:
            return self._parse_head(request_head.repair(data[:irregular_end]), data[irregular_end:])
        self._head = data
        if len(data) > request_head.MAX_HEAD_BYTES:
            self.send_400_response("The head of the request is too long.")
        elif nothing_follows:
            self._start_timer(FIRST_HEAD_TIMEOUT_SECONDS, self.timeout_keep_alive_handler)
        elif b"\n\r\n" in data:
            self._start_timer(DOUBT_SECONDS, self._end_doubt)
        return b""

    def _parse_head(self, head: bytes, rest: bytes) -> bytes:
        self._head = b""
        self._stop_timer()
        super().data_received(head)
        return rest

    def _end_doubt(self) -> None:
        if not self.transport.is_closing():
            self.data_received(self._take_head(self._head, nothing_follows=True))

    def _start_timer(self, seconds: float, then: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(seconds, then)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _unsupported_upgrade_warning(self) -> None:
        """Log nothing: Java's HTTP client offers HTTP/2 with every request over plain HTTP."""

    def on_message_begin(self) -> None:
        self._in_request = True
        super().on_message_begin()
        self.scope["extensions"] = self._extensions

    def _end_connection(self, with_reset: bool) -> None:
        """End the connection in the middle of a response: by a TCP reset, or after what was written is sent."""
        if with_reset:
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_RESET)
            self.transport.abort()
        else:
            self.transport.close()

    def on_headers_complete(self) -> None:
        sizes = [value for name, value in self.headers if name == b"content-length"]
        self._body_left = int(sizes[0]) if sizes else 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_request, self._body_left = False, 0
        super().on_message_complete()


class BufferedTransport:
    """A transport that sends at the end of a turn of the event loop.

    uvloop sends each write at once, and so wakes the client in the middle of the turn. Sent at its end, a call costs a
    fifth less, even if its response is a single write. Head and body leave as one TLS record, as nginx sends them.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._pending: list[bytes] = []
        self.is_closing = transport.is_closing  # asked several times a request

    def write(self, data: bytes) -> None:
        if not self._pending:
            self._loop.call_soon(self._flush)
        self._pending.append(data)

    def _flush(self) -> None:
        pending, self._pending = self._pending, []
        if pending:
            self._transport.write(b"".join(pending))

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
