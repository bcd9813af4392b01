"""The words with which a handset opts out of further messages."""

OPT_OUT_WORDS = frozenset({"STOP", "UNSUB", "UNSUBSCRIBE", "OPTOUT", "OPT-OUT", "OPT OUT", "CANCEL", "QUIT", "END"})
"""Replies that opt the handset out, in capitals."""

RESERVED_WORDS = OPT_OUT_WORDS | {"HELP", "MORE", "CONTINUE", "ADD"}
"""Words, in capitals, that cannot be rented as keywords."""


def is_opt_out(text: str) -> bool:
    """True if the whole text is an opt-out word, case-insensitive; outer spaces are ignored.

    Only ASCII letters have two cases here: Unicode would take the long s (U+017F) for an S.
    """
    word = text.strip()
    return word.isascii() and word.upper() in OPT_OUT_WORDS
