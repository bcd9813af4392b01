"""The table at the end of a run: the result of each test, and the counts of each method."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

STATES = {"of": "fresh", "stale": "stale", "missing": "missing"}
"""The first word of a recording's state, and its name in the table."""


@dataclass(frozen=True)
class Outcome:
    """The result of a test."""

    test: str
    methods: Sequence[str]
    result: str
    why: str


def table(outcomes: Sequence[Outcome], recordings: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines: the tests of each method, the counts of all methods, and the age of the recordings."""
    by_method: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        method = outcome.methods[0] if len(outcome.methods) == 1 else "several methods"
        by_method.setdefault(method, []).append(outcome)
    for method in sorted(by_method, key=lambda name: (name == "several methods", name)):
        yield method
        for outcome in sorted(by_method[method], key=lambda outcome: (outcome.result, outcome.test)):
            yield f"  {outcome.result:8} {outcome.test}{f': {outcome.why}' if outcome.why else ''}"
    yield ""
    yield f"{'method':28}{'proven':>8}{'skipped':>9}{'failed':>8}  recordings"
    for method in sorted({name for outcome in outcomes for name in outcome.methods}):
        yield _row(method, [outcome for outcome in outcomes if method in outcome.methods], recordings)
    yield _row("all", outcomes, recordings)
    yield from _recording_lines(recordings)


def _row(name: str, outcomes: Sequence[Outcome], recordings: Mapping[str, str]) -> str:
    counts = Counter(outcome.result for outcome in outcomes)
    states = Counter(recordings[outcome.test].partition(" ")[0].rstrip(",") for outcome in outcomes)
    ages = ", ".join(f"{states[key]} {word}" for key, word in STATES.items() if states[key])
    return f"{name:28}{counts['proven']:>8}{counts['skipped']:>9}{counts['FAILED']:>8}  {ages}"


def _recording_lines(recordings: Mapping[str, str]) -> Iterator[str]:
    missing = sum(state == "missing" for state in recordings.values())
    stale = {test: state for test, state in recordings.items() if state.startswith("stale")}
    if missing:
        yield f"{missing} of {len(recordings)} tests have never been recorded against the real endpoint."
    for test, state in sorted(stale.items()):
        yield f"The recording of {test} is {state}."
