"""Imports of files into lists (5.11, 5.12)."""

from typing import Any

import pytest

from .callback_receiver import Receiver
from .client import Api, eventually
from .grants import CALLBACK, SANDBOX
from .plugin import about, needs
from .target import Control

pytestmark = needs(SANDBOX, CALLBACK, why="it writes contacts in numbers nobody granted")

World = tuple[Api, Control]
CSV = (
    "Firstname,Lastname,Mobile,City\n"
    "Abc,Uno,61491570156,Sydney\n"
    "Def,,61491570157,\n"
    "Ghi,,nonsense,\n"
    "Abc,Due,61491570156,Perth\n"
    ",,61491570158,\n"
)


def done(api: Api, list_id: int) -> Any:
    """What the progress says once it is over."""

    def ended() -> Any:
        said = api.ok("add-contacts-bulk-progress", list_id=list_id)
        return said if said["status"] != "in progress" else None

    return eventually(ended, 30)


@pytest.mark.parametrize("fmt", ["json", "xml"])
@about("add-contacts-bulk", "add-contacts-bulk-progress", "get-list")
def test_a_file_becomes_a_list(world: World, receiver: Receiver, fmt: str) -> None:
    api, _ = world
    receiver.files["/contacts.csv"] = CSV.encode()
    url = f"{receiver.url}/contacts.csv"
    said = api.ok("add-contacts-bulk", fmt, name="imported", field_1="City", file_url=url)
    progress = done(api, said["list_id"])
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
    found = api.ok("get-list", list_id=said["list_id"])
    assert [(each["msisdn"], each["first_name"], each["fields"]["City"]) for each in found["members"]] == [
        (61491570156, "Abc", "Sydney"), (61491570157, "Def", ""), (61491570158, "", ""),
    ]  # fmt: skip


@about("add-contacts-bulk", "add-contacts-bulk-progress")
def test_known_and_stopped_contacts_are_counted(world: World, receiver: Receiver) -> None:
    api, _ = world
    receiver.files["/contacts.csv"] = CSV.encode()
    made = api.ok("add-list", name="members", field_1="City")["id"]
    for number in ("61491570156", "61491570157"):
        api.ok("add-to-list", list_id=made, msisdn=number)
    api.ok("optout-list-member", list_id=made, msisdn="61491570157")
    api.ok("add-contacts-bulk", list_id=made, file_url=f"{receiver.url}/contacts.csv")
    progress = done(api, made)
    assert (progress["duplicates"], progress["optout"], progress["imported"]) == (2, 1, 1)
    contact = api.ok("get-contact", list_id=made, msisdn="61491570156")
    assert (contact["first_name"], contact["fields"]["City"]) == ("Abc", "Sydney")
    assert api.ok("get-contact", list_id=made, msisdn="61491570157")["status"] == "inactive"


@about("add-contacts-bulk", "add-contacts-bulk-progress", "get-list")
def test_an_import_that_fails_leaves_no_list(world: World, receiver: Receiver) -> None:
    api, _ = world
    receiver.files["/contacts.csv"] = b"name,city\nAbc,Uno\n"
    made = api.ok("add-contacts-bulk", name="failing", file_url=f"{receiver.url}/contacts.csv")["list_id"]
    assert done(api, made)["status"] == "failed"
    api.refused("NOT_FOUND", "get-list", list_id=made)
    assert api.ok("get-lists")["lists_total"] == 0
