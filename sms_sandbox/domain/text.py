"""How a text travels: its alphabet, its length and the parts it is cut into."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from typing import Literal, NamedTuple

from gsm0338.charset import BASIC_CHARACTER_SET, BASIC_CHARACTER_SET_EXTENSION

MAX_PARTS = 4
"""The most parts the API sends as one message."""

_ESCAPE = "\x1b"


class Segments(NamedTuple):
    """What a text costs on the air.

    `units` are septets in GSM-7, where an extension character takes two, and UTF-16 units in UCS-2, where a character
    outside the basic plane takes two. `parts` is at least 1.
    """

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    parts: int


def segments(message: str) -> Segments:
    """Alphabet, length and number of parts of a text as it is sent, merge fields and links already filled in.

    One part holds 160 septets or 70 UCS-2 units; when several are needed each holds 153 or 67. Never raises, and counts
    beyond `MAX_PARTS`: refusing is the caller's business.
    """
    if not _GSM.fullmatch(message):
        units = len(message.encode("utf-16-le", "surrogatepass")) // 2
        return Segments("UCS-2", units, 1 if units <= 70 else -(-units // 67))
    pairs = len(_PAIRS.findall(message))
    units = len(message) + pairs
    if units <= 160:
        return Segments("GSM-7", units, 1)
    return Segments("GSM-7", units, _packed(message) if pairs else -(-units // 153))


def cut_to_parts(message: str, parts: int) -> str:
    """The text, or as much of its beginning as so many parts hold."""
    if segments(message).parts <= parts:
        return message
    # A longer beginning never needs fewer parts, not even where the alphabet changes.
    kept = bisect_right(range(len(message) + 1), parts, key=lambda size: segments(message[:size]).parts) - 1
    return message[:kept]


def _packed(message: str) -> int:
    """The parts of 153 septets needed when no escape pair may be cut in two."""
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
    """The characters with these Unicode names.

    The escape code is left out: it only announces an extension character, so a text that holds one is not GSM-7 text.
    """
    return "".join(sorted({unicodedata.lookup(name) for name in names} - {_ESCAPE}))


_BASIC = _characters(BASIC_CHARACTER_SET.values())
_EXTENSION = _characters(BASIC_CHARACTER_SET_EXTENSION.values())
_GSM = re.compile(f"[{re.escape(_BASIC + _EXTENSION)}]*+")
_PAIRS = re.compile(f"[{re.escape(_EXTENSION)}]")
