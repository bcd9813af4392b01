"""Reads request heads, and repairs their line ends.

The vendor's own Ruby gem builds its Authorization with a base64 routine that ends in a line feed and wraps a long value
with more of them. HTTP parsers take the first line feed for the end of the line, and the line's own end after it for
the end of the head. nginx in front of the real service lets a lone line feed end any line, and so does this.

An offer to upgrade is left out of the repaired head. RFC 9110 7.8 lets a server ignore it, but httptools would take the
request's body for bytes of the other protocol.
"""

import re

MAX_HEAD_BYTES = 64 * 1024
"""Longest head; the real service takes less."""

_REGULAR = re.compile(rb"(?:(?!(?i:upgrade):)[^\r\n]++\r\n)++\r\n")
"""A head with CR LF after every line, and without an offer to upgrade. Does not backtrack."""

_BASE64 = re.compile(rb"[A-Za-z0-9+/=]+")
_NAME = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}"
_MORE_OF_HEAD = re.compile(rb"\r\n|" + _NAME + rb":")
_START_OF_MORE = re.compile(rb"\r?|" + _NAME)


class HeadTooLongError(Exception):
    """A head longer than MAX_HEAD_BYTES."""


class HeadReader:
    """Reads one head after the other.

    It looks at each byte a few times at most, however small the pieces.
    A blank line after an Authorization that ends in a lone line feed ends the head, unless more of the head follows.
    """

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.in_doubt = False
        """True if the next bytes decide whether the head has ended."""
        self._was_in_doubt = False
        self._is_irregular = False
        self._parts: list[bytes] = []
        """The repaired lines, each but the first after its line end."""
        self._searched = 0
        """Length of the incomplete line, in which no line feed was found yet."""
        self._taken = 0
        """Length of the lines before it."""
        self._in_authorization = False
        """True after a line of an Authorization that ended in a lone line feed."""

    def read(self, received: bytearray, nothing_follows: bool = False) -> bytes | None:
        """Take a head from the start of `received`, and return it repaired.

        Returns None if more bytes are needed; `nothing_follows` says that more bytes had time to come. Nearly all heads
        are regular and come at once, and so cost a microsecond instead of ten. Raises HeadTooLongError.
        """
        if not self._is_irregular and (regular := _REGULAR.match(received)):
            head: bytes | None = regular[0]
            del received[: regular.end()]
            self._check_size(regular.end())
        else:
            self._is_irregular = True
            head = self._read_lines(received, nothing_follows)
            self._check_size(self._taken + self._searched)
        if head is not None:
            self._begin()
        return head

    @staticmethod
    def _check_size(size: int) -> None:
        if size > MAX_HEAD_BYTES:
            raise HeadTooLongError

    def _read_lines(self, received: bytearray, nothing_follows: bool) -> bytes | None:
        while not self.in_doubt or self._end_doubt(received, nothing_follows):
            line = self._take_line(received)
            if line is None:
                return None
            if line not in (b"", b"\r"):
                self._add(line)
            elif line and self._in_authorization and not self._was_in_doubt:
                self.in_doubt = self._was_in_doubt = True
            elif self._parts:
                return self._repaired()
        return None if self.in_doubt else self._repaired()

    def _take_line(self, received: bytearray) -> bytes | None:
        """Take a complete line, and return it without its line feed."""
        end = received.find(b"\n", self._searched)
        self._searched = 0 if end >= 0 else len(received)
        if end < 0:
            return None
        line = bytes(received[:end])
        del received[: end + 1]
        self._taken += end + 1
        return line

    def _add(self, line: bytes) -> None:
        text = line.removesuffix(b"\r")
        continues = self._in_authorization and _BASE64.fullmatch(text) is not None
        begins = text[:14].lower() == b"authorization:"
        self._in_authorization = (continues or begins) and text == line
        if text[:8].lower() == b"upgrade:":
            text = b"Ignored-" + text
        self._parts += [text] if continues or not self._parts else [b"\r\n", text]

    def _end_doubt(self, received: bytearray, nothing_follows: bool) -> bool:
        """True if more of the head follows the blank line. If more bytes are needed to tell, the doubt stays."""
        goes_on = _MORE_OF_HEAD.match(received) is not None
        self.in_doubt = not goes_on and not nothing_follows and _START_OF_MORE.fullmatch(received) is not None
        return goes_on

    def _repaired(self) -> bytes:
        return b"".join(self._parts) + b"\r\n\r\n"
