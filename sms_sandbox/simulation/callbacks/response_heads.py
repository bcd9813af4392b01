"""Heads of answers to callbacks, reduced and given to aiohttp before the bodies.

aiohttp reads head and body together, and reports no status if either is malformed. But only the status
decides if a callback was delivered (reference 9.3).
"""

import re
from typing import Any

from aiohttp import ClientPayloadError
from aiohttp.client_proto import ResponseHandler

_MAX_HEAD_BYTES = 256 * 1024

_MAX_INTERIM_HEADS = 100
"""Heads with a status of 1xx in one response. More say that the receiver never answers."""

_END = re.compile(rb"\n\r?\n")
_STATUS_LINE = re.compile(rb"(HTTP/1\.[01]) +(\d{3})\b")
_FIELD = re.compile(rb"\n([A-Za-z-]+)[ \t]*:[ \t]*([^\r\n]*)")
_LENGTH = re.compile(rb"\d{1,18}")


class HeadReducer(ResponseHandler):
    """A connection that gives each head to aiohttp before its body, and reduced."""

    _head: bytearray | None = None
    """The beginning of a head; None if it was given to aiohttp."""

    _searched = 0
    """Length of what was searched for the end of the head."""

    _interim = 0
    """Heads of this response that announce another one."""

    def set_response_params(self, **params: Any) -> None:
        """Begin the next response."""
        self._head, self._searched, self._interim = bytearray(), 0, 0
        super().set_response_params(**params)

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        """End the response and its body with an error; aiohttp forgets the body."""
        super().set_exception(exc, *cause)
        if self._payload is not None and not self._payload.is_eof():
            self._payload.set_exception(ClientPayloadError(str(exc)))

    def data_received(self, data: bytes) -> None:
        """Take bytes from the connection. Looks at each byte of a head a few times, however small the pieces."""
        if self._head is None:
            super().data_received(data)
            return
        self._head += data
        while self._head and (head := self._take_head()):
            super().data_received(head)
            if not head.startswith(b"HTTP/1.1 1"):
                rest, self._head = bytes(self._head), None
                if rest:
                    super().data_received(rest)
                return
            self._interim += 1
            if self._interim > _MAX_INTERIM_HEADS and self.transport is not None:
                self.transport.close()
                return

    def _take_head(self) -> bytes | None:
        """Take a head, and return it reduced. None if it is not complete."""
        received = self._head
        assert received is not None
        end = _END.search(received, max(0, self._searched - 2))
        if end is None and len(received) < _MAX_HEAD_BYTES:
            self._searched = len(received)
            return None
        size = end.end() if end else len(received)
        head = reduce_head(bytes(received[:size]))
        del received[:size]
        self._searched = 0
        return head


def reduce_head(head: bytes) -> bytes:
    """Return a head with its status and at most one statement of its length.

    A head without a status is returned as it is.
    """
    status = _STATUS_LINE.match(head)
    if status is None:
        return head
    fields: dict[bytes, bytes] = {}
    for name, value in _FIELD.findall(head):
        fields.setdefault(name.lower(), value.strip())
    kept: dict[bytes, bytes] = {name: fields[name] for name in (b"content-encoding", b"connection") if name in fields}
    length = fields.get(b"content-length", b"").partition(b",")[0].strip()
    if fields.get(b"transfer-encoding", b"").lower().endswith(b"chunked"):
        kept[b"transfer-encoding"] = b"chunked"
    elif b"transfer-encoding" not in fields and _LENGTH.fullmatch(length):
        kept[b"content-length"] = length
    elif b"content-length" in fields:
        kept |= {b"content-length": b"0", b"connection": b"close"}
    lines = [b"%s %s Status" % status.groups(), *(b"%s: %s" % field for field in kept.items())]
    return b"\r\n".join(lines) + b"\r\n\r\n"
