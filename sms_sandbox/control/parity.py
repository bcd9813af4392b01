"""How near the sandbox is to the real service, by method; the same for every tenant."""

from datetime import date
from typing import Literal

from msgspec import Struct

from ..api.parity import report
from ..api.parity.evidence import MEANINGS, Evidence
from ..api.parity.gaps import Gap as GapRow
from .declare import Call, operation

Mark = Literal["recorded", "documented", "clients", "assumed"]

WORDS: dict[str, Mark] = {"R": "recorded", "D": "documented", "C": "clients", "A": "assumed"}


class Gap(Struct):
    """Something that differs from the real service, which `really` does so; null is what had to be assumed."""

    what: str
    here: str
    really: str | None


class EvidenceBy(Struct):
    """What stands behind each aspect, the strongest first; of several, each behind a part of it."""

    parameters: list[Mark]
    reply: list[Mark]
    xml: list[Mark]
    refusals: list[Mark]


class MethodParity(Struct):
    """What is known of one method; `validated` is when the contract suite last recorded it from the real endpoint."""

    method: str
    group: str
    evidence: EvidenceBy
    validated: date | None
    gaps: list[Gap]


class Count(Struct):
    """How many methods have it behind them, and how many have nothing stronger behind their reply."""

    mark: Mark
    meaning: str
    methods: int
    reply: int


class Parity(Struct):
    """Counts, what differs in every call, and each method; `validated` is how many methods ever were."""

    total: int
    validated: int
    counts: list[Count]
    gaps: list[Gap]
    methods: list[MethodParity]


@operation("GET", "/parity")
def read_parity(call: Call) -> Parity:  # noqa: ARG001
    """How near the sandbox is to the real service: what stands behind each method, last validated when, known gaps."""
    rows = report.parity()
    return Parity(
        total=len(rows),
        validated=sum(each.validated is not None for each in rows),
        counts=[
            Count(WORDS[mark], meaning, report.having(mark), report.resting_on(mark))
            for mark, meaning in MEANINGS.items()
        ],
        gaps=[told(each) for each in report.of_all()],
        methods=[
            MethodParity(each.method, each.group, by_aspect(each.evidence), each.validated, list(map(told, each.gaps)))
            for each in rows
        ],
    )


def told(gap: GapRow) -> Gap:
    return Gap(gap.what, gap.here, gap.really)


def by_aspect(evidence: Evidence) -> EvidenceBy:
    return EvidenceBy(*([WORDS[mark] for mark in marks] for marks in evidence))


OPERATIONS = (read_parity,)
