"""Keywords: words at the start of a handset's message that select an automatic action."""

from .opt_out import RESERVED_WORDS

MAX_KEYWORD_LENGTH = 80
"""In characters, as written. In capitals a keyword may be three times as long."""

_MAX_STORED_LENGTH = 255


def normalize(keyword: str) -> str:
    """Return a keyword as it is stored and compared: in capitals, with single spaces."""
    return " ".join(keyword.upper().split())


def is_reserved(keyword: str) -> bool:
    """True if the keyword cannot be rented, because it has a meaning for every number."""
    return normalize(keyword) in RESERVED_WORDS


def candidate_keywords(text: str) -> list[str]:
    """Return every keyword that a text could begin with, the longest first.

    The last one is the empty keyword, which takes all messages that no other keyword takes.
    """
    candidates = [""]
    for word in text.upper().split():
        longer = f"{candidates[-1]} {word}".lstrip()
        if len(longer) > _MAX_STORED_LENGTH:
            break
        candidates.append(longer)
    return candidates[::-1]
