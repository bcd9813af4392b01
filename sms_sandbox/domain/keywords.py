"""Keywords: the words at the beginning of a handset's message that say what is to be done with it."""

from .opt_out import RESERVED_WORDS

MAX_KEYWORD_LENGTH = 80
"""Characters a keyword may have. In capitals that are up to three times as many, and 255 are kept."""

_KEPT = 255


def normalize(keyword: str) -> str:
    """A keyword as it is kept and compared: in capitals, one blank between its words."""
    return " ".join(keyword.upper().split())


def is_reserved(keyword: str) -> bool:
    """Whether nobody can rent the keyword, since it means something to everybody."""
    return normalize(keyword) in RESERVED_WORDS


def candidate_keywords(text: str) -> list[str]:
    """Every keyword that a text begins with, if it is one: the longest first, and last the empty one, which is a
    keyword that takes whatever no other does.
    """
    found = [""]
    for word in text.upper().split():
        longer = f"{found[-1]} {word}".lstrip()
        if len(longer) > _KEPT:
            break
        found.append(longer)
    return found[::-1]
