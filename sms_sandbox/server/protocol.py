"""uvicorn's HTTP protocol, with request heads repaired and writes sent together.

uvicorn takes the class through its `http` setting. `python -m benchmarks server` shows what each part costs or saves.
"""

import re
import socket
import struct
from asyncio import TimerHandle
from collections import deque
from collections.abc import Callable
from logging import Logger
from typing import Any, cast

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ..api.asgi_extensions import CONNECTION
from ..store.grouped_log import GroupedLog
from .buffered_transport import BufferedTransport
from .open_connections import OpenConnections
from .request_head import MAX_HEAD_BYTES, HeadReader, HeadTooLongError
from .response_writer import spell_head

FIRST_HEAD_TIMEOUT_SECONDS = 60.0
"""Longest wait for the whole head of a connection's first request."""

BODY_TIMEOUT_SECONDS = 60.0
"""Longest wait for the next piece of a body; nginx's default."""

DOUBT_SECONDS = 0.1
"""Time to wait for more of a head that may be complete or not."""

_REQUEST_LINE = re.compile(rb"[A-Z-]+ [^\x00-\x20\x7f]+ HTTP/1\.[01]\r\n")
"""httptools takes several blanks, other versions, and none."""

_TLS_HANDSHAKE = b"\x16"
"""First byte of a TLS connection. No request begins with it."""

_RAW_BYTE = re.compile(rb"[\x80-\xff]")
"""A byte of UTF-8 that a client did not escape in its target. nginx takes it, httptools does not."""

_LINGER_RESET = struct.pack("ii", 1, 0)
"""Value of SO_LINGER (on, 0 seconds) that makes closing a socket send a TCP reset."""


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which here gets one request at a time, each head complete and repaired.

    The parser never sees a byte after the request that it reads. What a client sends ahead stays here until the answer
    before it is complete.
    """

    def __init__(self, *args: Any, open_connections: OpenConnections, refusals: GroupedLog, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._open_connections = open_connections
        self.logger = cast(Logger, refusals)
        self._received = bytearray()
        """The bytes that the parser has not seen."""
        self._head = HeadReader()
        self._may_begin = False
        """True if the parser gets a head, so that a request may begin."""
        self._in_request = False
        """True while the parser is inside a request."""
        self._body_left = 0
        """Length of the rest of a body whose length is known."""
        self._last_parsed = b""
        """The last bytes of a chunked body that the parser saw."""
        self._frame_length = 0
        """Bytes of a chunked body since the last one of its content: sizes, extensions and trailer fields."""
        self._timer: TimerHandle | None = None
        self._is_stopping = False
        self._extensions: dict[str, dict[object, object]] = {CONNECTION: {"end": self._end_connection}}

    def connection_made(self, transport: Any) -> None:
        buffered: Any = BufferedTransport(transport, self.loop)  # has everything that uvicorn uses of a transport
        super().connection_made(buffered)
        self._start_timer(FIRST_HEAD_TIMEOUT_SECONDS, self.timeout_keep_alive_handler)
        self._open_connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._open_connections.remove(self)
        self._unset_keepalive_if_required()
        super().connection_lost(exc)
        self._cut_cycles()

    def _cut_cycles(self) -> None:
        """Drop the references that lead back here.

        A connection has large buffers, and the garbage collector runs too rarely for thousands of short ones.
        """
        self.cycle = self.scope = self.headers = None  # type: ignore[assignment]
        self._extensions = {}
        self._received.clear()
        if isinstance(self.transport, BufferedTransport):
            self.transport.detach()

    def data_received(self, data: bytes) -> None:
        if not self._received and len(data) <= self._body_left and not self.transport.is_closing():
            self._pass_on(data)  # without a copy, because bodies of 60 MB come in small pieces
        else:
            self._received += data
            self._parse()
        if self._in_request:
            self._start_timer(BODY_TIMEOUT_SECONDS, self._end_slow_body)
        if len(self._received) > HIGH_WATER_LIMIT and not self.transport.is_closing():
            self.flow.pause_reading()

    def _parse(self) -> None:
        """Feed the parser with the request it is reading, then with the next requests."""
        while self._received and not self.transport.is_closing():
            if self._in_request:
                end = self._body_left or self._find_possible_end()
                part = bytes(self._received[:end])
                del self._received[:end]
                self._pass_on(part)
                if self._frame_length > MAX_HEAD_BYTES and not self.transport.is_closing():
                    self._refuse("The trailer of the request is too long.")
            elif self._is_answering() or not self._parse_head():
                return

    def _end_slow_body(self) -> None:
        """End the connection, unless it is we who do not read the body."""
        if self.flow.read_paused:
            self._start_timer(BODY_TIMEOUT_SECONDS, self._end_slow_body)
        else:
            self.transport.close()

    @property
    def is_idle(self) -> bool:
        """True if no request was read, or the last one was answered."""
        return not self._in_request and not self._is_answering()

    @property
    def is_waiting(self) -> bool:
        """True if the client has to send something before it gets an answer."""
        return self._in_request or not self._is_answering()

    @property
    def is_fresh(self) -> bool:
        """True if no request was read yet."""
        return self.cycle is None

    def drop(self) -> None:
        """Close the connection at once, because there are too many."""
        self.transport.abort()

    def _pass_on(self, part: bytes) -> None:
        """Feed the parser with bytes of the request that it is reading."""
        self._body_left -= min(self._body_left, len(part))
        self._frame_length += len(part)
        self._last_parsed = (self._last_parsed + part[-3:])[-3:]
        super().data_received(part)

    def _find_possible_end(self) -> int:
        """Return the length up to the next place where a chunked body may end.

        Only the parser knows if it ends there. Without such a place it is the length of all received bytes.
        """
        across = (self._last_parsed + self._received[:3]).find(b"\r\n\r\n")
        if across >= 0:
            return across + 4 - len(self._last_parsed)
        end = self._received.find(b"\r\n\r\n")
        return end + 4 if end >= 0 else len(self._received)

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _parse_head(self, nothing_follows: bool = False) -> bool:
        """Feed the parser with the next head. Returns False if the head is not complete."""
        was_in_doubt = self._head.in_doubt
        if self.is_fresh and self._received.startswith(_TLS_HANDSHAKE):
            # The rest of a head would never come, and the client would wait for an answer until the timeout.
            address = self.client[0] if self.client else "A client"
            self._refuse(f"{address} speaks HTTPS to a port for plain HTTP.")
            return False
        try:
            head = self._head.read(self._received, nothing_follows)
        except HeadTooLongError:
            self._refuse("The head of the request is too long.")
            return False
        if head is None:
            if self._head.in_doubt:
                self._start_timer(DOUBT_SECONDS, self._end_doubt)
            elif was_in_doubt:
                self._start_timer(FIRST_HEAD_TIMEOUT_SECONDS, self.timeout_keep_alive_handler)
            return False
        self._stop_timer()
        line = _REQUEST_LINE.match(head)
        if line is None:
            self._refuse("Invalid HTTP request received.")
            return False
        if not line[0].isascii():
            head = _RAW_BYTE.sub(lambda byte: b"%%%02X" % byte[0][0], line[0]) + head[line.end() :]
        self._may_begin = True
        super().data_received(head)
        return True

    def _end_doubt(self) -> None:
        if not self.transport.is_closing():
            self._parse_head(nothing_follows=True)
            self._parse()

    def _start_timer(self, seconds: float, then: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(seconds, then)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, reason: str) -> None:
        self.logger.warning(reason)
        self.send_400_response(reason)

    def send_400_response(self, msg: str) -> None:
        """Refuse bytes that are no request, and end the connection."""
        if self._in_request and self.cycle is not None:
            if self.cycle.response_started:
                self.transport.close()
                return
            self.cycle.disconnected = True  # so that the request gets no second answer
        body = msg.encode()
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
        head, _, _ = spell_head(400, (*self.server_state.default_headers, *headers, (b"connection", b"close")))
        self.transport.write(head + b"\r\n" + body)
        self.transport.close()

    def on_message_begin(self) -> None:
        if not self._may_begin:
            raise ValueError("A request begins before its head was read.")
        self._may_begin, self._in_request, self._last_parsed = False, True, b""
        self.cycle = None  # type: ignore[assignment]  # as uvicorn begins
        super().on_message_begin()
        self.scope["extensions"] = self._extensions

    def on_headers_complete(self) -> None:
        names = [name for name, _ in self.headers]
        version = self.parser.get_http_version()
        if self.parser.should_upgrade():  # only CONNECT can do this: the repaired head has another name for offers
            raise ValueError("The connection can't become a tunnel.")
        if names.count(b"host") != 1 and (b"host" in names or version == "1.1"):
            raise ValueError("A request of HTTP/1.1 names one host.")
        if version == "1.0":
            self.expect_100_continue = False
        fields = dict(self.headers)
        if b"transfer-encoding" in fields and (
            version == "1.0"
            or names.count(b"transfer-encoding") > 1
            or fields[b"transfer-encoding"].lower() != b"chunked"
        ):
            raise ValueError("The body is coded in an unknown way.")
        self._body_left, self._frame_length = int(fields.get(b"content-length", 0)), 0
        super().on_headers_complete()
        # Fields of a trailer come late, and nobody expects credentials or a host there (RFC 9110 6.5.1).
        self.headers = deque(maxlen=0)  # type: ignore[assignment]

    def on_body(self, body: bytes) -> None:
        self.cycle.waiting_for_100_continue = False
        self._frame_length = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_request, self._body_left, self._frame_length = False, 0, 0
        self._stop_timer()
        super().on_message_complete()
        if self.cycle.response_complete and not self.cycle.keep_alive:
            self.transport.close()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._open_connections.refresh(self)
        if self._is_stopping:
            self.transport.close()
        self._parse()

    def shutdown(self) -> None:
        """End the connection after the response under way, because the server stops."""
        self._is_stopping = True
        super().shutdown()

    def _end_connection(self, with_reset: bool) -> None:
        """End the connection in the middle of a response: by a TCP reset, or after what was written is sent."""
        if self.transport.is_closing():
            return
        if with_reset:
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_RESET)
            self.transport.abort()
        else:
            self.transport.close()
