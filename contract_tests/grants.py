"""The needs of tests, and the grants of a run."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum


class Need(Enum):
    """Something that a test needs beyond reading. Each test declares its needs with `@needs(...)`."""

    NOTHING = "only reads, or is always refused"
    STATE = "creates things in the account, and removes them again"
    MONEY = "sends messages"
    CALLBACK = "receives callbacks at a URL"
    SANDBOX = "does something that only a sandbox can do or undo"


NOTHING, STATE, MONEY, CALLBACK, SANDBOX = Need


@dataclass(frozen=True)
class Grants:
    """Permissions of a run. `spend` is a cap in the account's currency; `to` are handsets that may get messages."""

    is_sandbox: bool = False
    spend: Decimal | None = None
    to: tuple[str, ...] = ()
    has_callback: bool = False

    def reason_to_skip(self, needs: Iterable[Need]) -> str | None:
        """Return why a test with these needs may not run, or None if it may."""
        wanted = set(needs)
        if CALLBACK in wanted and not self.has_callback:
            return "needs a URL that the endpoint can call: set CALLBACK_URL"
        if self.is_sandbox:
            return None
        if SANDBOX in wanted:
            return SANDBOX.value
        if MONEY in wanted and not (self.spend and self.to):
            return "sends messages: set SPEND (a cap on the cost) and TO (your own handsets)"
        if STATE in wanted and self.spend is None:
            return "creates things in the account and removes them again: set SPEND (0 is enough)"
        return None


def parse_handsets(text: str) -> tuple[str, ...]:
    """Parse numbers in international form, separated by commas or spaces. Raises ValueError."""
    handsets = []
    for number in re.split(r"[,\s]+", text.strip()):
        if not number:
            continue
        digits = number.removeprefix("+")
        if not re.fullmatch(r"[1-9][0-9]{6,14}", digits):
            raise ValueError(f"TO contains {number!r}. Give numbers in international form, such as 61491570156.")
        handsets.append(digits)
    return tuple(handsets)


def parse_cap(text: str) -> Decimal:
    """Parse an amount of money. Raises ValueError."""
    if not re.fullmatch(r"[0-9]+(\.[0-9]{1,3})?", text.strip()):
        raise ValueError(f"SPEND is {text!r}. Give an amount of money, such as 2.50.")
    return Decimal(text.strip())
