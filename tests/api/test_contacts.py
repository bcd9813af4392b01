"""Contacts that change and leave, and lists that change and are removed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from sms_sandbox.store import contacts
from tests.api.tenant_setup import add_other_caller, advance, freeze, reply, set_account
from tests.conftest import Caller, FreshTenant

NOW = datetime(2026, 3, 1, 10, 0, 42, 500_000, UTC)
TOLD = "2026-03-01 10:00:42"
TO = 61491570156
LIST_UNKNOWN = ("NOT_FOUND", "The resource with this key is not found.")
CONTACT_UNKNOWN = ("NOT_FOUND", "Contact with such mobile does not exist in this list.")
OPTED_OUT = ("OPTOUT", "The recipient provided was previously opted out")
DELETED = ("DUPLICATE_DELETED", "The recipient provided was previously deleted")


@pytest.fixture
def frozen(fresh: FreshTenant) -> FreshTenant:
    """A tenant whose clock is frozen."""
    freeze(fresh, NOW)
    return fresh


@pytest.fixture
def rich(call: Caller, frozen: FreshTenant) -> int:
    """A list with custom fields, and a contact that has a value in each."""
    made = call.ok("add-list", name="rich", field_1="Email", field_2="Post Code", field_10="Shoe")["id"]
    values = {"first_name": "Abc", "last_name": "Xyz", "field_1": "k@example.com", "field_2": "2000", "field_10": "44"}
    call.ok("add-to-list", list_id=made, msisdn=TO, **values)
    return int(made)


def a_list(call: Caller, name: str, *members: int) -> int:
    made = int(call.ok("add-list", name=name)["id"])
    for msisdn in members:
        call.ok("add-to-list", list_id=made, msisdn=msisdn)
    return made


def counts(call: Caller, list_id: int) -> tuple[int, int]:
    response = call.ok("get-list", list_id=list_id, members="none")
    return response["members_active"], response["members_total"]


def status(call: Caller, list_id: int, msisdn: int = TO) -> Any:
    return call.ok("get-contact", list_id=list_id, msisdn=msisdn)["status"]


METHODS: list[tuple[str, dict[str, Any]]] = [
    ("add-field-to-list", {"field_1": "a"}),
    ("remove-list", {}),
    ("get-contact", {"msisdn": TO}),
    ("edit-list-member", {"msisdn": TO}),
    ("delete-from-list", {"msisdn": TO}),
    ("optout-list-member", {"msisdn": TO}),
]


@pytest.mark.parametrize(("method", "params"), METHODS)
def test_unknown_lists_and_those_of_others_are_not_found(
    call: Caller, rich: int, frozen: FreshTenant, method: str, params: dict[str, Any]
) -> None:
    assert call.refused(method, list_id=1, **params) == LIST_UNKNOWN
    theirs = add_other_caller(frozen)
    assert theirs.refused(method, list_id=rich, **params)[0] == "NO_ACCESS"
    assert call.refused(method, list_id="x", **params)[0] == "FIELD_INVALID"
    assert counts(call, rich) == (1, 1)


@pytest.mark.parametrize("method", ["get-contact", "edit-list-member", "delete-from-list", "optout-list-member"])
def test_unknown_contacts_are_not_found(call: Caller, rich: int, method: str) -> None:
    assert call.refused(method, list_id=rich, msisdn=TO + 1) == CONTACT_UNKNOWN
    junk = ("BAD_MOBILE", "The mobile provided is invalid") if method == "edit-list-member" else CONTACT_UNKNOWN
    assert call.refused(method, list_id=rich, msisdn="nonsense") == junk
    assert call.refused(method, list_id=rich) == ("FIELD_EMPTY", "Required field 'msisdn' is empty")


# add-field-to-list, remove-list


def test_fields_are_added_and_renamed(call: Caller, rich: int) -> None:
    response = call.ok("add-field-to-list", list_id=rich, field_10="Size", field_4="Handset")
    assert list(response.items())[:-1] == [("custom_4", "Handset"), ("custom_10", "Size"), ("id", rich)]
    response = call.ok("add-field-to-list", list_id=rich, field_5="Five", response_style="array")
    assert list(response.items())[:-1] == [("fields", [{"name": "custom_5", "value": "Five"}]), ("id", rich)]
    assert call.ok("get-contact", list_id=rich, msisdn=TO)["fields"] == {
        "Email": "k@example.com", "Post Code": 2000, "Handset": "", "Five": "", "Size": 44,
    }  # fmt: skip
    as_xml = call.http.get(f"/add-field-to-list.xml?list_id={rich}&field.6=Six").text
    assert f"<response><custom_6>Six</custom_6><id>{rich}</id>" in as_xml


@pytest.mark.parametrize("nothing", [{}, {"field_1": ""}, {"field_11": "x"}, {"field_name": "x"}])
def test_a_field_must_be_given(call: Caller, rich: int, nothing: dict[str, str]) -> None:
    refused = call.refused("add-field-to-list", list_id=rich, **nothing)
    assert refused == ("MISSING_PARAM", "Field parameter is missing (eg. field_n)")


def test_names_never_given_are_blank_once_there_are_fields(call: Caller, frozen: FreshTenant) -> None:
    plain = a_list(call, "plain", TO)
    assert call.ok("get-contact", list_id=plain, msisdn=TO)["first_name"] is None
    call.ok("add-field-to-list", list_id=plain, field_3="City")
    response = call.ok("get-contact", list_id=plain, msisdn=TO)
    assert (response["first_name"], response["last_name"], response["fields"]) == ("", "", {"City": ""})


def test_a_list_is_removed_with_its_contacts(call: Caller, frozen: FreshTenant, rich: int) -> None:
    kept = a_list(call, "kept", TO)
    sent = call.ok("send-sms", list_id=rich, message="hi [firstname]")["message_id"]
    assert call.ok("remove-list", list_id=rich) == {"error": {"code": "SUCCESS", "description": "OK"}}
    assert [each["id"] for each in call.ok("get-lists")["lists"]] == [kept]
    assert call.refused("get-list", list_id=rich) == LIST_UNKNOWN
    assert call.refused("remove-list", list_id=rich) == LIST_UNKNOWN
    assert call.ok("get-sms", message_id=sent)["list"] == {"id": rich, "name": "rich"}
    advance(frozen, minutes=1)
    assert call.ok("get-sms-sent", message_id=sent)["recipients"][0]["delivery_status"] == "delivered"
    assert status(call, kept) == "active"
    reply(frozen, str(TO), "stop")
    again = call.ok("add-list", name="rich")["id"]
    assert again > rich
    assert call.ok("add-to-list", list_id=again, msisdn=TO)["first_name"] is None


def test_members_of_a_removed_list_are_cleared_up(
    call: Caller, frozen: FreshTenant, rich: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sms_sandbox.simulation.events.MEMBERS_PER_DELETE", 2)
    kept = a_list(call, "kept", TO)
    for index in range(1, 5):
        call.ok("add-to-list", list_id=rich, msisdn=TO + index)
    call.ok("remove-list", list_id=rich)
    advance(frozen, seconds=1)
    with frozen.store.begin() as db:
        left = db.exec_driver_sql("SELECT list_id, msisdn FROM members").all()
    assert [tuple(row) for row in left] == [(kept, str(TO))]


# get-contact, edit-list-member


def test_a_contact_is_returned_with_its_fields(call: Caller, rich: int) -> None:
    response = call.ok("get-contact", list_id=rich, msisdn=f"+{TO}")
    assert [(key, value) for key, value in response.items() if key != "error"] == [
        ("list_id", rich), ("msisdn", TO), ("first_name", "Abc"), ("last_name", "Xyz"), ("created_at", TOLD),
        ("status", "active"), ("fields", {"Email": "k@example.com", "Post Code": 2000, "Shoe": 44}),
    ]  # fmt: skip
    as_array = call.ok("get-contact", list_id=rich, msisdn=TO, response_style="array")["fields"]
    assert as_array[2] == {"name": "Shoe", "value": 44}


@pytest.mark.parametrize(
    ("params", "first_name", "fields"),
    [
        ({}, "Abc", {}),
        ({"first_name": "Two"}, "Two", {}),
        ({"first_name": ""}, "", {}),
        ({"first_name": "  "}, "", {}),
        ({"field_1": ""}, "Abc", {"Email": ""}),
        ({"field.10": ""}, "Abc", {"Shoe": ""}),
        ({"field_post_code": "", "field_shoe": "45"}, "Abc", {"Post Code": "", "Shoe": 45}),
        ({"field_3": "lost", "firstname": "lost"}, "Abc", {}),
    ],
)
def test_only_given_values_change(
    call: Caller, rich: int, params: dict[str, str], first_name: str, fields: dict[str, Any]
) -> None:
    edited = call.ok("edit-list-member", list_id=rich, msisdn="0491 570 156", countrycode="au", **params)
    assert edited == call.ok("get-contact", list_id=rich, msisdn=TO)
    assert (edited["first_name"], edited["last_name"]) == (first_name, "Xyz")
    assert edited["fields"] == {"Email": "k@example.com", "Post Code": 2000, "Shoe": 44, **fields}


def test_an_edited_contact_is_returned_in_the_requested_style(call: Caller, rich: int) -> None:
    response = call.ok("edit-list-member", list_id=rich, msisdn=TO, field_1="", response_style="array")
    assert response["fields"][0] == {"name": "Email", "value": ""}


def test_contacts_that_left_cannot_be_edited(call: Caller, rich: int) -> None:
    call.ok("add-to-list", list_id=rich, msisdn=TO + 1)
    call.ok("delete-from-list", list_id=rich, msisdn=TO)
    call.ok("optout-list-member", list_id=rich, msisdn=TO + 1)
    assert call.refused("edit-list-member", list_id=rich, msisdn=TO, first_name="") == DELETED
    assert call.refused("edit-list-member", list_id=rich, msisdn=TO + 1) == OPTED_OUT
    assert call.refused("edit-list-member", list_id=rich, msisdn=TO, countrycode="Atlantis")[0] == "BAD_MOBILE_COUNTRY"
    assert call.ok("get-contact", list_id=rich, msisdn=TO)["first_name"] == "Abc"


# delete-from-list, optout-list-member


@pytest.mark.parametrize(("method", "refusal"), [("delete-from-list", DELETED), ("optout-list-member", OPTED_OUT)])
def test_a_contact_leaves_a_list(call: Caller, rich: int, method: str, refusal: tuple[str, str]) -> None:
    other = a_list(call, "other", TO)
    assert call.ok(method, list_id=rich, msisdn="491570156", countrycode="AU")["list_ids"] == [rich]
    assert (status(call, rich), status(call, other)) == ("inactive", "active")
    assert counts(call, rich) == (0, 1)
    shown = call.ok("get-list", list_id=rich, members="inactive")
    assert ([each["msisdn"] for each in shown["members"]], shown["members_total"]) == ([TO], 1)
    assert "members" not in call.ok("get-list", list_id=rich)
    assert call.refused("add-to-list", list_id=rich, msisdn=TO) == refusal
    assert call.refused("send-sms", list_id=rich, message="hi")[0] == "LIST_EMPTY"
    assert call.ok("send-sms", list_id=other, message="hi")["recipients"] == 1
    as_xml = call.http.get(f"/{method}.xml?list_id={other}&msisdn={TO}").text
    assert f"<list_ids><item>{other}</item></list_ids>" in as_xml


@pytest.mark.parametrize("everywhere", [{}, {"list_id": 0}, {"list_id": ""}])
@pytest.mark.parametrize("method", ["delete-from-list", "optout-list-member"])
def test_a_contact_leaves_all_lists(call: Caller, rich: int, method: str, everywhere: dict[str, Any]) -> None:
    other, third = a_list(call, "other", TO), a_list(call, "third", TO + 1)
    assert call.ok(method, msisdn=TO, **everywhere)["list_ids"] == [rich, other]
    assert [counts(call, each) for each in (rich, other, third)] == [(0, 1), (0, 1), (1, 1)]
    assert call.refused(method, msisdn=TO + 7, **everywhere) == CONTACT_UNKNOWN


def test_lists_of_other_accounts_keep_the_contact(call: Caller, rich: int, frozen: FreshTenant) -> None:
    theirs = add_other_caller(frozen)
    list_id = a_list(theirs, "theirs", TO)
    call.ok("optout-list-member", msisdn=TO)
    assert theirs.refused("delete-from-list", msisdn=TO + 1) == CONTACT_UNKNOWN
    assert status(theirs, list_id) == "active"


def test_a_deleted_contact_can_be_neither_deleted_nor_opted_out_again(call: Caller, rich: int) -> None:
    call.ok("delete-from-list", list_id=rich, msisdn=TO)
    for method in ("delete-from-list", "optout-list-member"):
        for where in ({"list_id": rich}, {}):
            assert call.refused(method, msisdn=TO, **where) == CONTACT_UNKNOWN
    assert counts(call, rich) == (0, 1)


def test_a_second_opt_out_is_accepted(call: Caller, rich: int) -> None:
    other = a_list(call, "other", TO)
    for _ in range(2):
        assert call.ok("optout-list-member", list_id=rich, msisdn=TO)["list_ids"] == [rich]
    assert call.ok("optout-list-member", msisdn=TO)["list_ids"] == [rich, other]
    assert call.refused("delete-from-list", list_id=rich, msisdn=TO) == CONTACT_UNKNOWN
    assert (counts(call, rich), counts(call, other)) == ((0, 1), (0, 1))


def test_numbers_are_still_sent_to_after_leaving_a_list(call: Caller, rich: int) -> None:
    call.ok("optout-list-member", msisdn=TO)
    assert call.ok("send-sms", to=TO, message="hi")["recipients"] == 1


def test_lists_that_share_their_opt_outs(call: Caller, rich: int, frozen: FreshTenant) -> None:
    other, third = a_list(call, "other", TO), a_list(call, "third")
    set_account(frozen, global_optouts=1)
    assert call.ok("optout-list-member", list_id=rich, msisdn=TO)["list_ids"] == [rich, other]
    assert (status(call, rich), status(call, other)) == ("inactive", "inactive")
    assert call.refused("add-to-list", list_id=third, msisdn=TO) == OPTED_OUT
    assert call.refused("send-sms", to=TO, message="hi")[0] == "RECIPIENTS_ERROR"
    assert call.ok("add-to-list", list_id=third, msisdn=TO + 1)["status"] == "active"
    assert call.refused("optout-list-member", list_id=third, msisdn=TO + 2) == CONTACT_UNKNOWN


@pytest.mark.parametrize("shared", [0, 1])
def test_stop_leaves_the_list_of_the_message_or_all(call: Caller, rich: int, frozen: FreshTenant, shared: int) -> None:
    other, third = a_list(call, "other", TO), a_list(call, "third")
    set_account(frozen, global_optouts=shared)
    call.ok("send-sms", list_id=rich, message="hi")
    reply(frozen, str(TO), "stop")
    assert status(call, rich) == "inactive"
    assert status(call, other) == ("inactive" if shared else "active")
    added = call("add-to-list", list_id=third, msisdn=TO)
    assert added["error"]["code"] == ("OPTOUT" if shared else "SUCCESS")


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_calls_at_once_lose_no_edit_of_each_other_s(call: Caller, frozen: FreshTenant) -> None:
    made = call.ok("add-list", name="Friends")["id"]
    call.ok("add-to-list", list_id=made, msisdn=TO)
    with ThreadPoolExecutor(1) as threads, frozen.store.begin() as db:
        member = contacts.read_member(db, frozen.tenant, made, str(TO), to_edit=True)
        assert member is not None
        other = threads.submit(call, "edit-list-member", list_id=made, msisdn=TO, last_name="Abc")
        with pytest.raises(TimeoutError):
            other.result(0.3)
        contacts.edit_member(db, frozen.tenant, replace(member, first_name="Uno"))
        db.commit()
        assert other.result(10)["error"]["code"] == "SUCCESS"
    response = call.ok("get-contact", list_id=made, msisdn=TO)
    assert (response["first_name"], response["last_name"]) == ("Uno", "Abc")
