"""Imports of files into lists (5.11, 5.12)."""

from typing import Any

import pytest

from .callback_receiver import Receiver
from .client import Api, eventually
from .grants import CALLBACK, SANDBOX
from .plugin import about, needs
from .target import Control

pytestmark = needs(SANDBOX, CALLBACK, why="it creates contacts with numbers that are not granted")

Tenant = tuple[Api, Control]
CSV = (
    "Firstname,Lastname,Mobile,City\n"
    "Abc,Uno,61491570156,Sydney\n"
    "Def,,61491570157,\n"
    "Ghi,,nonsense,\n"
    "Abc,Due,61491570156,Perth\n"
    ",,61491570158,\n"
)


def done(api: Api, list_id: int) -> Any:
    """Wait until an import has ended, and return its progress."""

    def ended() -> Any:
        payload = api.ok("add-contacts-bulk-progress", list_id=list_id)
        return payload if payload["status"] != "in progress" else None

    return eventually(ended, 30)


@pytest.mark.parametrize("fmt", ["json", "xml"])
@about("add-contacts-bulk", "add-contacts-bulk-progress", "get-list")
def test_a_file_becomes_a_list(tenant: Tenant, receiver: Receiver, fmt: str) -> None:
    api, _ = tenant
    receiver.files["/contacts.csv"] = CSV.encode()
    url = f"{receiver.url}/contacts.csv"
    payload = api.ok("add-contacts-bulk", fmt, name="imported", field_1="City", file_url=url)
    progress = done(api, payload["list_id"])
    counts = {
        key: progress[key] for key in ("status", "importlength", "completed", "duplicates", "skipped", "imported")
    }
    assert counts == {
        "status": "completed",
        "importlength": 5,
        "completed": 5,
        "duplicates": 1,
        "skipped": 1,
        "imported": 3,
    }
    list_ = api.ok("get-list", list_id=payload["list_id"])
    assert [(row["msisdn"], row["first_name"], row["fields"]["City"]) for row in list_["members"]] == [
        (61491570156, "Abc", "Sydney"), (61491570157, "Def", ""), (61491570158, "", ""),
    ]  # fmt: skip


@about("add-contacts-bulk", "add-contacts-bulk-progress")
def test_known_and_opted_out_contacts_are_counted(tenant: Tenant, receiver: Receiver) -> None:
    api, _ = tenant
    receiver.files["/contacts.csv"] = CSV.encode()
    list_id = api.ok("add-list", name="members", field_1="City")["id"]
    for number in ("61491570156", "61491570157"):
        api.ok("add-to-list", list_id=list_id, msisdn=number)
    api.ok("optout-list-member", list_id=list_id, msisdn="61491570157")
    api.ok("add-contacts-bulk", list_id=list_id, file_url=f"{receiver.url}/contacts.csv")
    progress = done(api, list_id)
    assert (progress["duplicates"], progress["optout"], progress["imported"]) == (2, 1, 1)
    contact = api.ok("get-contact", list_id=list_id, msisdn="61491570156")
    assert (contact["first_name"], contact["fields"]["City"]) == ("Abc", "Sydney")
    assert api.ok("get-contact", list_id=list_id, msisdn="61491570157")["status"] == "inactive"


@about("add-contacts-bulk", "add-contacts-bulk-progress", "get-list")
def test_an_import_that_fails_leaves_no_list(tenant: Tenant, receiver: Receiver) -> None:
    api, _ = tenant
    receiver.files["/contacts.csv"] = b"name,city\nAbc,Uno\n"
    list_id = api.ok("add-contacts-bulk", name="failing", file_url=f"{receiver.url}/contacts.csv")["list_id"]
    assert done(api, list_id)["status"] == "failed"
    api.refused("NOT_FOUND", "get-list", list_id=list_id)
    assert api.ok("get-lists")["lists_total"] == 0
