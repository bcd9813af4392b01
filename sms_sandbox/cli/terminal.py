"""Text for a terminal: colour where it is wanted, and nothing that could control it."""

import os
import sys
from typing import IO

_MAX_TEXT_CHARACTERS = 60
"""Longest part of a text that is shown in one line."""


def has_colour(stream: IO[str] | None = None) -> bool:
    """Return True if a stream is a terminal that may have colour. It is stdout if left out."""
    return (stream or sys.stdout).isatty() and not os.environ.get("NO_COLOR")


def quote(text: str, most: int = _MAX_TEXT_CHARACTERS) -> str:
    """Return a text in quotes, shortened to fit into a line."""
    shown = text if len(text) <= most else text[: most - 1] + "…"
    return f'"{escape(shown)}"'


def escape(text: str) -> str:
    """Escape characters that could move the cursor or control the terminal in other ways."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun: 1 message, 2 messages."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
