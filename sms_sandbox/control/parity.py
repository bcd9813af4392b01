"""The operation that compares the sandbox with the real service. The answer is the same for every tenant."""

from ..api.parity import evidence, gaps, report
from .conversion import shape_of
from .declare import Call, operation
from .shapes import parity as shapes

MARKS: dict[str, shapes.Mark] = {
    "L": "logged", "R": "recorded", "D": "documented", "C": "clients", "A": "assumed",
}  # fmt: skip


@operation("GET", "/parity")
def read_parity(call: Call) -> shapes.Parity:  # noqa: ARG001
    """Compare the sandbox with the real service: for each method the evidence, last validation and known gaps."""
    rows = report.list_parity()
    return shapes.Parity(
        total=len(rows),
        validated=sum(row.validated is not None for row in rows),
        counts=[
            shapes.EvidenceCount(MARKS[mark], meaning, report.count_having(mark), report.count_resting_on(mark))
            for mark, meaning in evidence.MEANINGS.items()
        ],
        gaps=[_gap(gap) for gap in report.list_general_gaps()],
        methods=[
            shape_of(shapes.MethodParity, row, evidence=_evidence(row.evidence), gaps=[_gap(gap) for gap in row.gaps])
            for row in rows
        ],
    )


def _gap(gap: gaps.Gap) -> shapes.Gap:
    return shape_of(shapes.Gap, gap)


def _evidence(marks: evidence.Evidence) -> shapes.Evidence:
    return shapes.Evidence(*([MARKS[mark] for mark in aspect] for aspect in marks))


OPERATIONS = (read_parity,)
