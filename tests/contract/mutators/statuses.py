"""Mutators of statuses and formats."""

from dataclasses import replace

from tests.contract.exchanges import Answer, Mutator
from tests.contract.mutators.combinators import change_answers, change_requests, code_of


def replace_status(status: int, code: str = "") -> Mutator:
    """Change the status of all refusals, or of those with one code."""

    def change(answer: Answer) -> Answer:
        answer_code = code_of(answer)
        matches = answer_code == code if code else answer_code not in ("", "SUCCESS")
        return replace(answer, status=status, reason="Mutated") if matches else answer

    return change_answers(change)


def replace_format(wanted: str, given: str) -> Mutator:
    """Answer calls for one format in another."""
    return change_requests(lambda request: request.with_target(request.line[1].replace(f".{wanted}", f".{given}", 1)))


def replace_content_type(kind: str, only: str) -> Mutator:
    return change_answers(
        lambda answer: answer.with_header("content-type", kind) if only in answer.header("content-type") else answer
    )
