"""Texts that both databases can store and search."""

import re

from sqlalchemy import ColumnElement, Connection, LargeBinary, case, cast, func

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
"""The character Python decodes a byte to that was not UTF-8."""


def storable(text: str) -> str:
    """Return the text with U+FFFD for each NUL and each byte that was not UTF-8."""
    if text.isascii():
        return text.replace("\x00", "\ufffd") if "\x00" in text else text
    return without_surrogates(text.replace("\x00", "\ufffd"))


def without_surrogates(text: str) -> str:
    """Return the text with U+FFFD for each byte that was not UTF-8."""
    return _LONE_SURROGATE.sub("\ufffd", text)


def to_lower(text: str | None) -> str | None:
    """Return a text in lower case, letter by letter, as PostgreSQL does."""
    if text is None or text.isascii():
        return text and text.lower()
    return "".join([each.lower() for each in text])


def contains(db: Connection, column: ColumnElement[str], wanted: str) -> ColumnElement[bool]:
    """Return the condition that a column contains a text, case-insensitive."""
    condition = column.icontains(wanted, autoescape=True)
    if db.dialect.name != "sqlite":
        return condition
    # SQLite's `lower` is a function in Python, and slow. Its LIKE ignores the case of ASCII letters by itself.
    is_ascii = func.length(column) == func.length(cast(column, LargeBinary))
    return case((is_ascii, column.contains(to_lower(wanted), autoescape=True)), else_=condition)
