"""Traffic entries as lines for a person who reads a failed test."""

from collections.abc import Mapping
from typing import Any

from ..control.shapes.traffic import Entry

MAX_VALUE_CHARACTERS = 60
"""Longest part of a value that is shown."""


def format_entry(entry: Entry) -> str:
    """Return an entry as a line: time, kind, parameters, result and rule. Each hint is another line."""
    what = " ".join(word for word in (entry.kind, entry.method, entry.number) if word)
    result = " ".join(str(word) for word in (entry.status, entry.code or entry.error) if word)
    line = f"{entry.at:%H:%M:%S} {what}{_params(entry.request)} -> {result or 'no answer'}"
    if entry.rule:
        line += f" [{entry.rule}]"
    return "\n    ".join([line, *(f"hint: {hint}" for hint in entry.hints)])


def _params(params: Mapping[str, Any]) -> str:
    shown = (f"{name}={_shorten(str(value))!r}" for name, value in params.items())
    return f" ({', '.join(shown)})" if params else ""


def _shorten(text: str) -> str:
    return text if len(text) <= MAX_VALUE_CHARACTERS else f"{text[: MAX_VALUE_CHARACTERS - 1]}…"
