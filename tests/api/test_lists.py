"""Lists and contacts: add-list, get-list, get-lists, add-to-list."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sms_sandbox.store import contacts
from tests.api.acts import freeze, neighbours_call, reply
from tests.conftest import Caller, World

NOW = datetime(2026, 3, 1, 10, 0, 42, 500_000, UTC)
TOLD = "2026-03-01 10:00:42"
TO = 61491570156
GENERIC = ("FIELD_INVALID", "Field has invalid format (see proper format in the description).")


@pytest.fixture
def world(fresh: World) -> World:
    """A world whose clock stands."""
    freeze(fresh, NOW)
    return fresh


def items(told: Any) -> list[tuple[str, Any]]:
    """A reply's keys and values in order, without the error block."""
    return [(key, value) for key, value in told.items() if key != "error"]


# add-list


def test_a_list(call: Caller, world: World) -> None:
    assert items(call.ok("add-list", name=" Friends ")) == [
        ("id", 4200001), ("name", "Friends"), ("created", TOLD), ("members_active", 0), ("fields", []),
    ]  # fmt: skip
    assert "<members_active>0</members_active><fields/>" in call.http.get("/add-list.xml?name=other").text


def test_a_list_with_custom_fields(call: Caller) -> None:
    fields = {"field_2": "Postcode", "field_1": "Email", "field_10": "2024", "field_3": "", "field_4": " "}
    told = call.ok("add-list", name="a", **fields)["fields"]
    assert list(told.items()) == [("field_1", "Email"), ("field_2", "Postcode"), ("field_10", 2024)]
    told = call.ok("add-list", name="b", response_style="array", **fields)["fields"]
    assert told == [
        {"name": "field_1", "value": "Email"}, {"name": "field_2", "value": "Postcode"},
        {"name": "field_10", "value": 2024},
    ]  # fmt: skip
    assert call.ok("add-list", name="c", response_style="array")["fields"] == []
    assert "field_1" in call.ok("add-list", name="d", response_style="object", **fields)["fields"]
    as_xml = call.http.get("/add-list.xml?name=e&field_1=Email&field_11=no").text
    assert "<fields><field_1>Email</field_1></fields>" in as_xml


def test_a_name_that_is_a_number(call: Caller) -> None:
    assert call.ok("add-list", name="2024")["name"] == 2024


def test_names_are_taken_once(call: Caller, fresh: World) -> None:
    call.ok("add-list", name="Friends")
    assert call.refused("add-list", name="Friends") == ("KEY_EXISTS", "The resource with this key already exists.")
    assert call.refused("add-list", name=" Friends ")[0] == "KEY_EXISTS"
    assert call.ok("add-list", name="friends")
    assert neighbours_call(fresh).ok("add-list", name="Friends")


def test_names_that_can_not_be(call: Caller) -> None:
    for nothing in ({}, {"name": ""}, {"name": "  "}):
        assert call.refused("add-list", **nothing) == ("FIELD_EMPTY", "Required field 'name' is empty")
    assert call.refused("add-list", name="n" * 256) == GENERIC
    assert call.refused("add-list", name="n", field_1="f" * 256) == GENERIC


# get-lists


def test_lists(call: Caller, world: World) -> None:
    first = call.ok("add-list", name="first", field_1="Email")["id"]
    second = call.ok("add-list", name="second")["id"]
    call.ok("add-to-list", list_id=second, msisdn=TO)
    with world.store.begin() as db:
        contacts.add_list(db, world.tenant, world.account.id, "of a keyword", {}, None)
        contacts.leave(db, world.tenant, second, str(TO), contacts.DELETED)
    neighbours_call(world).ok("add-list", name="theirs")

    told = call.ok("get-lists")
    assert list(told) == ["page", "lists_total", "lists", "error"]
    assert told["lists_total"] == 3
    assert [items(each) for each in told["lists"]] == [
        [("id", first), ("name", "first"), ("created", TOLD), ("members_active", 0), ("fields", {"field_1": "Email"}),
         ("members_total", 0)],
        [("id", second), ("name", "second"), ("created", TOLD), ("members_active", 0), ("fields", []),
         ("members_total", 1)],
        [("id", second + 1), ("name", "of a keyword"), ("created", None), ("members_active", 0), ("fields", []),
         ("members_total", 0)],
    ]  # fmt: skip
    styled = call.ok("get-lists", response_style="array")["lists"]
    assert [each["fields"] for each in styled] == [[{"name": "field_1", "value": "Email"}], [], []]
    assert "<created/>" in call.http.get("/get-lists.xml").text


# get-list


@pytest.fixture
def crowd(call: Caller, world: World) -> int:
    """A list with three active and two inactive members."""
    on = int(call.ok("add-list", name="crowd")["id"])
    for number in (61491570155, 61491570151, 61491570153, 61491570152, 61491570154):
        call.ok("add-to-list", list_id=on, msisdn=number)
    with world.store.begin() as db:
        contacts.leave(db, world.tenant, on, "61491570152", contacts.DELETED)
        contacts.leave(db, world.tenant, on, "61491570154", contacts.OPTED_OUT)
    return on


@pytest.mark.parametrize(
    ("wanted", "shown", "pages"),
    [
        ({}, [1, 3, 5], 1),
        ({"members": "active"}, [1, 3, 5], 1),
        ({"members": ""}, [1, 3, 5], 1),
        ({"members": "inactive"}, [2, 4], 1),
        ({"members": "ALL"}, [1, 2, 3, 4, 5], 1),
        ({"members": "none"}, [], 1),
        ({"max": 2}, [1, 3], 2),
        ({"max": 2, "page": 2}, [5], 2),
        ({"max": 2, "page": 3}, [], 2),
        ({"members": "all", "max": 2, "page": 3}, [5], 3),
        ({"members": "inactive", "max": 1, "page": 2}, [4], 2),
    ],
)
def test_members(call: Caller, crowd: int, wanted: dict[str, Any], shown: list[int], pages: int) -> None:
    told = call.ok("get-list", list_id=crowd, **wanted)
    keys = ["page", "members_total", "id", "name", "created", "members_active", "fields"]
    assert list(told) == [*keys, *(["members"] if shown else []), "error"]
    assert (told["members_total"], told["members_active"]) == (5, 3)
    assert told["page"] == {"count": pages, "number": wanted.get("page", 1)}
    assert [each["msisdn"] - 61491570150 for each in told.get("members", [])] == shown


def test_a_member(call: Caller, crowd: int) -> None:
    told = call.ok("get-list", list_id=crowd, members="all")
    assert items(told["members"][0]) == [
        ("list_id", crowd), ("msisdn", 61491570151), ("first_name", None), ("last_name", None), ("created_at", TOLD),
        ("status", "active"),
    ]  # fmt: skip
    assert [each["status"] for each in told["members"]] == ["active", "inactive", "active", "inactive", "active"]


def test_members_with_custom_fields(call: Caller, world: World) -> None:
    on = call.ok("add-list", name="rich", field_10="City", field_2="Post Code")["id"]
    call.ok("add-to-list", list_id=on, msisdn=TO, field_2="06000")
    [member] = call.ok("get-list", list_id=on)["members"]
    assert items(member)[2:4] == [("first_name", ""), ("last_name", "")]
    assert list(member["fields"].items()) == [("Post Code", 6000), ("City", "")]
    told = call.ok("get-list", list_id=on, response_style="array")
    assert told["fields"] == [{"name": "field_2", "value": "Post Code"}, {"name": "field_10", "value": "City"}]
    assert told["members"][0]["fields"] == [{"name": "Post Code", "value": 6000}, {"name": "City", "value": ""}]
    as_xml = call.http.get(f"/get-list.xml?list_id={on}").text
    assert "<fields><Post_Code>6000</Post_Code><City/></fields></item></members>" in as_xml


@pytest.mark.parametrize("method", ["get-list", "add-to-list"])
def test_lists_that_are_not_there_or_not_ones_own(call: Caller, fresh: World, method: str) -> None:
    theirs = neighbours_call(fresh).ok("add-list", name="theirs")["id"]
    also = {"msisdn": TO}
    assert call.refused(method, list_id=1, **also) == ("NOT_FOUND", "The resource with this key is not found.")
    assert call.refused(method, list_id=theirs, **also) == (
        "NO_ACCESS",
        "You do not have access to this resource.",
    )
    for nothing in ("", "0"):
        assert call.refused(method, list_id=nothing, **also) == ("FIELD_EMPTY", "Required field 'list_id' is empty")
    assert call.refused(method, list_id="friends", **also) == (
        "FIELD_INVALID",
        'Field "list_id" has wrong type, expected type - numeric',
    )


def test_an_unknown_kind_of_members(call: Caller, crowd: int) -> None:
    assert call.refused("get-list", list_id=crowd, members="some") == GENERIC


# add-to-list


@pytest.fixture
def rich(call: Caller, world: World) -> int:
    """A list with custom fields."""
    made = call.ok("add-list", name="rich", field_1="Email", field_2="Post Code", field_7="Birth.Day")
    return int(made["id"])


def test_a_contact(call: Caller, world: World) -> None:
    on = call.ok("add-list", name="plain")["id"]
    assert items(call.ok("add-to-list", list_id=on, msisdn=TO)) == [
        ("list_id", on), ("msisdn", TO), ("first_name", None), ("last_name", None), ("created_at", TOLD),
        ("status", "active"),
    ]  # fmt: skip
    told = call.ok("add-to-list", list_id=on, msisdn=TO + 1, first_name=" Kim ", last_name="7", field_1="lost")
    assert (told["first_name"], told["last_name"], "fields" in told) == ("Kim", 7, False)
    counted = call.ok("get-list", list_id=on)
    assert (counted["members_active"], counted["members_total"]) == (2, 2)


def test_a_contact_with_custom_fields(call: Caller, rich: int) -> None:
    told = call.ok("add-to-list", list_id=rich, msisdn=TO, field_1="a@b.c", field_2="06000", field_3="lost")
    assert list(told) == [
        "list_id", "msisdn", "first_name", "last_name", "created_at", "status", "fields", "error",
    ]  # fmt: skip
    assert (told["first_name"], told["last_name"]) == ("", "")
    assert list(told["fields"].items()) == [("Email", "a@b.c"), ("Post Code", 6000), ("Birth.Day", "")]
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
def test_custom_fields_by_name(call: Caller, rich: int, name: str, field: str) -> None:
    told = call.ok("add-to-list", list_id=rich, msisdn=TO, **{name: "value"})["fields"]
    assert {each for each, value in told.items() if value == "value"} == {field}


def test_the_slot_is_meant_where_a_field_has_a_slots_name(call: Caller) -> None:
    on = call.ok("add-list", name="odd", field_1="2", field_2="one")["id"]
    assert call.ok("add-to-list", list_id=on, msisdn=TO, field_2="x")["fields"] == {"2": "", "one": "x"}


def test_the_names_other_clients_send_are_not_known(call: Caller, rich: int) -> None:
    told = call.ok("add-to-list", list_id=rich, msisdn=TO, firstname="Kim", lastname="K")
    assert (told["first_name"], told["last_name"]) == ("", "")


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
def test_numbers(call: Caller, rich: int, msisdn: str, country: str, number: int) -> None:
    assert call.ok("add-to-list", list_id=rich, msisdn=msisdn, countrycode=country)["msisdn"] == number


@pytest.mark.parametrize("msisdn", ["0491570156", "123", "nonsense", "61491", "9" * 100])
def test_numbers_that_can_not_be(call: Caller, rich: int, msisdn: str) -> None:
    assert call.refused("add-to-list", list_id=rich, msisdn=msisdn) == (
        "BAD_MOBILE",
        "The mobile provided is invalid",
    )


def test_countries_that_can_not_be(call: Caller, rich: int) -> None:
    assert call.refused("add-to-list", list_id=rich, msisdn=TO, countrycode="Atlantis") == (
        "BAD_MOBILE_COUNTRY",
        "The country of the mobile provided is unavailable",
    )


def test_a_contact_is_added_once_and_not_changed(call: Caller, rich: int) -> None:
    call.ok("add-to-list", list_id=rich, msisdn=TO, first_name="Kim", field_1="a@b.c")
    refused = call.refused("add-to-list", list_id=rich, msisdn=f"+{TO}", first_name="Lee", field_1="x")
    assert refused == ("KEY_EXISTS", "Contact with such mobile already exists")
    told = call.ok("get-list", list_id=rich)
    assert (told["members_active"], told["members_total"]) == (1, 1)
    assert (told["members"][0]["first_name"], told["members"][0]["fields"]["Email"]) == ("Kim", "a@b.c")


def test_a_contact_on_two_lists_is_two_members(call: Caller, rich: int) -> None:
    other = call.ok("add-list", name="other")["id"]
    for on in (rich, other):
        call.ok("add-to-list", list_id=on, msisdn=TO)


def test_contacts_that_left(call: Caller, world: World, rich: int) -> None:
    call.ok("add-to-list", list_id=rich, msisdn=TO)
    call.ok("add-to-list", list_id=rich, msisdn=TO + 1)
    call.ok("send-sms", list_id=rich, message="hi")
    reply(world, str(TO), "stop")
    with world.store.begin() as db:
        contacts.leave(db, world.tenant, rich, str(TO + 1), contacts.DELETED)
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
