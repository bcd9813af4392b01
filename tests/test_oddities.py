"""The page on oddities: each has its evidence, and pages that clients read first lead to it."""

import re
from pathlib import Path

import pytest

from sms_sandbox.api.parity.evidence import MEANINGS

ROOT = Path(__file__).parents[1]
ROWS = [
    re.split(r"(?<!\\) \| ", line.strip("| "))
    for line in (ROOT / "docs" / "oddities.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith("| What you see")
]


def test_the_page_lists_many_oddities() -> None:
    assert len(ROWS) >= 20
    assert len({row[0] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_each_oddity_has_its_evidence(row: list[str]) -> None:
    seen, why, evidence = row
    marks, _, sections = evidence.partition(", ")
    assert seen
    assert why
    assert set(marks.split()) <= MEANINGS.keys()
    assert re.fullmatch(r"\d+\.\d+(, \d+\.\d+)*", sections), sections


@pytest.mark.parametrize("page", ["README.md", "docs/README.md", "docs/methods.md"])
def test_the_page_is_linked(page: str) -> None:
    assert re.search(r"\]\((docs/)?oddities\.md\)", (ROOT / page).read_text())
