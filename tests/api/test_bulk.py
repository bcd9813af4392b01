"""add-contacts-bulk and add-contacts-bulk-progress: their immediate responses."""

from typing import Any

import pytest

from sms_sandbox.store import imports
from sms_sandbox.store.imports import Import
from tests.api.tenant_setup import add_other_caller
from tests.conftest import Caller, FreshTenant

FILE = "https://files.example.com/people.csv"
GENERIC = ("FIELD_INVALID", "Field has invalid format (see proper format in the description).")
UNKNOWN = ("NOT_FOUND", "The resource with this key is not found.")
FOREIGN = ("NO_ACCESS", "You do not have access to this resource.")


def the_import(fresh: FreshTenant, list_id: int) -> Import:
    with fresh.store.begin() as db:
        last = imports.find_last(db, fresh.tenant, list_id)
    assert last is not None
    return last


def make(call: Caller, **params: Any) -> int:
    return int(call.ok("add-list", name="People", **params)["id"])


def test_a_file_is_imported_into_a_new_list(call: Caller, fresh: FreshTenant) -> None:
    response = call.ok("add-contacts-bulk", name="Many", field_1="Postcode", field_3="Email", file_url=FILE)
    assert list(response) == ["list_id", "error"]
    made = call.ok("get-list", list_id=response["list_id"])
    assert (made["name"], made["members_total"]) == ("Many", 0)
    assert made["fields"] == {"field_1": "Postcode", "field_3": "Email"}
    asked = the_import(fresh, response["list_id"]).asked
    assert (asked.url, asked.made_list, asked.country) == (FILE, True, None)


def test_a_file_is_imported_into_an_existing_list(call: Caller, fresh: FreshTenant) -> None:
    people = make(call, field_1="Mail", field_2="Town")
    response = call.ok(
        "add-contacts-bulk", list_id=people, name="ignored", field_1="Email", countrycode="australia", file_url=FILE
    )
    assert response["list_id"] == people
    assert call.ok("get-list", list_id=people)["fields"] == {"field_1": "Email", "field_2": "Town"}
    assert call.ok("get-lists")["lists_total"] == 1
    asked = the_import(fresh, people).asked
    assert (asked.made_list, asked.country, asked.fields) == (False, "AU", {"1": "Email", "2": "Town"})


def test_empty_parameters_that_clients_add_are_ignored(call: Caller) -> None:
    people = make(call)
    call.ok("add-contacts-bulk", list_id=people, name="", field_1="", countrycode="", fields="Array", file_url=FILE)
    assert call.ok("get-list", list_id=people)["fields"] == []
    other = call.ok("add-contacts-bulk", list_id=0, name="Other", file_url="https://me:secret@files.example.com/a")
    assert other["list_id"] != people


@pytest.mark.parametrize(
    ("params", "refusal"),
    [
        ({"list_id": 1}, ("FIELD_EMPTY", "Field file_url is required")),
        ({"file_url": FILE}, ("FIELD_EMPTY", "Field list_id is required")),
        ({"file_url": FILE, "list_id": 0}, ("FIELD_EMPTY", "Field list_id is required")),
        ({"file_url": "ftp://files.example.com/a", "name": "a"}, GENERIC),
        ({"file_url": "people.csv", "name": "a"}, GENERIC),
        ({"file_url": FILE, "name": "a", "countrycode": "Atlantis"}, GENERIC),
        ({"file_url": FILE, "name": "a" * 256}, GENERIC),
        ({"file_url": FILE, "name": "a", "field_2": "a" * 256}, GENERIC),
        (
            {"file_url": FILE, "list_id": "x"},
            ("FIELD_INVALID", 'Field "list_id" has wrong type, expected type - numeric'),
        ),
        ({"file_url": FILE, "list_id": 7}, UNKNOWN),
        ({"file_url": FILE, "name": "People"}, ("KEY_EXISTS", "The resource with this key already exists.")),
    ],
)
def test_invalid_imports_are_refused(call: Caller, params: dict[str, Any], refusal: tuple[str, str]) -> None:
    make(call)
    assert call.refused("add-contacts-bulk", **params) == refusal
    assert call.ok("get-lists")["lists_total"] == 1


def test_progress_shows_the_counts_of_a_running_import(call: Caller) -> None:
    people = make(call)
    call.ok("add-contacts-bulk", list_id=people, file_url=FILE)
    response = call.ok("add-contacts-bulk-progress", list_id=people)
    assert [(key, value) for key, value in response.items() if key != "error"] == [
        ("list_id", people), ("status", "in progress"), ("importlength", 0), ("completed", 0), ("duplicates", 0),
        ("skipped", 0), ("optout", 0), ("imported", 0),
    ]  # fmt: skip
    as_xml = call.http.get(f"/add-contacts-bulk-progress.xml?list_id={people}").text
    assert f"<list_id>{people}</list_id><status>in progress</status><importlength>0</importlength>" in as_xml


def test_progress_shows_the_last_import_of_a_list(call: Caller, fresh: FreshTenant) -> None:
    people = make(call)
    call.ok("add-contacts-bulk", list_id=people, file_url=FILE)
    call.ok("add-contacts-bulk", list_id=people, file_url=f"{FILE}?2")
    assert the_import(fresh, people).asked.url == f"{FILE}?2"


def test_progress_of_a_list_without_an_import_is_refused(call: Caller) -> None:
    assert call.refused("add-contacts-bulk-progress") == ("FIELD_EMPTY", "Field list_id is required")
    assert call.refused("add-contacts-bulk-progress", list_id=7) == UNKNOWN
    assert call.refused("add-contacts-bulk-progress", list_id=make(call)) == UNKNOWN


def test_lists_and_imports_of_other_accounts_are_not_found(call: Caller, fresh: FreshTenant) -> None:
    people = make(call)
    others = add_other_caller(fresh)
    assert others.refused("add-contacts-bulk", list_id=people, file_url=FILE) == FOREIGN
    assert others.refused("add-contacts-bulk-progress", list_id=people) == FOREIGN
    call.ok("add-contacts-bulk", list_id=people, file_url=FILE)
    assert others.refused("add-contacts-bulk-progress", list_id=people) == FOREIGN
    others.ok("add-contacts-bulk", name="People", file_url=FILE)
