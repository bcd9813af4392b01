"""The sender of a message: a number, or a word of up to 11 characters."""

import re
from dataclasses import dataclass
from enum import Enum

from .numbers import parse_digits

_RESERVED = frozenset({"BADCALLERID"})
"""Words, in capitals, that are never accepted as a sender. A test can provoke the refusal with them."""

_WORD = re.compile(r"(?=[^A-Za-z]*[A-Za-z])[!-~](?:[ -~]{0,9}[!-~])?")


class Kind(Enum):
    """The kind of a sender. Handsets can reply to a number, but not to a word (an alphanumeric sender ID)."""

    NUMBER = "number"
    WORD = "word"


@dataclass(frozen=True)
class Sender:
    """A well-formed sender: the digits of a number, or a word as the caller wrote it."""

    text: str
    kind: Kind

    @property
    def must_be_registered(self) -> bool:
        """True for a word with a space: the documentation forbids it, but accounts exist that have one approved."""
        return " " in self.text


def parse_sender(raw: str) -> Sender | None:
    """Parse a sender; None if it is malformed.

    A number has 1 to 15 digits, with a plus and the usual punctuation allowed. A word has 1 to 11 printable ASCII
    characters, at least one letter, and spaces only inside. The account may still not be allowed to use it.
    """
    digits = parse_digits(raw)
    if digits is not None:
        return Sender(digits, Kind.NUMBER) if len(digits) <= 15 else None
    return Sender(raw, Kind.WORD) if _WORD.fullmatch(raw) else None


def is_reserved(word: str) -> bool:
    """True if the word is reserved, case-insensitive."""
    return word.upper() in _RESERVED
