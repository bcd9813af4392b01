"""Filling in the `[fields]` and the links of a message text."""

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
    """Whether there is any `[word]` in the template, known or not: if there is none, all recipients get one text."""
    return "[" in template and _FIELD.search(template) is not None


def fill_fields(template: str, values: Mapping[str, str]) -> str:
    """The template with each `[name]` that is a key of `values` replaced.

    Keys are in lower case; names are compared without case and without blanks or underscores around them. Unknown names
    stay as they are. Values are not searched again, so brackets in one are plain text.
    """

    def value(field: re.Match[str]) -> str:
        return values.get(field[1].strip(" \t\r\n_").lower(), field[0])

    return _FIELD.sub(value, template)


def place_link(text: str, marker: str, link: str) -> str:
    """The text with the first `marker` replaced by `link`. A message carries one link of a kind; further markers stay
    visible.
    """
    return text.replace(marker, link, 1)


def link_code(seed: str, recipient: int, kind: str) -> str:
    """Eight letters and digits for a recipient's link of one kind, the same for the same arguments.

    `seed` sets installations apart. There are 62^8 codes, so a collision is unlikely but not excluded.
    """
    digest = hashlib.blake2b(f"{seed}\0{kind}\0{recipient}".encode("utf-8", "replace"), digest_size=8).digest()
    number = int.from_bytes(digest)
    code = ""
    for _ in range(_CODE_LENGTH):
        number, digit = divmod(number, 62)
        code += _BASE_62[digit]
    return code


def link_text(host: str, code: str) -> str:
    """A short link as it stands in a text, without a scheme: `TapTh.is/aB3dE5fG`."""
    return f"{host}/{code}"
