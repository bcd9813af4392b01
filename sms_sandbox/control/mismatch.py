"""Words for the difference between what is expected and what happened."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import TypeAlias

from ..journal.queries import Entry, EntryFilter

MAX_SHOWN_CHARACTERS = 80
"""Longest part of a value that is shown."""

_MAX_SHOWN_DIFFERENCES = 3
"""Most differences that are shown of one entry."""

_NOUNS = {
    "calls": ("call", "calls", "made"),
    "messages": ("message", "messages", "sent"),
    "callbacks": ("callback attempt", "callback attempts", "made"),
    "inbound": ("inbound message", "inbound messages", "received"),
}
"""Singular, plural and verb for each value of `of`."""

_Difference: TypeAlias = tuple[float, str]
"""The size of a field's difference, and the difference in words."""


def describe_difference(
    subject: str, wanted: EntryFilter, count: int, least: int, most: int | None, others: Sequence[Entry],
    ids: Sequence[int],
) -> str:  # fmt: skip
    """Describe why `count` matching entries are not as many as expected.

    `ids` are those of entries that match; `others` are entries of the same kind, newest first.
    """
    one, several, done = _NOUNS[subject]
    what = f"{count} {one if count == 1 else several}{_filter_words(wanted)} {_was(count)} {done}"
    summary = f"{what}, {_expected(least, most)}"
    if count >= least:
        return f"{summary}: {'entry' if len(ids) == 1 else 'entries'} {', '.join(map(str, ids))}."
    nearest = _nearest(others, wanted)
    if nearest is not None:
        entry, differences = nearest
        return f"{summary}; the nearest: {', '.join(differences[:_MAX_SHOWN_DIFFERENCES])} (entry {entry.id})."
    return f"{summary}." if count else f"{summary}; no {one} was {done} at all."


def _filter_words(wanted: EntryFilter) -> str:
    """Return a filter in words that can follow a noun."""
    words = f" of {wanted.method}" if wanted.method else ""
    words += f" with the number {wanted.numbers[0]}" if wanted.numbers else ""
    words += f" about message {wanted.message}" if wanted.message is not None else ""
    words += "".join(
        f" with {name} {_shown(value)}"
        for name, value in (("code", wanted.code), ("text", wanted.text), ("rule", wanted.rule), *wanted.params.items())
        if value is not None
    )
    return words + (f" after entry {wanted.after}" if wanted.after else "")


def _expected(least: int, most: int | None) -> str:
    if most is None:
        return f"at least {least} {_was(least)} expected"
    if least == most:
        return f"{most} {_was(most)} expected"
    return f"from {least} to {most} were expected" if least else f"at most {most} {_was(most)} expected"


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


def _shown(value: str) -> str:
    return repr(value if len(value) <= MAX_SHOWN_CHARACTERS else f"{value[: MAX_SHOWN_CHARACTERS - 1]}…")


def _nearest(entries: Sequence[Entry], wanted: EntryFilter) -> tuple[Entry, Sequence[str]] | None:
    """Return the entry that differs least, the newest of several, and its differences in words."""
    candidates = [(entry, differences) for entry in entries if (differences := _differences(entry, wanted))]
    if not candidates:
        return None
    entry, differences = min(candidates, key=lambda candidate: sum(distance for distance, _ in candidate[1]))
    return entry, [words for _, words in differences]


def _differences(entry: Entry, wanted: EntryFilter) -> list[_Difference]:
    """Return the fields in which an entry differs from the filter."""
    differences: list[_Difference] = []
    if wanted.method and entry.method != wanted.method:
        differences.append((2, f"method {entry.method or 'none'} instead of {wanted.method}"))
    if wanted.numbers and not set(wanted.numbers) & set(entry.numbers):
        differences.append((1, f"number {', '.join(entry.numbers[:3]) or 'none'} instead of {wanted.numbers[0]}"))
    if wanted.message is not None and entry.message != wanted.message:
        differences.append((1, f"message {entry.message or 'none'} instead of {wanted.message}"))
    if wanted.code is not None and entry.code != wanted.code:
        differences.append((1, f"code {entry.code} instead of {wanted.code}"))
    if wanted.text and wanted.text.lower() not in entry.text.lower():
        words = f"text {_shown(entry.text)} without {_shown(wanted.text)}"
        differences.append((_distance(entry.text, wanted.text), words))
    if wanted.rule and wanted.rule.lower() not in entry.rule.lower():
        words = f"rule {_shown(entry.rule) if entry.rule else 'none'} instead of {_shown(wanted.rule)}"
        differences.append((1, words))
    for name, value in wanted.params.items():
        actual = entry.request.get(name)
        if actual is None:
            differences.append((2, f"no {name}"))
        elif actual != value:
            words = f"{name} {_shown(actual)} instead of {_shown(value)}"
            differences.append((_distance(actual, value), words))
    return differences


def _distance(one: str, other: str) -> float:
    """Return how different two texts are: from 0.1 if they begin alike to 1.1 if nothing is alike."""
    matcher = SequenceMatcher(None, one[:MAX_SHOWN_CHARACTERS], other[:MAX_SHOWN_CHARACTERS])
    return 1.1 - matcher.ratio()
