"""What happened, in lines that a person reads when a test has failed."""

from collections.abc import Mapping
from typing import Any

from ..control.shapes.traffic import Entry

LONGEST = 60
"""Characters of a value that are shown."""


def line(entry: Entry) -> str:
    """An entry of the traffic: when, what, with which parameters, what came of it, why, and what may be meant."""
    what = " ".join(word for word in (entry.kind, entry.method, entry.number) if word)
    came = " ".join(str(word) for word in (entry.status, entry.code or entry.error) if word)
    told = f"{entry.at:%H:%M:%S} {what}{_params(entry.request)} -> {came or 'no answer'}"
    if entry.rule:
        told += f" [{entry.rule}]"
    return "\n    ".join([told, *(f"hint: {hint}" for hint in entry.hints)])


def _params(given: Mapping[str, Any]) -> str:
    shown = (f"{name}={_short(str(value))!r}" for name, value in given.items())
    return f" ({', '.join(shown)})" if given else ""


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
