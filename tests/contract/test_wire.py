"""The checks of answers, with one error at a time."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from contract_tests.shape_check import KINDS, is_numeric, shape_problems
from contract_tests.shapes import SHAPES, Either, Named
from contract_tests.wire import CONTENT_TYPES, Answer, as_xml, read_xml, refusal_problems, success_problems

OK = {"code": "SUCCESS", "description": "OK"}
LISTS = {
    "page": {"count": 1, "number": 1},
    "lists_total": 1,
    "lists": [
        {"id": 7, "name": "a/b", "created": "2020-05-14 03:42:31", "members_active": 3, "fields": {"field_1": "City"},
         "members_total": 5}
    ],
    "error": OK,
}  # fmt: skip
REFUSED = {"error": {"code": "NOT_FOUND", "description": "Message with this ID does not exist"}}


def spelled(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/").encode()


def answer(value: Any, method: str = "get-lists", status: int = 200, **more: Any) -> Answer:
    body = value if isinstance(value, bytes) else spelled(value)
    fmt = more.get("fmt", "json")
    return Answer(method, fmt, status, {"content-type": more.get("type", CONTENT_TYPES[fmt])}, body)


def changed(change: Callable[[Any], Any]) -> Any:
    copy = json.loads(json.dumps(LISTS))
    change(copy)
    return copy


def moved(key: str) -> Callable[[Any], None]:
    return lambda payload: payload.update({key: payload.pop(key)})


def row(**values: Any) -> Callable[[Any], None]:
    return lambda payload: payload["lists"][0].update(values)


def test_a_good_answer_has_no_problems() -> None:
    assert list(success_problems(answer(LISTS))) == []
    assert list(refusal_problems(answer(REFUSED, "get-sms", 400), "NOT_FOUND")) == []


MUTATIONS: dict[str, Callable[[Any], Any]] = {
    "a key is missing": lambda payload: payload["lists"][0].pop("created"),
    "a key too many": row(extra=1),
    "keys in another order": lambda payload: payload.update(
        lists_total=payload.pop("lists_total"), error=payload.pop("error")
    ),
    "error is not last": moved("page"),
    "a number in quotes": row(id="7"),
    "a text that is a number, in quotes": row(name="0042"),
    "a number for a date": row(created=7),
    "a date of another form": row(created="2020-05-14T03:42:31Z"),
    "null for a number": row(id=None),
    "null for a text": row(name=None),
    "an empty object for fields": row(fields={}),
    "a boolean for a number": row(members_active=True),
    "an empty array of items": lambda payload: payload.update(lists=[], error=payload.pop("error")),
    "null for items": lambda payload: payload.update(lists=None, error=payload.pop("error")),
    "another description of success": lambda payload: payload.update(error={"code": "SUCCESS", "description": "Ok"}),
    "a third key of the error block": lambda payload: payload.update(error={**OK, "header": 200}),
}


@pytest.mark.parametrize("way", MUTATIONS)
def test_each_mutation_of_a_success_is_a_problem(way: str) -> None:
    assert list(success_problems(answer(changed(MUTATIONS[way]))))


SPELLINGS = {
    "white space": json.dumps(LISTS).replace("/", "\\/").encode(),
    "a bare slash": json.dumps(LISTS, separators=(",", ":")).encode(),
    "a line feed behind": spelled(LISTS) + b"\n",
    "bare UTF-8": spelled(LISTS).replace(b"a\\/b", "é".encode()),
    "capital hex": spelled(LISTS).replace(b"a\\/b", b"\\u00E9"),
    "a key twice": spelled(LISTS).replace(b'"lists_total":1', b'"lists_total":1,"lists_total":1'),
    "no JSON": b"<response/>",
    "nothing": b"",
}


@pytest.mark.parametrize("way", SPELLINGS)
def test_json_has_one_spelling(way: str) -> None:
    assert list(success_problems(answer(SPELLINGS[way])))


def test_texts_may_contain_any_characters() -> None:
    for name in ("a b\tc", "\\", 'quoted "/', "\\\\/", "é漢\U0001f600", "\\u00E9", "a\n"):
        assert list(success_problems(answer(changed(row(name=name))))) == [], name


def test_status_and_content_type_are_checked() -> None:
    assert list(success_problems(answer(LISTS, status=201)))
    assert list(success_problems(answer(LISTS, type="application/json")))
    assert list(success_problems(answer(LISTS, type="text/xml; charset=utf-8")))


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        (REFUSED, 200),
        (REFUSED, 404),
        (LISTS, 400),
        ({"page": 1, **REFUSED}, 400),
        ({"error": {"code": "NO_ACCESS", "description": "x"}}, 400),
        ({"error": {"description": "x", "code": "NOT_FOUND"}}, 400),
        ({"error": "NOT_FOUND"}, 400),
        ([], 400),
    ],
)
def test_each_mutation_of_a_refusal_is_a_problem(payload: Any, status: int) -> None:
    assert list(refusal_problems(answer(payload, "get-sms", status), "NOT_FOUND"))


XML = (
    b'<?xml version="1.0"?>\n<response><balance>12.5</balance><currency>AUD</currency>'
    b"<error><code>SUCCESS</code><description>OK</description></error></response>"
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"", b""),
        (b'<?xml version="1.0"?>\n', b""),
        (b"12.5", b"12.50"),
        (b"12.5", b""),
        (b"12.5", b"<item>1</item>"),
        (b"response>", b"answer>"),
        (b"<currency>AUD</currency>", b""),
        (b"<currency>AUD</currency>", b"<currency>AUD</currency><currency>AUD</currency>"),
        (XML, b'{"balance":1,"currency":"AUD","error":{"code":"SUCCESS","description":"OK"}}'),
    ],
)
def test_xml_is_checked_as_closely(old: bytes, new: bytes) -> None:
    problems = list(success_problems(answer(XML.replace(old, new) if old else XML, "get-balance", fmt="xml")))
    assert bool(problems) is bool(old)


def test_xml_has_the_values_of_json() -> None:
    payload = {"a b": [1, {"x": None}], "2": True, "t": "", "f": [], "n": "x<y"}
    assert as_xml(payload) == {"a_b": ["1", {"x": ""}], "_2": "true", "t": "", "f": "", "n": "x<y"}
    spelt = b"<response><a><item>1</item><item><x/></item></a><b>x&lt;y</b></response>"
    assert read_xml(spelt) == {"a": ["1", {"x": ""}], "b": "x<y"}


@pytest.mark.parametrize("text", ["0", "-3", "1.50", ".5", "1e5", "+614", " 12", "0491570126"])
def test_texts_that_php_reads_as_numbers_are_numeric(text: str) -> None:
    assert is_numeric(text)


@pytest.mark.parametrize("text", ["", "12 ", "0x1A", "1,2", "1 2", "e5", "--1", "٣"])
def test_other_texts_are_not_numeric(text: str) -> None:
    assert not is_numeric(text)


GOOD: dict[str, tuple[list[Any], list[Any]]] = {
    "int": ([0, -1, 61491570156], [True, 1.5, "1", None]),
    "text": (["a", "", 42], ["42", None, True, [], "1e5"]),
    "word": (["AUD"], ["", 1, None]),
    "moment": (["2020-06-21 04:47:25"], ["2020-06-21", "2020-06-21T04:47:25Z", "2020-13-41 99:99:99", 1, None]),
    "minute": (["2020-06-21 04:47:00"], ["2020-06-21 04:47:25"]),
    "day": (["2020-06-21"], ["2020-06-21 04:47:25", None]),
    "standing": (["$14.630", "$-1.000"], ["$14.63", 14.63, "14.630"]),
    "bool": ([True, False], ["true", 1, None]),
    "true": ([True], [False, "OK"]),
    "null": ([None], ["", 0, []]),
    "none": ([[]], [{}, None, ""]),
}


@pytest.mark.parametrize("kind", GOOD)
def test_each_kind_accepts_and_refuses_its_values(kind: str) -> None:
    good, bad = GOOD[kind]
    for value in good:
        assert list(shape_problems(value, kind, False)) == [], value
    for value in bad:
        assert list(shape_problems(value, kind, False)), value


def test_every_kind_has_its_test() -> None:
    assert set(KINDS) == {*GOOD, "money"}


def test_money_has_at_most_three_decimals_and_no_zeros_behind() -> None:
    def balance(text: str) -> list[str]:
        body = b'{"balance":' + text.encode() + b',"currency":"AUD","error":{"code":"SUCCESS","description":"OK"}}'
        return list(success_problems(answer(body, "get-balance")))

    for good in ("0", "17", "0.087", "-1.5", "58.05"):
        assert balance(good) == []
    for bad in ("0.0871", "1.50", "25.0", '"17"', "null", "1e2"):
        assert balance(bad), bad


def test_shapes_use_only_known_kinds() -> None:
    def check(shape: Any) -> None:
        if isinstance(shape, str):
            assert set(shape.split("|")) <= set(KINDS), shape
        elif isinstance(shape, Either):
            for item in shape.shapes:
                check(item)
        elif isinstance(shape, Named):
            check(shape.values)
        elif isinstance(shape, dict):
            for item in shape.values():
                check(item)
        elif isinstance(shape, list):
            assert len(shape) == 1
            check(shape[0])
        else:
            assert all(isinstance(item, str) for item in shape)

    for shape in SHAPES.values():
        check(shape)
