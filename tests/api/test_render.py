"""Rendered responses: JSON as PHP writes it, and XML with the same content."""

import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sms_sandbox.api.render import Verbatim, read_number, to_element_name, to_json, to_xml
from tests.api.xml_values import parse_xml, read_back, to_xml_value


def spelled(value: Any) -> str:
    return to_json({"v": value}).decode()[5:-1]


# A text that PHP reads as a number is rendered as a number, in any field.


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        # The table of reference 2.3
        ("0491570126", "491570126"),
        ("0x1A", '"0x1A"'),
        ("+61491570114", "61491570114"),
        ("1,2", '"1,2"'),
        ("1e5", "100000"),
        ("", '""'),
        (" 12", "12"),
        ("12 ", '"12 "'),
        ("1.50", "1.5"),
        (".5", "0.5"),
        ("-3", "-3"),
        ("12345678901234567890", "1.2345678901234567e+19"),
        # Other rules of PHP
        ("\t\n\r\v\f7", "7"),
        ("7\n", '"7\\n"'),
        ("\u00a07", '"\\u00a07"'),
        ("- 3", '"- 3"'),
        ("--3", '"--3"'),
        ("+-3", '"+-3"'),
        ("5.", "5"),
        (".", '"."'),
        ("-.5e1", "-5"),
        ("1e", '"1e"'),
        ("e5", '"e5"'),
        ("1E+2", "100"),
        ("1e-7", "1.0e-7"),
        ("1.5e-7", "1.5e-7"),
        ("0.0001", "0.0001"),
        ("0.00001", "1.0e-5"),
        ("1e16", "10000000000000000"),
        ("1e17", "1.0e+17"),
        ("123456789012345678e3", "1.2345678901234568e+20"),
        ("9223372036854775807", "9223372036854775807"),
        ("9223372036854775808", "9.223372036854776e+18"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("1e999", '"1e999"'),
        ("-0", "0"),
        ("-0.0", "-0"),
        ("00", "0"),
        ("0b11", '"0b11"'),
        ("1_000", '"1_000"'),
        ("1 000", '"1 000"'),
        ("inf", '"inf"'),
        ("NaN", '"NaN"'),
        ("١٢", '"\\u0661\\u0662"'),
        ("²", '"\\u00b2"'),
        ("true", '"true"'),
        ("61491570157,61491570158", '"61491570157,61491570158"'),
        ("2020-06-21", '"2020-06-21"'),
        ("$14.630", '"$14.630"'),
    ],
)
def test_texts_that_are_numbers_are_rendered_as_php_does(text: str, wire: str) -> None:
    assert spelled(text) == wire
    if not wire.startswith('"'):
        assert f"<v>{wire}</v>".encode() in to_xml({"v": text})


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (2**63, "9223372036854775808"),
        (Decimal("0.08700"), "0.087"),
        (Decimal("58.05000"), "58.05"),
        (Decimal("73.954"), "73.954"),
        (Decimal("17.00000"), "17"),
        (Decimal("-1.5"), "-1.5"),
        (Decimal("0.00000"), "0"),
        (Decimal("496227.614"), "496227.614"),
        (Decimal(1000000000000), "1000000000000"),
        (Decimal("0.00049"), "0"),
        (0.1, "0.1"),
        (1e22, "1.0e+22"),
        (datetime(2020, 6, 21, 4, 47, 25, 999_999, UTC), '"2020-06-21 04:47:25"'),
        (date(2020, 7, 15), '"2020-07-15"'),
        ([], "[]"),
        ({}, "{}"),
        ([1, "2", "x"], '[1,2,"x"]'),
        ("Africa/Abidjan", '"Africa\\/Abidjan"'),
        ("https://a/b", '"https:\\/\\/a\\/b"'),
        ('say "hi" \\ there', '"say \\"hi\\" \\\\ there"'),
        ("a\nb\r\tc\b\f", '"a\\nb\\r\\tc\\b\\f"'),
        ("\x00\x1f", '"\\u0000\\u001f"'),
        ("é", '"\\u00e9"'),
        ("😀", '"\\ud83d\\ude00"'),
        ("<&'>", '"<&\'>"'),
        (Verbatim("0491570007"), '"0491570007"'),
    ],
)
def test_values_are_rendered_in_json(value: Any, wire: str) -> None:
    assert spelled(value) == wire


def test_json_is_compact_and_keeps_the_order_of_keys() -> None:
    reply = {"b": 1, "a": {"d/e": None, "c": [{"z": 1}, {"y": 2}]}}
    assert to_json(reply) == b'{"b":1,"a":{"d\\/e":null,"c":[{"z":1},{"y":2}]}}'


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes"])
def test_a_value_that_cannot_be_rendered_is_an_error(value: Any) -> None:
    for spell in (to_json, to_xml):
        with pytest.raises(TypeError, match="cannot render"):
            spell({"v": value})


# XML


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        (None, "<v/>"),
        ("", "<v/>"),
        ([], "<v/>"),
        ({}, "<v/>"),
        (True, "<v>true</v>"),
        (False, "<v>false</v>"),
        (0, "<v>0</v>"),
        ("0491570126", "<v>491570126</v>"),
        (Decimal("0.087"), "<v>0.087</v>"),
        (datetime(2020, 6, 21, 4, 47, 25, tzinfo=UTC), "<v>2020-06-21 04:47:25</v>"),
        ([4213644, 7], "<v><item>4213644</item><item>7</item></v>"),
        ([{"name": "Email", "value": ""}], "<v><item><name>Email</name><value/></item></v>"),
        ({"opt-outs": 0, "custom_4": "x"}, "<v><opt-outs>0</opt-outs><custom_4>x</custom_4></v>"),
        ('it\'s <b> & "c" / d', '<v>it\'s &lt;b&gt; &amp; "c" / d</v>'),
        ("a\nb", "<v>a\nb</v>"),
        ("a\r\nb", "<v>a&#13;\nb</v>"),
        ("bell \x07", "<v>bell \ufffd</v>"),
        ("é 😀", "<v>é 😀</v>"),
        (Verbatim("0491570007"), "<v>0491570007</v>"),
        ({"fails": [], "optouts": [Verbatim("614")]}, "<v><fails/><optouts><item>614</item></optouts></v>"),
    ],
)
def test_values_are_rendered_in_xml(value: Any, wire: str) -> None:
    assert to_xml({"v": value}).decode() == f'<?xml version="1.0"?>\n<response>{wire}</response>\n'


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("Email", "Email"),
        ("Post Code", "Post_Code"),
        ("2nd phone", "_2nd_phone"),
        ("-x", "_-x"),
        (".x", "_.x"),
        ("", "_"),
        ("a.b-c_d1", "a.b-c_d1"),
        ("a:b", "a_b"),
        ("Größe", "Größe"),
        ("Élan", "Élan"),
        ("名前", "名前"),
        ("Имя", "Имя"),
        ("<x>", "_x_"),
        ("😀", "_"),
        ("²", "_"),
    ],
)
def test_keys_become_names_of_elements(key: str, name: str) -> None:
    assert to_element_name(key) == name


@given(st.text(max_size=20))
def test_every_key_makes_a_name_that_can_be_read(key: str) -> None:
    name = to_element_name(key)
    assert parse_xml(to_xml({key: 1}))[0].tag == name
    assert to_element_name(name) == name


# The XML, parsed again, has the values of the JSON.

TEXTS = st.text(max_size=15) | st.text(st.sampled_from("0123456789+-.eE \t"), max_size=8) | st.sampled_from(
    ["\x00", "\ud800", "\ufffe", "\r\n", "]]>", "<![CDATA[", "&amp;", "a" * 200]
)  # fmt: skip
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXTS | TEXTS.map(Verbatim)
    | st.decimals(-(10**9), 10**9, places=3) | st.datetimes(timezones=st.just(UTC)) | st.dates()
)  # fmt: skip
KEYS = st.from_regex(r"[a-z_][a-z0-9_\-]{0,8}", fullmatch=True)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=12
)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
@example({"a": "\r", "b": " 1", "c": {"d": [[], {}, None, ""]}})
def test_parsed_xml_has_the_values_of_the_json(reply: dict[str, Any]) -> None:
    from_json = json.loads(to_json(reply))
    document = to_xml(reply)
    assert document.startswith(b'<?xml version="1.0"?>\n<response')
    root = parse_xml(document)
    assert root.tag == "response"
    assert read_back(root, from_json) == to_xml_value(from_json)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_json_is_ascii_and_keeps_keys_and_kinds(reply: dict[str, Any]) -> None:
    spelling = to_json(reply).decode("ascii")
    assert not re.search(r"(?<!\\)(\\\\)*/", spelling)
    parsed = json.loads(spelling)
    assert list(parsed) == list(reply)
    for key, value in reply.items():
        if isinstance(value, Verbatim) or value is None or isinstance(value, bool | int):
            assert parsed[key] == value


# The rule of numbers in another notation. Any other text stays a text, and a number keeps its value.

PHP_NUMBER = re.compile(r"^[ \t\n\r\v\f]*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\Z")


@given(TEXTS)
def test_a_text_is_a_number_exactly_if_php_reads_it_as_one(text: str) -> None:
    value = read_number(text)
    if value is None:
        assert not PHP_NUMBER.match(text) or float(text) in (float("inf"), float("-inf"))
        assert json.loads(spelled(text)) == text
    else:
        assert PHP_NUMBER.match(text)
        assert value == (int(text) if re.fullmatch(r"\s*[+-]?[0-9]{1,18}", text) else float(text))
        assert json.loads(spelled(text)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_keep_their_value(number: float) -> None:
    wire = spelled(number)
    assert float(wire) == number
    assert "+" not in wire or re.fullmatch(r"-?\d\.\d+e[+-]\d+", wire)
