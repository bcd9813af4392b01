"""Which messages and calls a rule means, and how often it applies to them."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from .numbers import assume_australia

_MAX_DIGITS = 15
"""Digits of a number in international form."""


@dataclass(frozen=True)
class Subject:
    """What a rule looks at: the handsets, sender and text of a message or of a call, and the key of the account."""

    to: Collection[str] = ()
    sender: str = ""
    text: str = ""
    key: str = ""


@dataclass(frozen=True)
class Match:
    """What a subject must have; None asks nothing.

    `to` is a number (`61491570156`), a prefix (`6149157*`) or a range (`61491570100-61491570199`), in international
    form or an Australian local one, and one handset that fits is enough. `text` is part of the text and `sender` the
    whole sender, in any case; `key` is the account's.

    Raises ValueError where `to` can't be read, TypeError for what is no text.
    """

    to: str | None = None
    sender: str | None = None
    text: str | None = None
    key: str | None = None

    def __post_init__(self) -> None:
        if not all(wanted is None or isinstance(wanted, str) for wanted in vars(self).values()):
            raise TypeError("What a match asks for are texts")
        if self.to is not None:
            parse_range(self.to)

    def matches(self, subject: Subject) -> bool:
        """Whether a subject is meant."""
        if self.key is not None and self.key != subject.key:
            return False
        if self.sender is not None and self.sender.lower() != subject.sender.lower():
            return False
        if self.text is not None and self.text.lower() not in subject.text.lower():
            return False
        if self.to is None:
            return True
        first, last = parse_range(self.to)
        # A prefix means longer numbers, too; all others are as long as what was written.
        return any(first <= number <= last and len(first) <= len(number) <= len(last) for number in subject.to)


@lru_cache(1000)
def parse_range(wanted: str) -> tuple[str, str]:
    """The first and the last number that `to` of a match means, the first as short as any of them may be. Raises
    ValueError where it can't be read."""
    first, dash, last = wanted.partition("-")
    if dash:
        low, high = to_international(first), to_international(last)
        if len(low) != len(high) or low > high:
            raise ValueError(f"{wanted!r} is no range: write two numbers of one length, the lower one first")
        return low, high
    if wanted.endswith("*"):
        prefix = to_international(wanted[:-1])
        return prefix, prefix + "9" * (_MAX_DIGITS - len(prefix))
    return to_international(wanted), to_international(wanted)


def to_international(written: str) -> str:
    """The digits of a number or its beginning; a leading 0 stands for Australia."""
    digits = written.strip().removeprefix("+").replace(" ", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS):
        raise ValueError(f"{written!r} is no number: write digits, as 61491570156 or 0491570156")
    return assume_australia(digits)


@dataclass(frozen=True)
class Turns:
    """How often a rule applies among the subjects it means: from the `nth` on (counted from 1), `count` times at most,
    and to a `share` (above 0, up to 1) of them. Raises ValueError or TypeError where they can't be such."""

    nth: int = 1
    count: int | None = None
    share: float = 1.0

    def __post_init__(self) -> None:
        if self.nth < 1 or (self.count is not None and self.count < 1) or not 0 < self.share <= 1:
            raise ValueError("The nth and the count begin with 1, and a share is above 0 and at most 1")

    @property
    def always_applies(self) -> bool:
        """Whether the rule always applies, so that nothing has to be counted."""
        return self.nth == 1 and self.count is None and self.share == 1.0

    def apply_to(self, seen: int, used: int, chance: str) -> bool:
        """Whether it applies to the `seen`-th subject, when it has applied to `used` already. The same `chance`, a text
        that stands for the subject, gives the same answer."""
        if seen < self.nth or (self.count is not None and used >= self.count):
            return False
        return self.share == 1.0 or hash_to_fraction(chance) < self.share


def hash_to_fraction(text: str) -> float:
    """A number from 0 up to, but not, 1 that follows from a text, spread evenly."""
    return int.from_bytes(sha256(text.encode("utf-8", "surrogatepass")).digest()[:6]) / 2**48
