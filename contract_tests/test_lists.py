"""Lists and their fields (5.1 to 5.5)."""

from typing import Any

import pytest

from .cleanup import new_list_name
from .client import Api
from .grants import STATE
from .plugin import about, needs
from .wire import as_xml

pytestmark = needs(STATE)

ANY_FORMAT = pytest.mark.parametrize("fmt", ["json", "xml"])
THREE = {"field_1": "Email", "field_3": "Postcode", "field_10": "Shoe"}


def new_list(api: Api, **fields: str) -> Any:
    """Create a list, and return the payload of add-list."""
    return api.ok("add-list", name=new_list_name(), **fields)


def row_of(api: Api, list_id: int) -> Any:
    """Return a list's row in get-lists, or None if it is not there."""
    page = 1
    while True:
        payload = api.ok("get-lists", page=page, max=100)
        for row in payload.get("lists", []):
            if row["id"] == list_id:
                return row
        if page >= payload["page"]["count"]:
            return None
        page += 1


@ANY_FORMAT
@about("add-list")
def test_a_new_list_has_its_fields(api: Api, fmt: str) -> None:
    name = new_list_name()
    payload = api.ok("add-list", fmt, name=name, **THREE)
    assert payload["name"] == name
    assert payload["fields"] == THREE
    assert str(payload["members_active"]) == "0"


@ANY_FORMAT
@about("add-list")
def test_a_list_without_fields_has_an_empty_array(api: Api, fmt: str) -> None:
    payload = api.ok("add-list", fmt, name=new_list_name())
    assert payload["fields"] == ([] if fmt == "json" else "")


@ANY_FORMAT
@about("add-list")
def test_fields_as_pairs(api: Api, fmt: str) -> None:
    payload = api.ok("add-list", fmt, name=new_list_name(), response_style="array", **THREE)
    assert payload["fields"] == [{"name": slot, "value": name} for slot, name in THREE.items()]


@about("add-list", "get-list")
def test_numeric_names_are_numbers_in_json(api: Api) -> None:
    digits = "".join(filter(str.isdigit, new_list_name()))[-14:].lstrip("0")
    payload = api.ok("add-list", name=f"0{digits}")
    assert payload["name"] == int(digits)
    assert api.ok("get-list", list_id=payload["id"])["name"] == int(digits)
    assert api.ok("get-list", "xml", list_id=payload["id"])["name"] == digits


@about("add-list", "get-list")
def test_names_keep_special_characters(api: Api) -> None:
    name = new_list_name() + " <b> & \"q\" 'a' é 漢 \U0001f600 a/b\\c"
    list_ = api.ok("add-list", name=name)
    assert list_["name"] == name
    assert api.ok("get-list", "xml", list_id=list_["id"])["name"] == name


@ANY_FORMAT
@about("add-field-to-list", "get-list")
def test_fields_are_added_and_renamed(api: Api, fmt: str) -> None:
    list_ = new_list(api, field_1="Email")
    payload = api.ok("add-field-to-list", fmt, list_id=list_["id"], field_1="E-mail", field_4="City")
    assert list(payload.items())[:2] == [("custom_1", "E-mail"), ("custom_4", "City")]
    assert str(payload["id"]) == str(list_["id"])
    assert api.ok("get-list", list_id=list_["id"])["fields"] == {"field_1": "E-mail", "field_4": "City"}


@about("add-field-to-list")
def test_added_fields_as_pairs(api: Api) -> None:
    list_ = new_list(api)
    payload = api.ok("add-field-to-list", list_id=list_["id"], field_4="City", response_style="array")
    assert payload == {"fields": [{"name": "custom_4", "value": "City"}], "id": list_["id"]}


@ANY_FORMAT
@about("remove-list", "get-list", "get-lists")
def test_a_removed_list_is_gone(api: Api, fmt: str) -> None:
    list_ = new_list(api)
    assert row_of(api, list_["id"])
    assert api.ok("remove-list", fmt, list_id=list_["id"]) == {}
    api.refused("NOT_FOUND", "get-list", list_id=list_["id"])
    api.refused("NOT_FOUND", "remove-list", list_id=list_["id"])
    assert row_of(api, list_["id"]) is None


@ANY_FORMAT
@about("set-list-callback")
def test_the_callback_of_a_list_is_set_and_removed(api: Api, fmt: str) -> None:
    list_ = new_list(api)
    for url in ({"url": "https://example.com/list?app=1"}, {}, {"url": ""}):
        assert api.ok("set-list-callback", fmt, list_id=list_["id"], **url) == {}


@about("get-list", "get-lists")
def test_get_list_agrees_with_get_lists(api: Api) -> None:
    list_ = new_list(api, **THREE)
    alone, row = api.ok("get-list", list_id=list_["id"]), row_of(api, list_["id"])
    for key in ("id", "name", "created", "members_active", "fields", "members_total"):
        assert alone[key] == row[key], key
    for key in ("id", "name", "created", "members_active", "fields"):
        assert list_[key] == row[key], key
    assert list(row)[-1] == "members_total"
    assert "members" not in alone


@about("get-list")
def test_an_empty_list_is_one_page_without_items(api: Api) -> None:
    list_ = new_list(api)
    payload = api.ok("get-list", list_id=list_["id"])
    assert payload["page"] == {"count": 1, "number": 1}
    assert payload["members_total"] == 0
    assert api.ok("get-list", "xml", list_id=list_["id"]) == as_xml(payload)
