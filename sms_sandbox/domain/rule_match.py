"""The messages and calls that a rule matches, and how often it applies to them."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from .numbers import assume_australia

_MAX_DIGITS = 15
"""A number in international form has at most 15 digits."""


@dataclass(frozen=True)
class Subject:
    """The values of a message or call that rules look at."""

    to: Collection[str] = ()
    sender: str = ""
    text: str = ""
    key: str = ""


@dataclass(frozen=True)
class Match:
    """The conditions that a subject must meet; None is no condition.

    `to` is a number (`61491570156`), a prefix (`6149157*`) or a range (`61491570100-61491570199`), in international
    or Australian local form; one matching handset is enough. `text` is a substring and `sender` the whole sender, both
    case-insensitive. `key` is the account's key.

    Raises ValueError if `to` is malformed, TypeError if a value is not a text.
    """

    to: str | None = None
    sender: str | None = None
    text: str | None = None
    key: str | None = None

    def __post_init__(self) -> None:
        if not all(value is None or isinstance(value, str) for value in vars(self).values()):
            raise TypeError("The conditions of a match must be texts")
        if self.to is not None:
            parse_range(self.to)

    def matches(self, subject: Subject) -> bool:
        """True if a subject meets all conditions."""
        if self.key is not None and self.key != subject.key:
            return False
        if self.sender is not None and self.sender.lower() != subject.sender.lower():
            return False
        if self.text is not None and self.text.lower() not in subject.text.lower():
            return False
        if self.to is None:
            return True
        first, last = parse_range(self.to)
        # A prefix matches numbers of any length; otherwise all numbers are as long as the given ones.
        return any(first <= number <= last and len(first) <= len(number) <= len(last) for number in subject.to)


@lru_cache(1000)
def parse_range(to: str) -> tuple[str, str]:
    """Return the first and the last number that `to` of a match means.

    The first one is as short as the shortest matching number. Raises ValueError if `to` is malformed.
    """
    first, dash, last = to.partition("-")
    if dash:
        low, high = to_international(first), to_international(last)
        if len(low) != len(high) or low > high:
            raise ValueError(f"{to!r} is not a range: write two numbers of the same length, the lower one first")
        return low, high
    if to.endswith("*"):
        prefix = to_international(to[:-1])
        return prefix, prefix + "9" * (_MAX_DIGITS - len(prefix))
    return to_international(to), to_international(to)


def to_international(written: str) -> str:
    """Return the digits of a number or prefix in international form. Raises ValueError if it is malformed."""
    digits = written.strip().removeprefix("+").replace(" ", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS):
        raise ValueError(f"{written!r} is not a phone number: write digits, as 61491570156 or 0491570156")
    return assume_australia(digits)


@dataclass(frozen=True)
class Turns:
    """The share and number of matching subjects that a rule applies to.

    It applies from the `nth` subject on (counted from 1), at most `count` times, and to a `share` of them (above 0, at
    most 1). Raises ValueError or TypeError for other values.
    """

    nth: int = 1
    count: int | None = None
    share: float = 1.0

    def __post_init__(self) -> None:
        if self.nth < 1 or (self.count is not None and self.count < 1) or not 0 < self.share <= 1:
            raise ValueError("`nth` and `count` must be at least 1, and `share` above 0 and at most 1")

    @property
    def always_applies(self) -> bool:
        """True if the rule applies to every subject, so nothing has to be counted."""
        return self.nth == 1 and self.count is None and self.share == 1.0

    def apply_to(self, seen: int, used: int, chance: str) -> bool:
        """True if the rule applies to the `seen`-th subject, after it applied to `used` others.

        `chance` identifies the subject, so the same one always gives the same result.
        """
        if seen < self.nth or (self.count is not None and used >= self.count):
            return False
        return self.share == 1.0 or hash_to_fraction(chance) < self.share


def hash_to_fraction(text: str) -> float:
    """Derive a number from a text: at least 0, below 1, evenly distributed."""
    return int.from_bytes(sha256(text.encode("utf-8", "surrogatepass")).digest()[:6]) / 2**48
