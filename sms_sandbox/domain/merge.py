"""Merge fields and short links in message texts."""

import hashlib
import re
from collections.abc import Mapping

TRACKED = "[tracked-link]"
UNSUBSCRIBE = "[unsub-reply-link]"
TRACKED_HOST = "TapTh.is"
UNSUBSCRIBE_HOST = "UnsubRep.ly"

_CODE_LENGTH = 8

SHORT_LINK = rf"(?:{re.escape(TRACKED_HOST)}|{re.escape(UNSUBSCRIBE_HOST)})/([0-9A-Za-z]{{{_CODE_LENGTH}}})"
"""Pattern of a short link in a text or path. Hosts are case-insensitive; the group is the link's code."""

_FIELD = re.compile(r"\[([^\[\]]+)\]")
_BASE_62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def has_fields(template: str) -> bool:
    """True if the template has any `[word]`, known or not. Without one, all recipients get the same text."""
    return "[" in template and _FIELD.search(template) is not None


def fill_fields(template: str, values: Mapping[str, str]) -> str:
    """Replace each `[name]` that is a key of `values`.

    Keys are in lower case. Names are case-insensitive, and spaces or underscores around them are ignored. Unknown names
    stay unchanged. Brackets inside a value are plain text.
    """

    def value(field: re.Match[str]) -> str:
        return values.get(field[1].strip(" \t\r\n_").lower(), field[0])

    return _FIELD.sub(value, template)


def place_link(text: str, marker: str, link: str) -> str:
    """Replace the first marker by a link. A message has one link of each kind, so further markers stay visible."""
    return text.replace(marker, link, 1)


def link_code(seed: str, recipient: int, kind: str) -> str:
    """Return the code of a recipient's link: eight letters and digits, the same for the same arguments.

    Tenants with different seeds have different codes. There are 62^8 codes, so a collision is possible but unlikely.
    """
    digest = hashlib.blake2b(f"{seed}\0{kind}\0{recipient}".encode("utf-8", "replace"), digest_size=8).digest()
    number = int.from_bytes(digest)
    code = ""
    for _ in range(_CODE_LENGTH):
        number, digit = divmod(number, 62)
        code += _BASE_62[digit]
    return code


def link_text(host: str, code: str) -> str:
    """Return a short link as written in a text, without a scheme: `TapTh.is/aB3dE5fG`."""
    return f"{host}/{code}"
