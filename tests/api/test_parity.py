"""The evidence for each method: as strong as the recordings, no stronger, with gaps where it is assumed."""

import json
from collections import defaultdict
from pathlib import Path

import pytest

from sms_sandbox.api.parity import gaps
from sms_sandbox.api.parity.evidence import EVIDENCE, MEANINGS, Evidence
from sms_sandbox.api.parity.report import (
    count_having,
    count_resting_on,
    list_general_gaps,
    list_parity,
    load_validation_dates,
)


@pytest.mark.parametrize("name", EVIDENCE)
def test_each_aspect_has_marks_the_strongest_first(name: str) -> None:
    for marks in EVIDENCE[name]:
        assert marks
        assert marks == "".join(mark for mark in MEANINGS if mark in marks)


def test_a_recorded_answer_is_marked_as_recorded(exchanges: Path) -> None:
    """Every captured response has its mark. Marks may say more: the reference knows of some that it does not show."""
    seen: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for line in exchanges.read_text().splitlines():
        each = json.loads(line)
        mark = "R" if each["source"] == "recorded-2015" else "D"
        aspect = "xml" if each["format"] == "xml" else "reply" if each["status"] == 200 else "refusals"
        seen[each["method"]].add((aspect, mark))
    for method, marks in seen.items():
        for aspect, mark in marks:
            assert mark in getattr(EVIDENCE[method], aspect), (method, aspect)
    in_xml = {method for method, marks in seen.items() if ("xml", "D") in marks}
    assert in_xml == {method for method, evidence in EVIDENCE.items() if "D" in evidence.xml}


def test_the_marks_of_a_method_are_those_of_its_parameters_and_reply() -> None:
    assert Evidence("RC", "DA", "A", "A").marks == "RDCA"


def test_counts_of_evidence_add_up() -> None:
    assert sum(map(count_resting_on, MEANINGS)) == len(EVIDENCE)
    assert all(count_having(mark) >= count_resting_on(mark) for mark in MEANINGS)


@pytest.mark.parametrize("name", [name for name, each in EVIDENCE.items() if each.reply == "A"])
def test_a_method_with_an_assumed_reply_has_a_gap_for_it(name: str) -> None:
    own = next(each for each in list_parity() if each.method == name)
    assert any(name in gap.what for gap in own.gaps)


def test_gaps_are_unique_and_name_real_methods() -> None:
    table = gaps.load_gaps()
    assert len({gap.what for gap in table}) == len(table)
    assert all(gap.why for gap in table if gap.really)
    assert {gap.what for gap in list_general_gaps()} >= {"Order of checks", "Throttle window"}


def test_a_gap_of_no_method_is_an_error() -> None:
    with pytest.raises(ValueError, match="'It' names unknown methods: send-mms"):
        gaps.expand_methods(
            {"what": "It", "methods": ["send-mms", "pair"]}, {"groups": {"pair": ["add-list", "get-list"]}}
        )


def test_only_methods_are_validated() -> None:
    assert set(load_validation_dates()) <= set(EVIDENCE)
