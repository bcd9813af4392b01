"""How what is expected differs from what happened, in words."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import TypeAlias

from ..journal.queries import Entry, Wanted

LONGEST = 80
"""Characters of a value that are shown."""

MOST_SHOWN = 3
"""Differences that are told of one entry."""

Difference: TypeAlias = tuple[float, str]
"""How far something is from what was wanted, and in words."""

NOUNS = {
    "calls": ("call", "calls", "made"),
    "messages": ("message", "messages", "sent"),
    "callbacks": ("try of a callback", "tries of callbacks", "made"),
    "inbound": ("inbound message", "inbound messages", "received"),
}


def difference(
    of: str, wanted: Wanted, found: int, least: int, most: int | None, near: Sequence[Entry], ids: Sequence[int]
) -> str:
    """What is other than expected. `near` is what happened of the kind, newest first; `ids` are those that fit."""
    one, several, done = NOUNS[of]
    what = f"{found} {one if found == 1 else several}{described(wanted)} {'was' if found == 1 else 'were'} {done}"
    said = f"{what}, {expected(least, most)}"
    if found >= least:
        return f"{said}: {'entry' if len(ids) == 1 else 'entries'} {', '.join(map(str, ids))}."
    other = nearest(near, wanted)
    if other is not None:
        entry, differences = other
        return f"{said}; the nearest: {', '.join(differences[:MOST_SHOWN])} (entry {entry.id})."
    return f"{said}." if found else f"{said}; no {one} was {done} at all."


def described(wanted: Wanted) -> str:
    """What was asked for, to stand behind a noun."""
    words = f" of {wanted.method}" if wanted.method else ""
    words += f" with the number {wanted.numbers[0]}" if wanted.numbers else ""
    words += "".join(
        f" with {name} {shown(value)}"
        for name, value in (("code", wanted.code), ("text", wanted.text), ("rule", wanted.rule), *wanted.params.items())
        if value is not None
    )
    return words + (f" after entry {wanted.after}" if wanted.after else "")


def expected(least: int, most: int | None) -> str:
    if most is None:
        return f"at least {least} {were(least)} expected"
    if least == most:
        return f"{most} {were(most)} expected"
    return f"from {least} to {most} were expected" if least else f"at most {most} {were(most)} expected"


def were(count: int) -> str:
    return "was" if count == 1 else "were"


def shown(value: str) -> str:
    return repr(value if len(value) <= LONGEST else f"{value[: LONGEST - 1]}…")


def nearest(near: Sequence[Entry], wanted: Wanted) -> tuple[Entry, Sequence[str]] | None:
    """The entry that differs in the least, and in what; of several the newest."""
    found = [(entry, differing) for entry in near if (differing := differences(entry, wanted))]
    if not found:
        return None
    entry, differing = min(found, key=lambda each: sum(distance for distance, _ in each[1]))
    return entry, [words for _, words in differing]


def differences(entry: Entry, wanted: Wanted) -> list[Difference]:
    """In what an entry is other than wanted."""
    found: list[Difference] = []
    if wanted.method and entry.method != wanted.method:
        found.append((2, f"method {entry.method or 'none'} instead of {wanted.method}"))
    if wanted.numbers and not set(wanted.numbers) & set(entry.numbers):
        found.append((1, f"number {', '.join(entry.numbers[:3]) or 'none'} instead of {wanted.numbers[0]}"))
    if wanted.code is not None and entry.code != wanted.code:
        found.append((1, f"code {entry.code} instead of {wanted.code}"))
    if wanted.text and wanted.text.lower() not in entry.text.lower():
        found.append((distance(entry.text, wanted.text), f"text {shown(entry.text)} without {shown(wanted.text)}"))
    if wanted.rule and wanted.rule.lower() not in entry.rule.lower():
        found.append((1, f"rule {shown(entry.rule) if entry.rule else 'none'} instead of {shown(wanted.rule)}"))
    for name, value in wanted.params.items():
        there = entry.request.get(name)
        if there is None:
            found.append((2, f"no {name}"))
        elif there != value:
            found.append((distance(there, value), f"{name} {shown(there)} instead of {shown(value)}"))
    return found


def distance(one: str, other: str) -> float:
    """How far two texts are from each other, from a little to 1."""
    return 1.1 - SequenceMatcher(None, one[:LONGEST], other[:LONGEST]).ratio()
