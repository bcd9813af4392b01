"""The table a run ends with: what was proven, skipped and why, and failed, for each method and each test."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

STATES = {"of": "fresh", "stale": "stale", "missing": "missing"}
"""First words of what is said of a recording, and what the table calls it."""


@dataclass(frozen=True)
class Outcome:
    """What became of a test."""

    test: str
    methods: Sequence[str]
    result: str
    why: str


def table(outcomes: Sequence[Outcome], recordings: Mapping[str, str]) -> Iterator[str]:
    """Lines: tests below the method they are about, then all methods, then how old the recordings are."""
    by_method: dict[str, list[Outcome]] = {}
    for each in outcomes:
        by_method.setdefault(each.methods[0] if len(each.methods) == 1 else "several methods", []).append(each)
    for method in sorted(by_method, key=lambda name: (name == "several methods", name)):
        yield method
        for each in sorted(by_method[method], key=lambda one: (one.result, one.test)):
            yield f"  {each.result:8} {each.test}{f': {each.why}' if each.why else ''}"
    yield ""
    yield f"{'method':28}{'proven':>8}{'skipped':>9}{'failed':>8}  recordings"
    for method in sorted({name for each in outcomes for name in each.methods}):
        yield _row(method, [each for each in outcomes if method in each.methods], recordings)
    yield _row("all", outcomes, recordings)
    yield from _of_recordings(recordings)


def _row(name: str, outcomes: Sequence[Outcome], recordings: Mapping[str, str]) -> str:
    counts = Counter(each.result for each in outcomes)
    states = Counter(recordings[each.test].partition(" ")[0].rstrip(",") for each in outcomes)
    said = ", ".join(f"{states[key]} {word}" for key, word in STATES.items() if states[key])
    return f"{name:28}{counts['proven']:>8}{counts['skipped']:>9}{counts['FAILED']:>8}  {said}"


def _of_recordings(recordings: Mapping[str, str]) -> Iterator[str]:
    missing = sum(state == "missing" for state in recordings.values())
    stale = {test: state for test, state in recordings.items() if state.startswith("stale")}
    if missing:
        yield f"{missing} of {len(recordings)} tests have never been recorded against the real endpoint."
    for test, state in sorted(stale.items()):
        yield f"The recording of {test} is {state}."
