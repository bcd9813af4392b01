"""add-to-list: new contacts, and contacts that were on the list before."""

import pytest

from sms_sandbox.store import contacts
from tests.api.tenant_setup import TOLD, reply, set_tenant
from tests.api.test_lists import TO, items
from tests.conftest import Caller, FreshTenant


@pytest.fixture
def rich(call: Caller, frozen: FreshTenant) -> int:
    """A list with custom fields."""
    made = call.ok("add-list", name="rich", field_1="Email", field_2="Post Code", field_7="Birth.Day")
    return int(made["id"])


def test_an_added_contact_is_returned(call: Caller, frozen: FreshTenant) -> None:
    list_id = call.ok("add-list", name="plain")["id"]
    assert items(call.ok("add-to-list", list_id=list_id, msisdn=TO)) == [
        ("list_id", list_id), ("msisdn", TO), ("first_name", None), ("last_name", None), ("created_at", TOLD),
        ("status", "active"),
    ]  # fmt: skip
    response = call.ok("add-to-list", list_id=list_id, msisdn=TO + 1, first_name=" Abc ", last_name="7", field_1="lost")
    assert (response["first_name"], response["last_name"], "fields" in response) == ("Abc", 7, False)
    counted = call.ok("get-list", list_id=list_id)
    assert (counted["members_active"], counted["members_total"]) == (2, 2)


def test_an_added_contact_has_its_custom_fields(call: Caller, rich: int) -> None:
    response = call.ok("add-to-list", list_id=rich, msisdn=TO, field_1="a@b.c", field_2="06000", field_3="lost")
    assert list(response) == [
        "list_id", "msisdn", "first_name", "last_name", "created_at", "status", "fields", "error",
    ]  # fmt: skip
    assert (response["first_name"], response["last_name"]) == ("", "")
    assert list(response["fields"].items()) == [("Email", "a@b.c"), ("Post Code", 6000), ("Birth.Day", "")]
    as_array = call.ok("add-to-list", list_id=rich, msisdn=TO + 1, field_1="x", response_style="array")["fields"]
    assert as_array == [
        {"name": "Email", "value": "x"}, {"name": "Post Code", "value": ""}, {"name": "Birth.Day", "value": ""},
    ]  # fmt: skip
    as_xml = call.http.get(f"/add-to-list.xml?list_id={rich}&msisdn={TO + 2}&field_2=9").text
    assert "<fields><Email/><Post_Code>9</Post_Code><Birth.Day/></fields>" in as_xml


@pytest.mark.parametrize(
    ("name", "field"),
    [("field_email", "Email"), ("field_EMAIL", "Email"), ("field.email", "Email"), ("field_post_code", "Post Code"),
     ("field.post.code", "Post Code"), ("field post code", "Post Code"), ("field_birth_day", "Birth.Day"),
     ("field_7", "Birth.Day"), ("field.7", "Birth.Day")],
)  # fmt: skip
def test_custom_fields_are_set_by_name(call: Caller, rich: int, name: str, field: str) -> None:
    fields = call.ok("add-to-list", list_id=rich, msisdn=TO, **{name: "value"})["fields"]
    assert {each for each, value in fields.items() if value == "value"} == {field}


def test_field_2_sets_the_second_field_even_if_another_field_is_named_2(call: Caller) -> None:
    list_id = call.ok("add-list", name="odd", field_1="2", field_2="one")["id"]
    assert call.ok("add-to-list", list_id=list_id, msisdn=TO, field_2="x")["fields"] == {"2": "", "one": "x"}


def test_parameter_names_of_other_clients_are_ignored(call: Caller, rich: int) -> None:
    response = call.ok("add-to-list", list_id=rich, msisdn=TO, firstname="Abc", lastname="K")
    assert (response["first_name"], response["last_name"]) == ("", "")


@pytest.mark.parametrize(
    ("msisdn", "country", "number"),
    [
        ("61491570156", "", TO),
        ("+61 491 570 156", "", TO),
        ("0491570156", "AU", TO),
        ("0491-570-156", "australia", TO),
        ("61491570156", "nz", TO),
    ],
)
def test_numbers_are_read_with_their_country(call: Caller, rich: int, msisdn: str, country: str, number: int) -> None:
    assert call.ok("add-to-list", list_id=rich, msisdn=msisdn, countrycode=country)["msisdn"] == number


@pytest.mark.parametrize("msisdn", ["0491570156", "123", "nonsense", "61491", "9" * 100])
def test_invalid_numbers_are_refused(call: Caller, rich: int, msisdn: str) -> None:
    assert call.refused("add-to-list", list_id=rich, msisdn=msisdn) == (
        "BAD_MOBILE",
        "The mobile provided is invalid",
    )


def test_invalid_countries_are_refused(call: Caller, rich: int) -> None:
    assert call.refused("add-to-list", list_id=rich, msisdn=TO, countrycode="Atlantis") == (
        "BAD_MOBILE_COUNTRY",
        "The country of the mobile provided is unavailable",
    )


@pytest.mark.parametrize(("msisdn", "country"), [(TO, "AU"), ("6591234567", "SG"), ("447700900123", None)])
def test_the_profile_of_2026_names_the_country(
    call: Caller, frozen: FreshTenant, rich: int, msisdn: str, country: str | None
) -> None:
    set_tenant(frozen, profile="live-2026")
    plain = call.ok("add-list", name="plain")["id"]
    added = list(call.ok("add-to-list", list_id=plain, msisdn=msisdn).items())[2:-1]
    assert added == [
        ("first_name", ""), ("last_name", ""), ("created_at", TOLD), ("status", "active"), ("country", country),
    ]  # fmt: skip
    assert list(call.ok("add-to-list", list_id=rich, msisdn=msisdn))[-4:] == ["status", "country", "fields", "error"]


def test_a_contact_is_added_once_and_not_changed(call: Caller, rich: int) -> None:
    call.ok("add-to-list", list_id=rich, msisdn=TO, first_name="Abc", field_1="a@b.c")
    refused = call.refused("add-to-list", list_id=rich, msisdn=f"+{TO}", first_name="Two", field_1="x")
    assert refused == ("KEY_EXISTS", "Contact with such mobile already exists")
    response = call.ok("get-list", list_id=rich)
    assert (response["members_active"], response["members_total"]) == (1, 1)
    assert (response["members"][0]["first_name"], response["members"][0]["fields"]["Email"]) == ("Abc", "a@b.c")


def test_a_contact_on_two_lists_is_two_members(call: Caller, rich: int) -> None:
    other = call.ok("add-list", name="other")["id"]
    for list_id in (rich, other):
        call.ok("add-to-list", list_id=list_id, msisdn=TO)


def test_contacts_that_left_a_list_cannot_be_added_again(call: Caller, frozen: FreshTenant, rich: int) -> None:
    call.ok("add-to-list", list_id=rich, msisdn=TO)
    call.ok("add-to-list", list_id=rich, msisdn=TO + 1)
    call.ok("send-sms", list_id=rich, message="hi")
    reply(frozen, str(TO), "stop")
    with frozen.store.begin() as db:
        contacts.deactivate_member(db, frozen.tenant, rich, str(TO + 1), contacts.DELETED)
    assert call.refused("add-to-list", list_id=rich, msisdn=TO) == (
        "OPTOUT",
        "The recipient provided was previously opted out",
    )
    assert call.refused("add-to-list", list_id=rich, msisdn=TO + 1) == (
        "DUPLICATE_DELETED",
        "The recipient provided was previously deleted",
    )
    # The opt-out was from that list; another may hold the contact.
    other = call.ok("add-list", name="other")["id"]
    assert call.ok("add-to-list", list_id=other, msisdn=TO)["status"] == "active"
