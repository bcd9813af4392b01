"""Ways to be wrong about statuses and formats."""

from dataclasses import replace

from tests.contract.exchanges import Answer, Spoil
from tests.contract.mutators.combinators import answers, asked, code_of


def with_status(status: int, code: str = "") -> Spoil:
    """Another status for refusals, or for those of one code."""

    def change(answer: Answer) -> Answer:
        found = code_of(answer)
        is_meant = found == code if code else found not in ("", "SUCCESS")
        return replace(answer, status=status, reason="Whatever") if is_meant else answer

    return answers(change)


def in_format(wanted: str, given: str) -> Spoil:
    """Answer calls for one format in the other."""
    return asked(lambda request: request.with_target(request.line[1].replace(f".{wanted}", f".{given}", 1)))


def with_content_type(kind: str, only: str) -> Spoil:
    return answers(
        lambda answer: answer.with_header("content-type", kind) if only in answer.header("content-type") else answer
    )
