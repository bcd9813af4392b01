"""Observed shapes: without values, merged, compared and recorded."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from contract_tests.observed_shapes import (
    STALE_AFTER_DAYS,
    Difference,
    Recordings,
    ShapeObserver,
    answer_differences,
    differences,
    merge,
    tree_of,
)
from contract_tests.run import RECORDED
from contract_tests.shapes import SHAPES
from contract_tests.wire import CONTENT_TYPES, Answer, as_xml
from sms_sandbox.docs_generator import parity
from tests.contract.endpoint import HIDDEN, MOMENT

CONTACT: dict[str, Any] = {
    "list_id": 7654321, "msisdn": HIDDEN["number"], "first_name": HIDDEN["name"], "last_name": None,
    "created_at": MOMENT, "status": "active", "fields": {str(HIDDEN["field"]): "hidden value", "Other": 1234567},
}  # fmt: skip
TREE = {
    "list_id": "int", "msisdn": "int", "first_name": "text", "last_name": "null", "created_at": "moment",
    "status": "active", "fields": {"*": "text"},
}  # fmt: skip


def test_a_tree_has_keys_and_kinds_and_no_values() -> None:
    assert tree_of(CONTACT, SHAPES["get-contact"], False) == TREE


@pytest.mark.parametrize("is_xml", [False, True])
@pytest.mark.parametrize("is_loose", [False, True])
@pytest.mark.parametrize(
    "value",
    [
        CONTACT,
        {**CONTACT, "fields": {HIDDEN["field"]: ["hidden value"], "More": {"hidden": 7654321}}},
        {**CONTACT, str(HIDDEN["name"]): "hidden value", "k7654321": 1},
        {**CONTACT, "status": "hidden value", "created_at": "hidden value", "msisdn": ["hidden value"]},
        {**CONTACT, "list_id": {HIDDEN["name"]: HIDDEN["number"]}},
    ],
)
def test_nothing_of_the_account_gets_into_a_tree(value: Any, is_loose: bool, is_xml: bool) -> None:
    variables = as_xml(value) if is_xml else value
    kept = json.dumps(tree_of(variables, SHAPES["get-contact"], is_xml, is_loose))
    for hidden in (*map(str, HIDDEN.values()), "hidden value", "7654321", "Hidden"):
        assert hidden not in kept
    assert "2020" not in kept


def test_an_undeclared_key_is_kept_by_name() -> None:
    assert tree_of({"success": "OK", "new_key": 1}, SHAPES["cancel-sms"], False) == {"success": "OK", "new_key": "int"}


def test_a_loose_tree_is_as_open_as_its_shape() -> None:
    loose = tree_of({**CONTACT, "first_name": None}, SHAPES["get-contact"], False, is_loose=True)
    assert loose["first_name"] == "text|null"
    assert loose["status"] == "active/inactive"
    assert "fields?" in loose


def test_shapes_are_merged() -> None:
    assert merge({"a": "int", "c": "null"}, {"a": "int", "b": "text", "c": "text"}) == {
        "a": "int", "b?": "text", "c": "null|text",
    }  # fmt: skip
    assert merge([{"a": "int"}], [{"a?": "int", "b": "int"}]) == [{"a?": "int", "b?": "int"}]
    assert merge([], ["int"]) == ["int"]
    assert merge(None, "int") == "int"
    assert list(merge({"a": "int", "c": "int"}, {"b": "int", "a": "int"})) == ["b?", "a", "c?"]


SAME: list[tuple[Any, Any]] = [
    (TREE, TREE),
    ("null|text", "text"),
    ({"a": "int"}, {"a": "int", "b?": "int"}),
    ([], [{"a": "int"}]),
]
UNLIKE: list[tuple[Any, Any, str]] = [
    ({"a": "int"}, {"a": "text"}, ".a"),
    ({"a": "null"}, {"a": "text"}, ".a"),
    ({"a": "int"}, {}, ".a"),
    ({}, {"a": "int"}, ".a"),
    ({"a": "int", "b": "int"}, {"b": "int", "a": "int"}, "."),
    ([{"a": "int"}], [{"a": "text"}], "[].a"),
    ({"a": {"b": "int"}}, {"a": []}, ".a"),
    ({"a": "none"}, {"a": {"*": "text"}}, ".a"),
]


@pytest.mark.parametrize(("this", "that"), SAME)
def test_compatible_trees_are_no_difference(this: Any, that: Any) -> None:
    assert list(differences(this, that)) == []
    assert list(differences(that, this)) == []


@pytest.mark.parametrize(("this", "that", "path"), UNLIKE)
def test_contradictions_are_differences(this: Any, that: Any, path: str) -> None:
    assert [item.path for item in differences(this, that)] == [path]
    assert [item.path for item in differences(that, this)] == [path]


def test_a_difference_shows_both_sides() -> None:
    assert list(differences({"a": {"b": "int"}}, {"a": {"b": "null"}})) == [Difference(".a.b", "int", "null")]


def answer(payload: Any, status: int = 200) -> Answer:
    return Answer("get-contact", "json", status, {"content-type": CONTENT_TYPES["json"]}, json.dumps(payload).encode())


def test_the_observer_keeps_answers_by_test_and_code() -> None:
    observer = ShapeObserver()
    observer.observe(answer({"error": {"code": "SUCCESS", "description": "OK"}}))
    observer.begin("test_x", is_loose=False)
    observer.observe(answer({**CONTACT, "error": {"code": "SUCCESS", "description": "OK"}}))
    observer.observe(
        answer({"error": {"code": "OPTOUT", "description": "The recipient provided was previously opted out"}}, 400)
    )
    observer.observe(answer({"error": {"code": "OPTOUT", "description": "of its own"}}, 400))
    seen = observer.end()
    assert seen == {
        "get-contact.json 200 SUCCESS": TREE,
        "get-contact.json 400 OPTOUT": {"error.description": "documented|word"},
    }
    assert observer.observed == {"test_x": seen}


def test_runs_differ_in_answers_only_one_of_them_had() -> None:
    one: dict[str, Any] = {"a.json 400 NOT_FOUND": {}}
    other: dict[str, Any] = {"a.json 400 NO_ACCESS": {}}
    assert [path for path, _ in answer_differences(one, other)] == ["a.json 400 NOT_FOUND", "a.json 400 NO_ACCESS"]


def test_recordings_are_kept_and_read(tmp_path: Path) -> None:
    recordings, seen = Recordings(tmp_path / "recorded"), {"get-contact.json 200 SUCCESS": TREE}
    assert recordings.read("test_x[a b/c]") is None
    recordings.write("test_x[a b/c]", seen, date(2026, 1, 31))
    assert recordings.read("test_x[a b/c]") == (date(2026, 1, 31), seen)
    (file,) = (tmp_path / "recorded").iterdir()
    kept = json.loads(file.read_text())
    assert kept["methods"] == ["get-contact"]
    assert kept["date"] == "2026-01-31"


def test_the_page_on_parity_reads_recordings_as_they_are_written(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path)
    for test, day in {"test_x": 1, "test_y": 31}.items():
        recordings.write(test, {"get-contact.json 200 SUCCESS": TREE}, date(2026, 1, day))
    assert json.loads(parity.build_validated(tmp_path)) == {"get-contact": "2026-01-31"}


def test_every_recording_is_complete() -> None:
    for file in RECORDED.glob("*.json"):
        kept = json.loads(file.read_text())
        assert set(kept) == {"test", "date", "methods", "answers"}
        assert date.fromisoformat(kept["date"]) <= date.today() + timedelta(days=1)  # noqa: DTZ011
    assert STALE_AFTER_DAYS == 180
