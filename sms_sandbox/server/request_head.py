"""The head of a request as it comes over the wire: where it ends, and with the line ends it should have.

One real client's base64 routine leaves a line feed behind its Authorization, and wraps a long value with more of them.
Parsers of HTTP take the first for the end of a line, and the line's own end after it for the end of all headers. nginx
in front of the real service lets a lone line feed end any line, and so does this.
"""

import re

LONGEST = 64 * 1024
"""Bytes of a head; the real service takes less."""

_BLANK_LINE = re.compile(rb"\n\r?\n")
_AUTHORIZATION_BEFORE = re.compile(rb"\nauthorization:[^\r\n]*(?:\n[a-z0-9+/=]+)*\Z", re.IGNORECASE)
_WRAPPED = re.compile(rb"\n(authorization:[^\r\n]*(?:\n[a-z0-9+/=]+)+)(?=\r?\n)", re.IGNORECASE)
_NAME = rb"[!#$%&'*+.^_`|~0-9a-z-]{1,64}"
_FIELD = re.compile(_NAME + rb":", re.IGNORECASE)
_START_OF_FIELD = re.compile(rb"\r?|" + _NAME, re.IGNORECASE)
_LINE_END = re.compile(rb"\r?\n")


def find_end(data: bytes, nothing_follows: bool = False) -> int | None:
    """How many bytes of `data` are the head; None while that can't be told.

    A blank line behind an Authorization that ends in a lone line feed ends the head, unless what follows is more of the
    head. With `nothing_follows` there was time for it to come.
    """
    start = 0
    while blank := _BLANK_LINE.search(data, start):
        if blank[0] != b"\n\r\n" or not _AUTHORIZATION_BEFORE.search(data, 0, blank.start()):
            return blank.end()
        following = data[blank.end() : blank.end() + 80]
        if not (following.startswith(b"\r\n") or _FIELD.match(following)):
            undecided = _START_OF_FIELD.fullmatch(following) is not None
            return None if undecided and not nothing_follows else blank.end()
        start = blank.end() - 1
    return None


def is_plain(data: bytes, end: int) -> bool:
    """Whether every line of a head ends as it should."""
    return data.count(b"\n", 0, end) == data.count(b"\r\n", 0, end)


def mended(head: bytes) -> bytes:
    """A head with every line ended as it should be."""
    unwrapped = _WRAPPED.sub(lambda found: b"\n" + found[1].replace(b"\n", b""), head)
    return b"\r\n".join(filter(None, _LINE_END.split(unwrapped))) + b"\r\n\r\n"
