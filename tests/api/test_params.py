"""Parameter values and what they are read as, in tables."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.api.custom_fields import FieldValues, Slots
from sms_sandbox.api.errors import ApiError, Code
from sms_sandbox.api.params import (
    MAX_INTEGER,
    Choice,
    Country,
    Email,
    Flag,
    Handset,
    Id,
    Integer,
    PageAndMax,
    Param,
    Text,
    Url,
    Words,
)
from sms_sandbox.api.timestamps import LastMoment, Timestamp
from sms_sandbox.store.paging import UNSIZED, Paging

GENERIC = Code.FIELD_INVALID.text
NOT_NUMERIC = 'Field "x" has wrong type, expected type - numeric'


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


COLOURS = Choice("doc", words=("red", "green"))
LENIENT = Choice("doc", words=("array",), lenient=True)


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        (Param("doc"), " as it is ", "as it is"),
        (Text("doc", max_length=3), "abc", "abc"),
        (Text("doc", max_length=3), " abc ", "abc"),
        (Text("doc", max_length=5, trimmed=False), " abc ", " abc "),
        (Text("doc", trimmed=False), " ", " "),
        (Integer("doc"), "0", 0),
        (Integer("doc"), " 7 ", 7),
        (Integer("doc"), "007", 7),
        (Integer("doc"), str(2**63), MAX_INTEGER),
        (Integer("doc"), "9" * 5000, MAX_INTEGER),
        (Id("doc"), "0", None),
        (Id("doc"), "000", None),
        (Id("doc"), "12", 12),
        *((Flag("doc"), word, True) for word in ("true", "TRUE", "True", "1", "yes", "Yes")),
        *((Flag("doc"), word, False) for word in ("false", "FALSE", "0", "no", "NO", " no ")),
        (COLOURS, "red", "red"),
        (COLOURS, " GREEN ", "green"),
        (LENIENT, "Array", "array"),
        (LENIENT, "nonsense", None),
        (Words("doc"), "a", ["a"]),
        (Words("doc"), "a, b ,,c,", ["a", "b", "c"]),
        (Words("doc"), " , ,", None),
        (Words("doc", max_items=2), "a,b,", ["a", "b"]),
        (Url("doc"), "http://localhost:9000/x?y=z", "http://localhost:9000/x?y=z"),
        (Url("doc"), "https://[::1]/", "https://[::1]/"),
        (Email("doc"), " replies@example.com ", "replies@example.com"),
        (Email("doc"), "a@localhost", "a@localhost"),
        (Timestamp("doc"), "2020-06-21 04:47:25", at(2020, 6, 21, 4, 47, 25)),
        (Timestamp("doc"), " 2020-06-21 04:47 ", at(2020, 6, 21, 4, 47)),
        (Timestamp("doc"), "2020-06-21", at(2020, 6, 21)),
        (Timestamp("doc"), "2020-06-21T04:47:25Z", at(2020, 6, 21, 4, 47, 25)),
        (Timestamp("doc"), "2020-06-21T04:47:25", at(2020, 6, 21, 4, 47, 25)),
        (Timestamp("doc"), "2020-06-21T14:47:25.5+10:00", at(2020, 6, 21, 4, 47, 25, 500_000)),
        *(
            (Timestamp("doc"), f"2020-06-21 14:47{offset}", at(2020, 6, 21, 4, 47))
            for offset in ("+10:00", "+1000", "+10", " 10:00", " 1000", " 10", " +1000", "  1000", " +1000 UTC")
        ),
        *(
            (Timestamp("doc"), f"2020-06-21 04:47:25{rest}", at(2020, 6, 21, 4, 47, 25))
            for rest in (" UTC", " GMT", "Z", ".0000000Z", ".000000000Z", " +0000 UTC", "  0000 UTC", " -0000")
        ),
        (Timestamp("doc"), "2020-06-21T04:47:25.123456789Z", at(2020, 6, 21, 4, 47, 25, 123_456)),
        (Timestamp("doc"), "2020-06-21T00:47:25-0400", at(2020, 6, 21, 4, 47, 25)),
        (Timestamp("doc"), "2020-02-29", at(2020, 2, 29)),
        (Timestamp("doc"), "1970-01-01", at(1970, 1, 1)),
        (LastMoment("doc"), "2020-06-21 04:47:25", at(2020, 6, 21, 4, 47, 25, 999_999)),
        (LastMoment("doc"), "2020-06-21", at(2020, 6, 21, 0, 0, 0, 999_999)),
        (LastMoment("doc"), "9999-12-31 23:59:59", at(8999, 12, 31, 23, 59, 59, 999_999)),
        *((Country("doc"), word, "AU") for word in ("AU", "au", "Au", "Australia", "AUSTRALIA", " australia ")),
        (Country("doc"), "new zealand", "NZ"),
        (Country("doc"), "uk", "GB"),
        *(
            (Handset("doc"), written, "61491570156")
            for written in ("61491570156", "+61491570156", " 61491570156", "+61 491-570.(156)", "(61) 491 570 156")
        ),
        (Handset("doc"), "1" * 15, "1" * 15),
    ],
)
def test_valid_values_are_read(kind: Param, raw: str, value: Any) -> None:
    assert kind.read({"x": raw}, "x") == value


@pytest.mark.parametrize(
    ("kind", "raw", "sentence"),
    [
        (Text("doc", max_length=3), "abcd", GENERIC),
        *((Integer("doc"), raw, NOT_NUMERIC) for raw in ("x", "-1", "+1", "1.0", "1e3", "0x1", "１２", "²", "1 2")),
        *((Id("doc"), raw, NOT_NUMERIC) for raw in ("abc", "-0", "null", "1,2")),
        *((Flag("doc"), raw, GENERIC) for raw in ("2", "on", "y", "t", "ja")),
        (COLOURS, "blue", GENERIC),
        (COLOURS, "red,green", GENERIC),
        (Words("doc", max_items=2), "a,b,c", GENERIC),
        *((Url("doc"), raw, GENERIC) for raw in ("example.com", "ftp://a/b", "//a", "http://", "http://a b", "x:80",
                                                 "javascript:1", "http://[", "http://a/" + "x" * 2048)),
        *((Email("doc"), raw, GENERIC) for raw in ("x", "@", "a@", "@b", "a@b@c", "a b@c", "a@b,c@d",
                                                   "a" * 251 + "@b.c")),
        *(
            (Timestamp("doc"), raw, GENERIC)
            for raw in ("tomorrow", "2020-13-01", "2020-02-30", "2021-02-29", "2020-06-21 25:00:00", "20200621", "2020",
                        "21/06/2020", "2020-06-21 04", "2020-W25-7", "1592714845", "2020-06-21 04:47:25 AEST",
                        "1969-12-31 23:59:59", "9000-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
                        "0000-00-00 00:00:00", "２０２０-06-21", "2020-06-21T00:00:00+99:99",
                        "2020-06-21 04:47+1060")
        ),
        *((Country("doc"), raw, GENERIC) for raw in ("XX", "A", "Atlantis", "61", "AUS", "x" * 200)),
        *((Handset("doc"), raw, NOT_NUMERIC) for raw in ("abc", "6149x", "++61", "61+49", "+", "()", "６１")),
        (Handset("doc"), "1" * 16, GENERIC),
    ],
)  # fmt: skip
def test_invalid_values_are_refused(kind: Param, raw: str, sentence: str) -> None:
    with pytest.raises(ApiError) as caught:
        kind.read({"x": raw}, "x")
    assert (caught.value.code, caught.value.description) == (Code.FIELD_INVALID, sentence)


KINDS: list[Param] = [
    Param("doc"), Text("doc"), Integer("doc"), Id("doc"), Flag("doc"), COLOURS, LENIENT, Words("doc"), Url("doc"),
    Email("doc"), Timestamp("doc"), LastMoment("doc"), Country("doc"), Handset("doc"), Slots("doc"), FieldValues("doc"),
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__)
def test_absent_empty_and_blank_are_not_given(kind: Param) -> None:
    for form in ({}, {"x": "", "field_1": ""}, {"x": "  ", "field_1": " "}):
        assert kind.read(form, "x") is None
    assert not kind.is_given({"x": ""}, "x")
    assert kind.is_given({"x": "nonsense"}, "x")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__)
@pytest.mark.parametrize("raw", ["\x00", "1\x00", "\ud800", "61\udcff"])
def test_no_text_is_refused(kind: Param, raw: str) -> None:
    with pytest.raises(ApiError) as caught:
        kind.read({"x": raw, "field_1": raw}, "x")
    assert caught.value.code is Code.FIELD_INVALID


def test_a_parameter_can_have_a_second_name() -> None:
    kind = Id("doc", alias="message_id")
    assert kind.read({"message_id": "7"}, "id") == 7
    assert kind.read({"message_id": "7", "id": "8"}, "id") == 8
    assert kind.read({"message_id": "7", "id": ""}, "id") == 7
    assert kind.is_given({"message_id": "7"}, "id")


@pytest.mark.parametrize(
    ("page", "most", "paging"),
    [
        (None, None, Paging(1, UNSIZED)),
        ("", "", Paging(1, UNSIZED)),
        ("3", "10", Paging(3, 10)),
        (" 3 ", "+10", Paging(3, UNSIZED)),
        ("0", "0", Paging(1, UNSIZED)),
        ("-1", "-5", Paging(1, UNSIZED)),
        ("x", "y", Paging(1, UNSIZED)),
        ("1.5", "1e1", Paging(1, UNSIZED)),
        ("2", "100", Paging(2, 100)),
        ("2", "101", Paging(2, 100)),
        ("2", "999999999999999", Paging(2, 100)),
        ("2", "9" * 400, Paging(2, UNSIZED)),
        ("9" * 5000, "5", Paging(1, 5)),
        ("\x00", "\ud800", Paging(1, UNSIZED)),
        ("２", "٣", Paging(1, UNSIZED)),
    ],
)
def test_page_and_max_are_read(page: str | None, most: str | None, paging: Paging) -> None:
    form = {name: raw for name, raw in (("page", page), ("max", most)) if raw is not None}
    assert PageAndMax().read(form, "paging") == paging


def test_custom_fields_are_read_by_slot() -> None:
    kind = Slots("doc", max_length=5)
    form = {"field_1": " Email ", "field_10": "City", "field_11": "none", "field_2": "", "field_0": "x", "field_": "y"}
    assert kind.read(form, "fields") == {"1": "Email", "10": "City"}
    with pytest.raises(ApiError):
        kind.read({"field_1": "longer"}, "fields")
    assert list(kind.fields("fields")) == [f"field_{slot}" for slot in range(1, 11)]


def test_values_of_custom_fields_are_read_by_slot_or_name() -> None:
    kind = FieldValues("doc", max_length=5)
    form = {"field_1": "a", "field_Birthday": "b", "field_post_code": "", "fields": "c", "name": "d"}
    assert kind.read(form, "values") == {"1": "a", "birthday": "b"}
    with pytest.raises(ApiError):
        kind.read({"field_any": "longer"}, "values")


JUNK = st.text(max_size=40) | st.text(st.sampled_from("0123456789-+ :TZ.,@/xe"), max_size=30) | st.from_regex(
    r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d([+-]\d\d:\d\d|Z)?", fullmatch=True
)  # fmt: skip


@given(raw=JUNK)
def test_junk_is_a_value_or_a_refusal(raw: str) -> None:
    """Each kind reads the same text. Hypothesis takes longer to draw it than all kinds to read it."""
    for kind in (*KINDS, PageAndMax()):
        with suppress(ApiError):
            kind.read(dict.fromkeys(("x", "page", "max", "field_1", "field_x"), raw), "x")


@pytest.mark.parametrize("kind", [*KINDS, PageAndMax()], ids=lambda kind: type(kind).__name__)
def test_every_kind_describes_itself(kind: Param) -> None:
    described = kind.fields("x")
    assert described
    for schema in described.values():
        assert schema["type"] in ("string", "integer", "boolean")
        assert schema["description"]


def test_a_blank_differs_from_a_missing_value_where_it_clears() -> None:
    name = Text("", blank_clears=True)
    assert [name.read(form, "name") for form in ({}, {"name": ""}, {"name": " "}, {"name": "x"})] == [None, "", "", "x"]
    values = FieldValues("", blank_clears=True)
    assert values.read({}, "values") is None
    assert values.read({"field_1": "", "field_City": "x", "name": ""}, "values") == {"1": "", "city": "x"}
