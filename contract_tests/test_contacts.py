"""Members of lists (5.6 to 5.10)."""

from typing import Any

import pytest

from .client import Api
from .grants import SANDBOX, STATE
from .plugin import about, needs
from .target import Control
from .test_lists import new_list

NUMBER, OTHER = "61491570156", "61491570157"
ANY_FORMAT = pytest.mark.parametrize("fmt", ["json", "xml"])
Tenant = tuple[Api, Control]


def add(api: Api, list_id: int, number: str = NUMBER, **more: Any) -> Any:
    return api.ok("add-to-list", list_id=list_id, msisdn=number, **more)


@ANY_FORMAT
@needs(STATE)
@about("add-to-list", "get-contact", "get-list")
def test_a_contact_has_all_its_fields(api: Api, fmt: str) -> None:
    list_ = new_list(api, field_1="Email", field_2="Postcode", field_7="City")
    form = {"first_name": "Abc", "field_1": "abc@example.com", "field_2": "02000", "field_5": "nowhere"}
    payload = api.ok("add-to-list", fmt, list_id=list_["id"], msisdn=f"+{NUMBER}", **form)
    postcode = 2000 if fmt == "json" else "2000"
    assert payload["fields"] == {"Email": "abc@example.com", "Postcode": postcode, "City": ""}
    assert (str(payload["msisdn"]), payload["first_name"], payload["last_name"]) == (NUMBER, "Abc", "")
    assert payload["status"] == "active"
    assert api.ok("get-contact", fmt, list_id=list_["id"], msisdn=NUMBER) == payload
    assert api.ok("get-list", fmt, list_id=list_["id"])["members"] == [payload]


@ANY_FORMAT
@needs(STATE)
@about("add-to-list")
def test_a_contact_of_a_list_without_fields(api: Api, fmt: str) -> None:
    payload = api.ok("add-to-list", fmt, list_id=new_list(api)["id"], msisdn=NUMBER)
    assert "fields" not in payload
    assert payload["first_name"] == (None if fmt == "json" else "")


@ANY_FORMAT
@needs(STATE)
@about("add-to-list", "get-contact")
def test_fields_of_a_contact_as_pairs(api: Api, fmt: str) -> None:
    list_ = new_list(api, field_1="Email", field_2="City")
    pairs = [{"name": "Email", "value": "a@example.com"}, {"name": "City", "value": ""}]
    form = {"list_id": list_["id"], "msisdn": NUMBER, "response_style": "array"}
    assert api.ok("add-to-list", fmt, field_1="a@example.com", **form)["fields"] == pairs
    assert api.ok("get-contact", fmt, **form)["fields"] == pairs


@needs(STATE)
@about("add-to-list")
def test_only_first_name_and_last_name_set_names(api: Api) -> None:
    list_ = new_list(api)
    payload = add(api, list_["id"], firstname="Abc", lastname="Uno")
    assert (payload["first_name"], payload["last_name"]) == (None, None)


@needs(STATE)
@about("add-to-list")
def test_fields_may_be_addressed_by_name(api: Api) -> None:
    list_ = new_list(api, field_2="Birth Day")
    assert add(api, list_["id"], field_birth_day="2000-01-01")["fields"] == {"Birth Day": "2000-01-01"}


@needs(STATE)
@about("add-to-list", "get-contact")
def test_names_of_fields_become_legal_xml(api: Api) -> None:
    list_ = new_list(api, field_1="Post Code", field_2="2nd")
    add(api, list_["id"], field_1="x y", field_2="z")
    payload = api.ok("get-contact", "xml", list_id=list_["id"], msisdn=NUMBER)
    assert payload["fields"] == {"Post_Code": "x y", "_2nd": "z"}


@needs(STATE)
@about("add-to-list")
def test_local_numbers_are_read_by_their_country(api: Api) -> None:
    list_ = new_list(api)
    payload = api.ok("add-to-list", list_id=list_["id"], msisdn="0491 570 156", countrycode="AU")
    assert payload["msisdn"] == int(NUMBER)


@needs(STATE)
@about("add-to-list", "get-contact")
def test_adding_an_existing_contact_changes_nothing(api: Api) -> None:
    list_ = new_list(api)
    add(api, list_["id"], first_name="Abc")
    for fmt in ("json", "xml"):
        api.refused("KEY_EXISTS", "add-to-list", fmt, list_id=list_["id"], msisdn=NUMBER, first_name="Def")
    assert api.ok("get-contact", list_id=list_["id"], msisdn=NUMBER)["first_name"] == "Abc"
    assert api.ok("get-list", list_id=list_["id"])["members_total"] == 1


@ANY_FORMAT
@needs(STATE)
@about("edit-list-member", "get-contact")
def test_edit_list_member_changes_only_given_fields(api: Api, fmt: str) -> None:
    list_ = new_list(api, field_1="Email", field_2="City")
    added = add(api, list_["id"], first_name="Abc", last_name="Uno", field_1="a@example.com", field_2="Due")
    form = {"list_id": list_["id"], "msisdn": NUMBER}
    payload = api.ok("edit-list-member", fmt, first_name="Def", field_1="", **form)
    assert (payload["first_name"], payload["last_name"]) == ("Def", "Uno")
    assert payload["fields"] == {"Email": "", "City": "Due"}
    assert payload["created_at"] == added["created_at"]
    assert api.ok("get-contact", fmt, **form) == payload
    assert api.ok("edit-list-member", fmt, **form) == payload


@ANY_FORMAT
@needs(STATE)
@about("delete-from-list", "get-contact", "get-list", "add-to-list")
def test_a_deleted_contact_stays_as_an_inactive_row(api: Api, fmt: str) -> None:
    list_ = new_list(api)
    add(api, list_["id"])
    add(api, list_["id"], OTHER)
    payload = api.ok("delete-from-list", fmt, list_id=list_["id"], msisdn=NUMBER)
    assert payload["list_ids"] == ([list_["id"]] if fmt == "json" else [str(list_["id"])])
    assert api.ok("get-contact", list_id=list_["id"], msisdn=NUMBER)["status"] == "inactive"
    list_after = api.ok("get-list", list_id=list_["id"])
    assert (list_after["members_active"], list_after["members_total"]) == (1, 2)
    assert [str(row["msisdn"]) for row in list_after["members"]] == [OTHER]
    assert "members" not in api.ok("get-list", list_id=list_["id"], members="none")
    inactive = api.ok("get-list", list_id=list_["id"], members="inactive")["members"]
    assert [(str(row["msisdn"]), row["status"]) for row in inactive] == [(NUMBER, "inactive")]
    api.refused("DUPLICATE_DELETED", "add-to-list", fmt, list_id=list_["id"], msisdn=NUMBER)
    api.refused("NOT_FOUND", "delete-from-list", fmt, list_id=list_["id"], msisdn=NUMBER)


@ANY_FORMAT
@needs(STATE)
@about("optout-list-member", "get-contact", "add-to-list")
def test_an_opted_out_contact_cannot_be_added_again(api: Api, fmt: str) -> None:
    list_ = new_list(api)
    add(api, list_["id"])
    payload = api.ok("optout-list-member", fmt, list_id=list_["id"], msisdn=NUMBER)
    assert payload["list_ids"] == ([list_["id"]] if fmt == "json" else [str(list_["id"])])
    assert api.ok("get-contact", list_id=list_["id"], msisdn=NUMBER)["status"] == "inactive"
    assert api.ok("get-list", list_id=list_["id"])["members_active"] == 0
    api.refused("OPTOUT", "add-to-list", fmt, list_id=list_["id"], msisdn=NUMBER)
    api.refused("OPTOUT", "edit-list-member", fmt, list_id=list_["id"], msisdn=NUMBER, first_name="Abc")


@pytest.mark.parametrize("every", [{}, {"list_id": 0}], ids=["absent", "zero"])
@pytest.mark.parametrize("method", ["delete-from-list", "optout-list-member"])
@needs(SANDBOX, why="it removes a number from all lists of the account")
def test_without_a_list_all_lists_are_meant(tenant: Tenant, method: str, every: dict[str, Any]) -> None:
    api, _ = tenant
    one, other, third = new_list(api)["id"], new_list(api)["id"], new_list(api)["id"]
    for list_id in (one, other):
        add(api, list_id)
    add(api, third, OTHER)
    assert sorted(api.ok(method, msisdn=NUMBER, **every)["list_ids"]) == [one, other]
    assert [api.ok("get-list", list_id=row)["members_active"] for row in (one, other, third)] == [0, 0, 1]
    api.refused("NOT_FOUND", method, msisdn="61491570158", **every)
