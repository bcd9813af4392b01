"""The alphabet of a text, its length, and the parts it is sent in."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from typing import Literal, NamedTuple

from gsm0338.charset import BASIC_CHARACTER_SET, BASIC_CHARACTER_SET_EXTENSION

MAX_PARTS = 4
"""Limit of the API for one message."""

_ESCAPE = "\x1b"


class Segments(NamedTuple):
    """The alphabet, length and number of parts of a text.

    `units` are septets in GSM-7, where an extension character takes two, and UTF-16 units in UCS-2, where a character
    outside the basic plane takes two. `parts` is at least 1.
    """

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    parts: int


def segments(message: str) -> Segments:
    """Return the alphabet, length and number of parts of a text.

    Merge fields and links must be filled in before. One part holds 160 septets or 70 UCS-2 units; if several are
    needed, each holds 153 or 67. Never raises. The number of parts may exceed `MAX_PARTS`; the caller must refuse such
    a text.
    """
    if not _GSM.fullmatch(message):
        units = len(message.encode("utf-16-le", "surrogatepass")) // 2
        return Segments("UCS-2", units, 1 if units <= 70 else -(-units // 67))
    pairs = len(_PAIRS.findall(message))
    units = len(message) + pairs
    if units <= 160:
        return Segments("GSM-7", units, 1)
    return Segments("GSM-7", units, _count_packed(message) if pairs else -(-units // 153))


def cut_to_parts(message: str, parts: int) -> str:
    """Return as much of the start of a text as fits into this many parts."""
    if segments(message).parts <= parts:
        return message
    # A longer start never needs fewer parts, even if its alphabet differs.
    length = bisect_right(range(len(message) + 1), parts, key=lambda size: segments(message[:size]).parts) - 1
    return message[:length]


def _count_packed(message: str) -> int:
    """Count the parts of 153 septets, where no escape pair may be cut in two."""
    # One `replace` for each of ten characters is many times faster than one regular expression.
    for character in _EXTENSION:
        message = message.replace(character, _ESCAPE + character)
    start = parts = 0
    while start < len(message):
        end = start + 153
        if message[end - 1 : end] == _ESCAPE:
            end -= 1
        start = end
        parts += 1
    return parts


def _characters(names: Iterable[str]) -> str:
    """Return the characters with these Unicode names, without the escape code.

    The escape code only announces an extension character, so a text that contains it is not a GSM-7 text.
    """
    return "".join(sorted({unicodedata.lookup(name) for name in names} - {_ESCAPE}))


_BASIC = _characters(BASIC_CHARACTER_SET.values())
_EXTENSION = _characters(BASIC_CHARACTER_SET_EXTENSION.values())
_GSM = re.compile(f"[{re.escape(_BASIC + _EXTENSION)}]*+")
_PAIRS = re.compile(f"[{re.escape(_EXTENSION)}]")


def split_to_parts(message: str) -> list[str]:
    """Return the texts of the parts in which a message is sent. Joined they are the message.

    An extension character of GSM-7 is never cut in two. A character of two UTF-16 units may be; here it belongs to the
    part with its first unit, so the last part may be empty.
    """
    whole = segments(message)
    if whole.parts == 1:
        return [message]
    parts = [""] * whole.parts
    index = used = 0
    for character in message:
        if whole.encoding == "UCS-2":
            index, size = used // 67, 1 if ord(character) < 0x10000 else 2
        else:
            size = 2 if character in _EXTENSION else 1
            if used + size > 153:
                index, used = index + 1, 0
        parts[index] += character
        used += size
    return parts


def find_other_characters(message: str) -> str:
    """Return the characters that GSM-7 does not have, each once. They make a message UCS-2."""
    return "".join(dict.fromkeys(character for character in message if not _GSM.fullmatch(character)))


def find_extension_characters(message: str) -> str:
    """Return the characters that take two septets in GSM-7, each once."""
    return "".join(dict.fromkeys(_PAIRS.findall(message)))
