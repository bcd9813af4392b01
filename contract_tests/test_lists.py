"""Lists and their fields (5.1 to 5.5)."""

from typing import Any

import pytest

from .cleanup import name_of_a_list
from .client import Api
from .grants import STATE
from .plugin import about, needs
from .wire import as_xml_says

pytestmark = needs(STATE)

ANY_FORMAT = pytest.mark.parametrize("fmt", ["json", "xml"])
THREE = {"field_1": "Email", "field_3": "Postcode", "field_10": "Shoe"}


def new_list(api: Api, **fields: str) -> Any:
    """What add-list says of a new list."""
    return api.ok("add-list", name=name_of_a_list(), **fields)


def row_of(api: Api, list_id: int) -> Any:
    """A list's row among all lists; None if it is not there."""
    page = 1
    while True:
        said = api.ok("get-lists", page=page, max=100)
        for row in said.get("lists", []):
            if row["id"] == list_id:
                return row
        if page >= said["page"]["count"]:
            return None
        page += 1


@ANY_FORMAT
@about("add-list")
def test_a_new_list_is_told_with_its_fields(api: Api, fmt: str) -> None:
    name = name_of_a_list()
    said = api.ok("add-list", fmt, name=name, **THREE)
    assert said["name"] == name
    assert said["fields"] == THREE
    assert str(said["members_active"]) == "0"


@ANY_FORMAT
@about("add-list")
def test_a_list_without_fields_says_so(api: Api, fmt: str) -> None:
    said = api.ok("add-list", fmt, name=name_of_a_list())
    assert said["fields"] == ([] if fmt == "json" else "")


@ANY_FORMAT
@about("add-list")
def test_fields_may_be_told_as_pairs(api: Api, fmt: str) -> None:
    said = api.ok("add-list", fmt, name=name_of_a_list(), response_style="array", **THREE)
    assert said["fields"] == [{"name": slot, "value": name} for slot, name in THREE.items()]


@about("add-list", "get-list")
def test_names_of_digits_are_numbers_in_json(api: Api) -> None:
    digits = "".join(filter(str.isdigit, name_of_a_list()))[-14:].lstrip("0")
    said = api.ok("add-list", name=f"0{digits}")
    assert said["name"] == int(digits)
    assert api.ok("get-list", list_id=said["id"])["name"] == int(digits)
    assert api.ok("get-list", "xml", list_id=said["id"])["name"] == digits


@about("add-list", "get-list")
def test_names_keep_what_formats_must_escape(api: Api) -> None:
    name = name_of_a_list() + " <b> & \"q\" 'a' é 漢 \U0001f600 a/b\\c"
    made = api.ok("add-list", name=name)
    assert made["name"] == name
    assert api.ok("get-list", "xml", list_id=made["id"])["name"] == name


@ANY_FORMAT
@about("add-field-to-list", "get-list")
def test_fields_are_added_and_renamed(api: Api, fmt: str) -> None:
    made = new_list(api, field_1="Email")
    said = api.ok("add-field-to-list", fmt, list_id=made["id"], field_1="E-mail", field_4="City")
    assert list(said.items())[:2] == [("custom_1", "E-mail"), ("custom_4", "City")]
    assert str(said["id"]) == str(made["id"])
    assert api.ok("get-list", list_id=made["id"])["fields"] == {"field_1": "E-mail", "field_4": "City"}


@about("add-field-to-list")
def test_added_fields_may_be_told_as_pairs(api: Api) -> None:
    made = new_list(api)
    said = api.ok("add-field-to-list", list_id=made["id"], field_4="City", response_style="array")
    assert said == {"fields": [{"name": "custom_4", "value": "City"}], "id": made["id"]}


@ANY_FORMAT
@about("remove-list", "get-list", "get-lists")
def test_a_removed_list_is_gone(api: Api, fmt: str) -> None:
    made = new_list(api)
    assert row_of(api, made["id"])
    assert api.ok("remove-list", fmt, list_id=made["id"]) == {}
    api.refused("NOT_FOUND", "get-list", list_id=made["id"])
    api.refused("NOT_FOUND", "remove-list", list_id=made["id"])
    assert row_of(api, made["id"]) is None


@ANY_FORMAT
@about("set-list-callback")
def test_the_callback_of_a_list_is_set_and_removed(api: Api, fmt: str) -> None:
    made = new_list(api)
    for url in ({"url": "https://example.com/list?app=1"}, {}, {"url": ""}):
        assert api.ok("set-list-callback", fmt, list_id=made["id"], **url) == {}


@about("get-list", "get-lists")
def test_a_list_says_the_same_alone_and_among_others(api: Api) -> None:
    made = new_list(api, **THREE)
    alone, row = api.ok("get-list", list_id=made["id"]), row_of(api, made["id"])
    for key in ("id", "name", "created", "members_active", "fields", "members_total"):
        assert alone[key] == row[key], key
    for key in ("id", "name", "created", "members_active", "fields"):
        assert made[key] == row[key], key
    assert list(row)[-1] == "members_total"
    assert "members" not in alone


@about("get-list")
def test_an_empty_list_is_one_page_without_items(api: Api) -> None:
    made = new_list(api)
    said = api.ok("get-list", list_id=made["id"])
    assert said["page"] == {"count": 1, "number": 1}
    assert said["members_total"] == 0
    assert api.ok("get-list", "xml", list_id=made["id"]) == as_xml_says(said)
