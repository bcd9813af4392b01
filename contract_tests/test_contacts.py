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
World = tuple[Api, Control]


def add(api: Api, list_id: int, number: str = NUMBER, **more: Any) -> Any:
    return api.ok("add-to-list", list_id=list_id, msisdn=number, **more)


@ANY_FORMAT
@needs(STATE)
@about("add-to-list", "get-contact", "get-list")
def test_a_contact_is_told_with_all_its_fields(api: Api, fmt: str) -> None:
    made = new_list(api, field_1="Email", field_2="Postcode", field_7="City")
    form = {"first_name": "Abc", "field_1": "abc@example.com", "field_2": "02000", "field_5": "nowhere"}
    said = api.ok("add-to-list", fmt, list_id=made["id"], msisdn=f"+{NUMBER}", **form)
    postcode = 2000 if fmt == "json" else "2000"
    assert said["fields"] == {"Email": "abc@example.com", "Postcode": postcode, "City": ""}
    assert (str(said["msisdn"]), said["first_name"], said["last_name"]) == (NUMBER, "Abc", "")
    assert said["status"] == "active"
    assert api.ok("get-contact", fmt, list_id=made["id"], msisdn=NUMBER) == said
    assert api.ok("get-list", fmt, list_id=made["id"])["members"] == [said]


@ANY_FORMAT
@needs(STATE)
@about("add-to-list")
def test_on_a_list_without_fields_there_are_none(api: Api, fmt: str) -> None:
    said = api.ok("add-to-list", fmt, list_id=new_list(api)["id"], msisdn=NUMBER)
    assert "fields" not in said
    assert said["first_name"] == (None if fmt == "json" else "")


@ANY_FORMAT
@needs(STATE)
@about("add-to-list", "get-contact")
def test_fields_of_a_contact_may_be_told_as_pairs(api: Api, fmt: str) -> None:
    made = new_list(api, field_1="Email", field_2="City")
    pairs = [{"name": "Email", "value": "a@example.com"}, {"name": "City", "value": ""}]
    form = {"list_id": made["id"], "msisdn": NUMBER, "response_style": "array"}
    assert api.ok("add-to-list", fmt, field_1="a@example.com", **form)["fields"] == pairs
    assert api.ok("get-contact", fmt, **form)["fields"] == pairs


@needs(STATE)
@about("add-to-list")
def test_names_are_taken_by_their_underscored_parameters_only(api: Api) -> None:
    made = new_list(api)
    said = add(api, made["id"], firstname="Abc", lastname="Uno")
    assert (said["first_name"], said["last_name"]) == (None, None)


@needs(STATE)
@about("add-to-list")
def test_fields_may_be_addressed_by_name(api: Api) -> None:
    made = new_list(api, field_2="Birth Day")
    assert add(api, made["id"], field_birth_day="2000-01-01")["fields"] == {"Birth Day": "2000-01-01"}


@needs(STATE)
@about("add-to-list", "get-contact")
def test_names_of_fields_that_xml_can_not_spell_are_mended(api: Api) -> None:
    made = new_list(api, field_1="Post Code", field_2="2nd")
    add(api, made["id"], field_1="x y", field_2="z")
    said = api.ok("get-contact", "xml", list_id=made["id"], msisdn=NUMBER)
    assert said["fields"] == {"Post_Code": "x y", "_2nd": "z"}


@needs(STATE)
@about("add-to-list")
def test_local_numbers_are_read_by_their_country(api: Api) -> None:
    made = new_list(api)
    said = api.ok("add-to-list", list_id=made["id"], msisdn="0491 570 156", countrycode="AU")
    assert said["msisdn"] == int(NUMBER)


@needs(STATE)
@about("add-to-list", "get-contact")
def test_who_is_there_is_not_added_again_nor_changed(api: Api) -> None:
    made = new_list(api)
    add(api, made["id"], first_name="Abc")
    for fmt in ("json", "xml"):
        api.refused("KEY_EXISTS", "add-to-list", fmt, list_id=made["id"], msisdn=NUMBER, first_name="Def")
    assert api.ok("get-contact", list_id=made["id"], msisdn=NUMBER)["first_name"] == "Abc"
    assert api.ok("get-list", list_id=made["id"])["members_total"] == 1


@ANY_FORMAT
@needs(STATE)
@about("edit-list-member", "get-contact")
def test_a_contact_is_changed_where_something_is_given(api: Api, fmt: str) -> None:
    made = new_list(api, field_1="Email", field_2="City")
    added = add(api, made["id"], first_name="Abc", last_name="Uno", field_1="a@example.com", field_2="Due")
    form = {"list_id": made["id"], "msisdn": NUMBER}
    said = api.ok("edit-list-member", fmt, first_name="Def", field_1="", **form)
    assert (said["first_name"], said["last_name"]) == ("Def", "Uno")
    assert said["fields"] == {"Email": "", "City": "Due"}
    assert said["created_at"] == added["created_at"]
    assert api.ok("get-contact", fmt, **form) == said
    assert api.ok("edit-list-member", fmt, **form) == said


@ANY_FORMAT
@needs(STATE)
@about("delete-from-list", "get-contact", "get-list", "add-to-list")
def test_a_deleted_contact_stays_as_an_inactive_row(api: Api, fmt: str) -> None:
    made = new_list(api)
    add(api, made["id"])
    add(api, made["id"], OTHER)
    said = api.ok("delete-from-list", fmt, list_id=made["id"], msisdn=NUMBER)
    assert said["list_ids"] == ([made["id"]] if fmt == "json" else [str(made["id"])])
    assert api.ok("get-contact", list_id=made["id"], msisdn=NUMBER)["status"] == "inactive"
    found = api.ok("get-list", list_id=made["id"])
    assert (found["members_active"], found["members_total"]) == (1, 2)
    assert [str(each["msisdn"]) for each in found["members"]] == [OTHER]
    assert "members" not in api.ok("get-list", list_id=made["id"], members="none")
    inactive = api.ok("get-list", list_id=made["id"], members="inactive")["members"]
    assert [(str(each["msisdn"]), each["status"]) for each in inactive] == [(NUMBER, "inactive")]
    api.refused("DUPLICATE_DELETED", "add-to-list", fmt, list_id=made["id"], msisdn=NUMBER)
    api.refused("NOT_FOUND", "delete-from-list", fmt, list_id=made["id"], msisdn=NUMBER)


@ANY_FORMAT
@needs(STATE)
@about("optout-list-member", "get-contact", "add-to-list")
def test_who_opted_out_of_a_list_can_not_be_added_again(api: Api, fmt: str) -> None:
    made = new_list(api)
    add(api, made["id"])
    said = api.ok("optout-list-member", fmt, list_id=made["id"], msisdn=NUMBER)
    assert said["list_ids"] == ([made["id"]] if fmt == "json" else [str(made["id"])])
    assert api.ok("get-contact", list_id=made["id"], msisdn=NUMBER)["status"] == "inactive"
    assert api.ok("get-list", list_id=made["id"])["members_active"] == 0
    api.refused("OPTOUT", "add-to-list", fmt, list_id=made["id"], msisdn=NUMBER)
    api.refused("OPTOUT", "edit-list-member", fmt, list_id=made["id"], msisdn=NUMBER, first_name="Abc")


@pytest.mark.parametrize("every", [{}, {"list_id": 0}], ids=["absent", "zero"])
@pytest.mark.parametrize("method", ["delete-from-list", "optout-list-member"])
@needs(SANDBOX, why="it takes a number off all lists of the account")
def test_without_a_list_it_is_all_lists(world: World, method: str, every: dict[str, Any]) -> None:
    api, _ = world
    one, other, third = new_list(api)["id"], new_list(api)["id"], new_list(api)["id"]
    for list_id in (one, other):
        add(api, list_id)
    add(api, third, OTHER)
    assert sorted(api.ok(method, msisdn=NUMBER, **every)["list_ids"]) == [one, other]
    assert [api.ok("get-list", list_id=each)["members_active"] for each in (one, other, third)] == [0, 0, 1]
    api.refused("NOT_FOUND", method, msisdn="61491570158", **every)
