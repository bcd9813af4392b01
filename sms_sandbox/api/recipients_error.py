"""The description of RECIPIENTS_ERROR: the numbers that got nothing, and why (reference 3.2)."""

import re
from collections.abc import Sequence

from ..domain.profiles import Profile
from .errors import Description
from .render import Verbatim

_REASON = "Number has opted-out"

_LEADING_ZERO = re.compile(r"[+-]?0\d", re.ASCII)


def describe_recipients(profile: Profile, refused: Sequence[tuple[str, bool]]) -> Description:
    """Return the description for these numbers; each is paired with True if it has opted out.

    In older profiles no number is in both lists, and all are texts.
    """
    if not profile.fails_include_optouts:
        return {
            "fails": [Verbatim(number) for number, is_opted_out in refused if not is_opted_out],
            "optouts": [Verbatim(number) for number, is_opted_out in refused if is_opted_out],
        }
    optouts = [_as_number(number) for number, is_opted_out in refused if is_opted_out]
    lists: dict[str, str | list[str]] = {"fails": [_as_number(number) for number, _ in refused], "optouts": optouts}
    return {**lists, "reason": _REASON} if optouts else lists


def _as_number(number: str) -> str:
    """Return a text that is rendered as a number if it is one. A leading zero keeps it a text."""
    return Verbatim(number) if _LEADING_ZERO.match(number) else number
