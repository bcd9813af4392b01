"""What the `from` of a message can be."""

import re
from dataclasses import dataclass
from enum import Enum

from .numbers import parse_digits

RESERVED = frozenset({"BADCALLERID"})
"""Words, in capitals, that the sandbox never accepts as a sender, so that a client can provoke the refusal."""

_WORD = re.compile(r"(?=[^A-Za-z]*[A-Za-z])[!-~]{1,11}")


class Kind(Enum):
    """Whether a sender can be answered (a number) or only read (a word, the alphanumeric sender ID)."""

    NUMBER = "number"
    WORD = "word"


@dataclass(frozen=True)
class Sender:
    """A well-formed sender: the digits of a number, or a word as the caller wrote it."""

    text: str
    kind: Kind


def parse_sender(raw: str) -> Sender | None:
    """The sender that `raw` names, or None if it is malformed.

    A number has 1 to 15 digits and may carry a plus and the usual punctuation. A word has 1 to 11 printable ASCII
    characters, no blanks, and at least one letter. Whether the account may use it is not looked at.
    """
    digits = parse_digits(raw)
    if digits is not None:
        return Sender(digits, Kind.NUMBER) if len(digits) <= 15 else None
    return Sender(raw, Kind.WORD) if _WORD.fullmatch(raw) else None


def is_reserved(word: str) -> bool:
    """Whether `word`, in any case, is one of `RESERVED`."""
    return word.upper() in RESERVED
