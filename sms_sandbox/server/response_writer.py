"""Responses, as the real service's nginx would write them.

uvicorn spells the names of headers in lower case, and sends chunks to clients of HTTP/1.0, too. This uses its
`RequestResponseCycle`, which uvicorn 0.54 does not document.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from starlette.types import Message
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

Header: TypeAlias = tuple[bytes, bytes]

_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(rb"[^\x00-\x08\x0a-\x1f\x7f]*")
_SPELLINGS = {b"www-authenticate": b"WWW-Authenticate", b"etag": b"ETag"}


class ResponseWriter:
    """Writes the response to one request."""

    def __init__(self, cycle: Any) -> None:
        self._cycle = cycle
        self.status = 0
        """The status that was sent; 0 before any was."""
        self._bytes_left: int | None = None
        """Length of the rest of the body; None if the head does not give it."""
        self._has_body = self._is_chunked = True
        self._is_body_coming = True
        """False if the client waits for 100 (Continue) before it sends its body."""

    async def send(self, message: Message) -> None:
        """Write a part of a response, once the client has read the parts before."""
        cycle, kind = self._cycle, message["type"]
        if cycle.flow.write_paused and not cycle.disconnected:
            await cycle.flow.drain()
        if cycle.disconnected:
            return
        if kind != ("http.response.body" if cycle.response_started else "http.response.start"):
            raise RuntimeError(f"The message {kind} does not come next.")
        if cycle.response_complete:
            raise RuntimeError("The response is complete.")
        if kind == "http.response.start":
            cycle.transport.write(self._begin(message["status"], message.get("headers", ())))
            return
        is_last = not message.get("more_body", False)
        cycle.transport.write(self._frame(message.get("body", b""), is_last))
        if is_last:
            self._end()

    def _begin(self, status: int, headers: Sequence[Header]) -> bytes:
        """Return the head of the response, and decide how its body is framed."""
        cycle, self.status = self._cycle, status
        head, self._bytes_left, closes = spell_head(status, (*cycle.default_headers, *headers))
        self._has_body = cycle.scope["method"] != "HEAD" and status not in (204, 304)
        self._is_chunked = self._has_body and self._bytes_left is None and cycle.scope["http_version"] == "1.1"
        # A client that waits for 100 (Continue) sends its body or does not, so the connection can't go on.
        cycle.keep_alive = cycle.keep_alive and not closes and not cycle.waiting_for_100_continue
        self._is_body_coming = not cycle.waiting_for_100_continue
        cycle.response_started, cycle.waiting_for_100_continue = True, False
        if not cycle.keep_alive and not closes:
            head += b"Connection: close\r\n"
        return head + (b"Transfer-Encoding: chunked\r\n\r\n" if self._is_chunked else b"\r\n")

    def _frame(self, part: bytes, is_last: bool) -> bytes:
        """Return a part of the body as it is sent."""
        if not self._has_body:
            return b""
        if self._is_chunked:
            return (b"%x\r\n%s\r\n" % (len(part), part) if part else b"") + (b"0\r\n\r\n" if is_last else b"")
        if self._bytes_left is not None:
            self._bytes_left -= len(part)
            if self._bytes_left < 0 or (is_last and self._bytes_left):
                raise RuntimeError("The body has another length than its head says.")
        return part

    def _end(self) -> None:
        cycle = self._cycle
        cycle.response_complete = True
        cycle.message_event.set()
        # Closed while the client is still sending, the connection would be reset, and the client would lose the
        # response. So the rest of the body is read and dropped first.
        if not cycle.keep_alive and not (cycle.more_body and self._is_body_coming):
            cycle.transport.close()
        cycle.on_response()


@lru_cache(1024)
def spell_head(status: int, headers: tuple[Header, ...]) -> tuple[bytes, int | None, bool]:
    """Return a head as lines, the length it gives, and if it ends the connection."""
    fields = dict(headers)
    lines = b"".join([STATUS_LINE[status], *map(_spell_header, headers)])
    length = fields.get(b"content-length")
    return lines, None if length is None else int(length), fields.get(b"connection") == b"close"


@lru_cache(1024)
def _spell_header(header: Header) -> bytes:
    """Return a header as a line, its name with capitals (reference 2.1).

    Raises ValueError if it would become several lines.
    """
    name, value = header
    if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
        raise ValueError(f"{name!r} can't be a header of value {value!r}")
    return b"%s: %s\r\n" % (_SPELLINGS.get(name.lower()) or name.title(), value)
