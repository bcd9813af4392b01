"""Links in the text of a message, as handsets make them tappable."""

import re

from .merge import SHORT_LINK

_TOP_LEVEL = "com|net|org|au|nz|uk|us|io|app|dev|ly|co|me|info|gov|edu"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_LINK = re.compile(
    rf"(?<![\w@.])(?:{SHORT_LINK}(?!\w)"
    r"|https?://[^\s<>\"]+"
    rf"|(?:{_LABEL}\.)+[a-z]{{2,24}}/[^\s<>\"]*"
    rf"|(?:{_LABEL}\.)+(?:{_TOP_LEVEL})(?![\w@.-]*[\w@]))",
    re.IGNORECASE,
)
_CLOSING = {")": "(", "]": "[", "}": "{", "»": "«", "”": "“"}
_PUNCTUATION = ".,;:!?'\"…"


def find_links(text: str) -> tuple[str, ...]:
    """Return the links in a text as they are written there, in order, each once.

    A link has a scheme (`https://example.com/a`) or none (`example.com/a`). Punctuation that ends a sentence is no part
    of it.
    """
    urls = (_without_punctuation(match[0]) for match in _LINK.finditer(text))
    return tuple(dict.fromkeys(link for link in urls if not link.endswith("//")))


def _without_punctuation(link: str) -> str:
    while link:
        last = link[-1]
        opening = _CLOSING.get(last)
        if last not in _PUNCTUATION and (opening is None or link.count(opening) >= link.count(last)):
            break
        link = link[:-1]
    return link


def is_short_link(link: str) -> bool:
    """True if a link is one of the service's own short links."""
    return re.fullmatch(SHORT_LINK, link, re.IGNORECASE) is not None
