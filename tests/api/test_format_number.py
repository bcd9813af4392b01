"""format-number: valid numbers and their international form."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from sms_sandbox.store.database import Store
from tests.conftest import Caller
from tests.databases import empty_store

KEYS = ["countrycode", "nationalnumber", "national_leading_zeroes", "rawinput", "international", "type", "isValid"]


@pytest.fixture
def store(sqlite: Engine) -> Iterator[Store]:
    """The method asks nothing of the database."""
    with empty_store(sqlite) as opened:
        yield opened


def test_the_answer_has_the_documented_keys(call: Caller) -> None:
    answer = call.http.get("/format-number.json?msisdn=91234567&countrycode=sg")
    assert answer.text == (
        '{"number":{"countrycode":65,"nationalnumber":91234567,"national_leading_zeroes":91234567,"rawinput":null,'
        '"international":6591234567,"type":1,"isValid":true},"error":{"code":"SUCCESS","description":"OK"}}'
    )
    as_xml = call.http.get("/format-number.xml?msisdn=91234567&countrycode=sg").text
    assert (
        "<rawinput/><international>6591234567</international><type>1</type><isValid>true</isValid></number>" in as_xml
    )


@pytest.mark.parametrize(
    ("msisdn", "country", "expected"),
    [
        ("0491570126", "AU", (61, 491570126, 61491570126, 1, True)),
        ("0491 570-126", "au", (61, 491570126, 61491570126, 1, True)),
        ("(0491) 570 126", "Australia", (61, 491570126, 61491570126, 1, True)),
        ("+61491570126", "NZ", (61, 491570126, 61491570126, 1, True)),
        ("61491570126", "AU", (61, 491570126, 61491570126, 1, True)),
        ("0292345678", "AU", (61, 292345678, 61292345678, 0, True)),
        ("1800123456", "AU", (61, 1800123456, 611800123456, 3, True)),
        ("2025550143", "US", (1, 2025550143, 12025550143, 2, True)),
        ("12345", "AU", (61, 12345, 6112345, 10, False)),
        ("7777777777", "AU", (61, 7777777777, 617777777777, 10, False)),
        ("049157012", "AU", (61, 49157012, 6149157012, 10, False)),
        ("0612345678", "IT", (39, 612345678, 390612345678, 0, True)),
    ],
)
def test_numbers_are_read_with_their_country(
    call: Caller, msisdn: str, country: str, expected: tuple[Any, ...]
) -> None:
    number = call.ok("format-number", msisdn=msisdn, countrycode=country)["number"]
    code, national, international, kind, valid = expected
    assert list(number.items()) == list(
        zip(KEYS, [code, national, national, None, international, kind, valid], strict=True)
    )


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({}, "Required field 'msisdn' is empty"),
        ({"countrycode": "AU"}, "Required field 'msisdn' is empty"),
        ({"msisdn": "  ", "countrycode": "AU"}, "Required field 'msisdn' is empty"),
        ({"msisdn": "0491570126"}, "Required field 'countrycode' is empty"),
    ],
)
def test_missing_parameters_are_refused(call: Caller, params: dict[str, str], sentence: str) -> None:
    assert call.refused("format-number", **params) == ("FIELD_EMPTY", sentence)


@pytest.mark.parametrize(
    ("msisdn", "country"),
    [("nonsense", "AU"), ("+", "AU"), ("1", "AU"), ("0491570126", "Atlantis"), ("0491570126", "XX"), ("9" * 256, "AU")],
)
def test_text_that_is_not_a_number_is_invalid(call: Caller, msisdn: str, country: str) -> None:
    assert call.refused("format-number", msisdn=msisdn, countrycode=country) == (
        "FIELD_INVALID",
        "Field has invalid format (see proper format in the description).",
    )
