"""Texts that both databases can store."""

import re

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
