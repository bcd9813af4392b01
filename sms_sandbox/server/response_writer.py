"""Complete responses, written past the layers of Starlette and uvicorn.

A response as two ASGI messages passes five coroutines twice, and uvicorn checks and spells each header every time. The
imitated API writes its responses here instead; `python -m benchmarks server` shows what that saves. This uses
`RequestResponseCycle`, which uvicorn 0.54 does not document.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

Header: TypeAlias = tuple[bytes, bytes]

_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(rb"[^\x00-\x08\x0a-\x1f\x7f]*")


def write_response(cycle: Any, status: int, headers: Sequence[Header], body: bytes) -> bool:
    """Write a response as uvicorn would, and return True.

    Returns False, and writes nothing, if a part of a response was sent, or the client reads too slowly, or is gone.
    """
    if cycle.response_started or cycle.flow.write_paused or cycle.disconnected:
        return False
    head, has_length, closes = _spell_head(status, (*cycle.default_headers, *headers))
    if closes:
        cycle.keep_alive = False
    elif not cycle.keep_alive:
        head += b"connection: close\r\n"
    if cycle.scope["method"] == "HEAD":
        response = head + b"\r\n"
    elif has_length:
        response = head + b"\r\n" + body
    else:
        chunk = b"%x\r\n%s\r\n" % (len(body), body) if body else b""
        response = b"%stransfer-encoding: chunked\r\n\r\n%s0\r\n\r\n" % (head, chunk)
    cycle.transport.write(response)
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    return True


@lru_cache(1024)
def _spell_head(status: int, headers: tuple[Header, ...]) -> tuple[bytes, bool, bool]:
    """Return status and headers as lines, and if they give the length, and if they end the connection."""
    names = dict(headers)
    lines = b"".join([STATUS_LINE[status], *map(_spell_header, headers)])
    return lines, b"content-length" in names, names.get(b"connection") == b"close"


@lru_cache(1024)
def _spell_header(header: Header) -> bytes:
    """Return a header as a line. Raises ValueError if it would become several."""
    name, value = header
    if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
        raise ValueError(f"{name!r} can't be a header of value {value!r}")
    return name + b": " + value + b"\r\n"
