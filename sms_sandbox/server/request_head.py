"""Repair of request heads: where a head ends, and the line ends it should have.

The vendor's own Ruby gem builds its Authorization with a base64 routine that ends in a line feed and wraps a long value
with more of them. HTTP parsers take the first line feed for the end of the line, and the line's own end after it for
the end of the head. nginx in front of the real service lets a lone line feed end any line, and so does this.
"""

import re

MAX_HEAD_BYTES = 64 * 1024
"""Longest head; the real service takes less."""

_BLANK_LINE = re.compile(rb"\n\r?\n")
_AUTHORIZATION_BEFORE = re.compile(rb"\nauthorization:[^\r\n]*(?:\n[a-z0-9+/=]+)*\Z", re.IGNORECASE)
_WRAPPED = re.compile(rb"\n(authorization:[^\r\n]*(?:\n[a-z0-9+/=]+)+)(?=\r?\n)", re.IGNORECASE)
_NAME = rb"[!#$%&'*+.^_`|~0-9a-z-]{1,64}"
_FIELD = re.compile(_NAME + rb":", re.IGNORECASE)
_START_OF_FIELD = re.compile(rb"\r?|" + _NAME, re.IGNORECASE)
_LINE_END = re.compile(rb"\r?\n")


def find_regular_end(data: bytes) -> int:
    """Return the length of a complete head with CR LF after every line, or 0.

    Nearly all heads are like this, and so cost a microsecond instead of twenty.
    """
    end = data.find(b"\r\n\r\n") + 4
    return end if end > 3 and data.count(b"\n", 0, end) == data.count(b"\r\n", 0, end) else 0


def find_end(data: bytes, nothing_follows: bool = False) -> int | None:
    """Return the length of a head, or None if more bytes are needed to tell.

    A blank line after an Authorization that ends in a lone line feed ends the head, unless more of the head follows.
    `nothing_follows` says that more bytes had time to come.
    """
    start = 0
    while blank := _BLANK_LINE.search(data, start):
        if blank[0] != b"\n\r\n" or not _AUTHORIZATION_BEFORE.search(data, 0, blank.start()):
            return blank.end()
        following = data[blank.end() : blank.end() + 80]
        if not (following.startswith(b"\r\n") or _FIELD.match(following)):
            is_undecided = _START_OF_FIELD.fullmatch(following) is not None
            return None if is_undecided and not nothing_follows else blank.end()
        start = blank.end() - 1
    return None


def repair(head: bytes) -> bytes:
    """Return a head with CR LF after every line, and a wrapped Authorization unwrapped."""
    unwrapped = _WRAPPED.sub(lambda match: b"\n" + match[1].replace(b"\n", b""), head)
    return b"\r\n".join(filter(None, _LINE_END.split(unwrapped))) + b"\r\n\r\n"
