"""What a test needs, and what whoever runs the suite grants."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum


class Need(Enum):
    """What a test takes beyond reading. Each test declares its needs by `@needs(...)`."""

    NOTHING = "reads only, or is refused whatever happens"
    STATE = "makes things in the account, and removes them again"
    MONEY = "sends messages"
    CALLBACK = "is called back at a URL"
    SANDBOX = "does what only a sandbox can do or undo"


NOTHING, STATE, MONEY, CALLBACK, SANDBOX = Need


@dataclass(frozen=True)
class Grants:
    """What a run may do. `spend` is the cap in the account's currency, `to` the handsets that may get messages."""

    is_sandbox: bool = False
    spend: Decimal | None = None
    to: tuple[str, ...] = ()
    has_callback: bool = False

    def refusal(self, needs: Iterable[Need]) -> str | None:
        """Why a test of these needs may not run; None if it may."""
        wanted = set(needs)
        if CALLBACK in wanted and not self.has_callback:
            return "needs a URL that the endpoint can call: give CALLBACK_URL"
        if self.is_sandbox:
            return None
        if SANDBOX in wanted:
            return "does what only a sandbox can do or undo"
        if MONEY in wanted and not (self.spend and self.to):
            return "sends messages: give SPEND (a cap on the cost) and TO (handsets of yours)"
        if STATE in wanted and self.spend is None:
            return "makes things in the account and removes them again: give SPEND (0 is enough)"
        return None


def handsets(given: str) -> tuple[str, ...]:
    """Numbers with commas or blanks between, in international form. Raises ValueError with a sentence."""
    found = []
    for each in re.split(r"[,\s]+", given.strip()):
        if not each:
            continue
        digits = each.removeprefix("+")
        if not re.fullmatch(r"[1-9][0-9]{6,14}", digits):
            raise ValueError(f"TO holds {each!r}, which is no number in international form, as 61491570156.")
        found.append(digits)
    return tuple(found)


def cap(given: str) -> Decimal:
    """An amount of money. Raises ValueError with a sentence."""
    if not re.fullmatch(r"[0-9]+(\.[0-9]{1,3})?", given.strip()):
        raise ValueError(f"SPEND is {given!r}, which is no amount of money, as 2.50.")
    return Decimal(given.strip())
