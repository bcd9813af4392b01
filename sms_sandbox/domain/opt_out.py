"""The words by which a handset says that it wants no more messages."""

OPT_OUT_WORDS = frozenset({"STOP", "UNSUB", "UNSUBSCRIBE", "OPTOUT", "OPT-OUT", "OPT OUT", "CANCEL", "QUIT", "END"})
"""Replies that opt the sender out, in capitals."""

RESERVED_WORDS = OPT_OUT_WORDS | {"HELP", "MORE", "CONTINUE", "ADD"}
"""Words, in capitals, that nobody can rent as a keyword."""


def is_opt_out(text: str) -> bool:
    """Whether the whole text, apart from blanks around it and its case, is an opt-out word."""
    return text.strip().upper() in OPT_OUT_WORDS
