"""Lists and contacts: add-list, get-list, get-lists, set-list-callback, add-to-list."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sms_sandbox.store import contacts, tenants
from tests.api.tenant_setup import TOLD, add_other_caller
from tests.conftest import Caller, FreshTenant

TO = 61491570156
GENERIC = ("FIELD_INVALID", "Field has invalid format (see proper format in the description).")


def items(reply: Any) -> list[tuple[str, Any]]:
    """Return a response's keys and values in order, without the error block."""
    return [(key, value) for key, value in reply.items() if key != "error"]


# add-list


def test_a_new_list_is_returned(call: Caller, frozen: FreshTenant) -> None:
    assert items(call.ok("add-list", name=" Friends ")) == [
        ("id", 4200001), ("name", "Friends"), ("created", TOLD), ("members_active", 0), ("fields", []),
    ]  # fmt: skip
    assert "<members_active>0</members_active><fields/>" in call.http.get("/add-list.xml?name=other").text


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_only_one_of_simultaneous_calls_creates_the_list(call: Caller, frozen: FreshTenant) -> None:
    with ThreadPoolExecutor(1) as threads, frozen.store.begin() as db:
        tenants.lock(db, frozen.tenant)
        other = threads.submit(call, "add-list", name="Friends")
        with pytest.raises(TimeoutError):
            other.result(0.3)
        contacts.add_list(db, frozen.tenant, frozen.account.id, "Friends", {}, None)
        db.commit()
        assert other.result(10)["error"]["code"] == "KEY_EXISTS"


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_simultaneous_calls_keep_all_fields(call: Caller, frozen: FreshTenant) -> None:
    made = call.ok("add-list", name="Friends")["id"]
    with ThreadPoolExecutor(1) as threads, frozen.store.begin() as db:
        contacts.set_field_names(db, frozen.tenant, made, {"1": "Email"})
        other = threads.submit(call, "add-field-to-list", list_id=made, field_2="Postcode")
        with pytest.raises(TimeoutError):
            other.result(0.3)
        db.commit()
        assert other.result(10)["error"]["code"] == "SUCCESS"
    assert call.ok("get-list", list_id=made)["fields"] == {"field_1": "Email", "field_2": "Postcode"}


def test_a_new_list_has_its_custom_fields(call: Caller) -> None:
    fields = {"field_2": "Postcode", "field_1": "Email", "field_10": "2024", "field_3": "", "field_4": " "}
    listed = call.ok("add-list", name="a", **fields)["fields"]
    assert list(listed.items()) == [("field_1", "Email"), ("field_2", "Postcode"), ("field_10", 2024)]
    listed = call.ok("add-list", name="b", response_style="array", **fields)["fields"]
    assert listed == [
        {"name": "field_1", "value": "Email"}, {"name": "field_2", "value": "Postcode"},
        {"name": "field_10", "value": 2024},
    ]  # fmt: skip
    assert call.ok("add-list", name="c", response_style="array")["fields"] == []
    assert "field_1" in call.ok("add-list", name="d", response_style="object", **fields)["fields"]
    as_xml = call.http.get("/add-list.xml?name=e&field_1=Email&field_11=no").text
    assert "<fields><field_1>Email</field_1></fields>" in as_xml


def test_a_numeric_list_name_is_a_number_in_json(call: Caller) -> None:
    assert call.ok("add-list", name="2024")["name"] == 2024


def test_a_list_name_can_be_used_once(call: Caller, fresh: FreshTenant) -> None:
    call.ok("add-list", name="Friends")
    assert call.refused("add-list", name="Friends") == ("KEY_EXISTS", "The resource with this key already exists.")
    assert call.refused("add-list", name=" Friends ")[0] == "KEY_EXISTS"
    assert call.ok("add-list", name="friends")
    assert add_other_caller(fresh).ok("add-list", name="Friends")


def test_invalid_list_names_are_refused(call: Caller) -> None:
    for nothing in ({}, {"name": ""}, {"name": "  "}):
        assert call.refused("add-list", **nothing) == ("FIELD_EMPTY", "Required field 'name' is empty")
    assert call.refused("add-list", name="n" * 256) == GENERIC
    assert call.refused("add-list", name="n", field_1="f" * 256) == GENERIC


# get-lists


def test_lists_are_returned_with_their_counts(call: Caller, frozen: FreshTenant) -> None:
    first = call.ok("add-list", name="first", field_1="Email")["id"]
    second = call.ok("add-list", name="second")["id"]
    call.ok("add-to-list", list_id=second, msisdn=TO)
    with frozen.store.begin() as db:
        contacts.add_list(db, frozen.tenant, frozen.account.id, "of a keyword", {}, None)
        contacts.deactivate_member(db, frozen.tenant, second, str(TO), contacts.DELETED)
    add_other_caller(frozen).ok("add-list", name="theirs")

    response = call.ok("get-lists")
    assert list(response) == ["page", "lists_total", "lists", "error"]
    assert response["lists_total"] == 3
    assert [items(each) for each in response["lists"]] == [
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
def crowd(call: Caller, frozen: FreshTenant) -> int:
    """A list with three active and two inactive members."""
    list_id = int(call.ok("add-list", name="crowd")["id"])
    for number in (61491570155, 61491570151, 61491570153, 61491570152, 61491570154):
        call.ok("add-to-list", list_id=list_id, msisdn=number)
    with frozen.store.begin() as db:
        contacts.deactivate_member(db, frozen.tenant, list_id, "61491570152", contacts.DELETED)
        contacts.deactivate_member(db, frozen.tenant, list_id, "61491570154", contacts.OPTED_OUT)
    return list_id


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
def test_members_are_filtered_and_paged(
    call: Caller, crowd: int, wanted: dict[str, Any], shown: list[int], pages: int
) -> None:
    response = call.ok("get-list", list_id=crowd, **wanted)
    keys = ["page", "members_total", "id", "name", "created", "members_active", "fields"]
    assert list(response) == [*keys, *(["members"] if shown else []), "error"]
    assert (response["members_total"], response["members_active"]) == (5, 3)
    assert response["page"] == {"count": pages, "number": wanted.get("page", 1)}
    assert [each["msisdn"] - 61491570150 for each in response.get("members", [])] == shown


def test_a_member_is_returned_without_custom_fields(call: Caller, crowd: int) -> None:
    response = call.ok("get-list", list_id=crowd, members="all")
    assert items(response["members"][0]) == [
        ("list_id", crowd), ("msisdn", 61491570151), ("first_name", None), ("last_name", None), ("created_at", TOLD),
        ("status", "active"),
    ]  # fmt: skip
    assert [each["status"] for each in response["members"]] == ["active", "inactive", "active", "inactive", "active"]


def test_members_are_returned_with_their_custom_fields(call: Caller, frozen: FreshTenant) -> None:
    list_id = call.ok("add-list", name="rich", field_10="City", field_2="Post Code")["id"]
    call.ok("add-to-list", list_id=list_id, msisdn=TO, field_2="06000")
    [member] = call.ok("get-list", list_id=list_id)["members"]
    assert items(member)[2:4] == [("first_name", ""), ("last_name", "")]
    assert list(member["fields"].items()) == [("Post Code", 6000), ("City", "")]
    response = call.ok("get-list", list_id=list_id, response_style="array")
    assert response["fields"] == [{"name": "field_2", "value": "Post Code"}, {"name": "field_10", "value": "City"}]
    assert response["members"][0]["fields"] == [{"name": "Post Code", "value": 6000}, {"name": "City", "value": ""}]
    as_xml = call.http.get(f"/get-list.xml?list_id={list_id}").text
    assert "<fields><Post_Code>6000</Post_Code><City/></fields></item></members>" in as_xml


@pytest.mark.parametrize("method", ["get-list", "add-to-list", "set-list-callback"])
def test_unknown_lists_and_those_of_others_are_not_found(call: Caller, fresh: FreshTenant, method: str) -> None:
    theirs = add_other_caller(fresh).ok("add-list", name="theirs")["id"]
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


@pytest.mark.parametrize("unknown", ["true", "false", "1", "some"])
def test_an_unknown_member_filter_means_active(call: Caller, crowd: int, unknown: str) -> None:
    assert call.ok("get-list", list_id=crowd, members=unknown) == call.ok("get-list", list_id=crowd)


# set-list-callback

OK = {"error": {"code": "SUCCESS", "description": "OK"}}


def told_at(fresh: FreshTenant, list_id: int) -> str:
    """Return the URL that is called for changes of a list."""
    with fresh.store.begin() as db:
        list_row = contacts.read_list(db, fresh.tenant, list_id)
    assert list_row
    return list_row.automation_url


@pytest.mark.parametrize("verb", ["GET", "POST"])
@pytest.mark.parametrize("ending", ["json", "xml"])
def test_a_callback_is_set_and_removed(call: Caller, fresh: FreshTenant, crowd: int, verb: str, ending: str) -> None:
    other = call.ok("add-list", name="other")["id"]

    def set_to(**url: str) -> str:
        form = {"list_id": str(crowd), **url}
        where = {"params": form} if verb == "GET" else {"data": form}
        answer = call.http.request(verb, f"/set-list-callback.{ending}", **where)  # type: ignore[arg-type]
        assert answer.status_code == 200
        if ending == "json":
            assert answer.json() == OK
        else:
            assert "<response><error><code>SUCCESS</code><description>OK</description></error></response>" in (
                answer.text.replace("\n", "")
            )
        return told_at(fresh, crowd)

    assert set_to(url=" https://a.example/x?y=z ") == "https://a.example/x?y=z"
    assert set_to(url="http://localhost:9/") == "http://localhost:9/"
    assert set_to() == ""
    for blank in ("", "  "):
        assert set_to(url="http://localhost:9/") == "http://localhost:9/"
        assert set_to(url=blank) == ""
    assert told_at(fresh, other) == ""


@pytest.mark.parametrize("url", ["nowhere", "ftp://a.example/", "http://", "https://a.example/" + "x" * 2048])
def test_an_invalid_callback_url_is_refused(call: Caller, fresh: FreshTenant, crowd: int, url: str) -> None:
    call.ok("set-list-callback", list_id=crowd, url="http://localhost:9/")
    assert call.refused("set-list-callback", list_id=crowd, url=url) == GENERIC
    assert told_at(fresh, crowd) == "http://localhost:9/"
