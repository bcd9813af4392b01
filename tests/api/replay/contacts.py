"""What recorded exchanges on lists, contacts and imports need."""

from typing import Any

from sms_sandbox.store import contacts
from tests.api.acts import execute
from tests.api.replay.making import NAMES, Line, Params, Prepare, add_list, as_it_is, field_names, told_list
from tests.api.spelling import parsed
from tests.conftest import Caller, FreshTenant


def before_get_lists(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    lists = listed(line["body"])
    for each in lists:
        told_list(fresh, str(each["name"]), each["fields"], automatic=each["created"] is None)
    for number in range(len(lists), line["body"]["lists_total"] if isinstance(line["body"], dict) else 0):
        told_list(fresh, f"further list {number}", {})
    return dict(line["params"])


def listed(body: Any) -> list[Any]:
    if isinstance(body, dict):
        lists: list[Any] = body["lists"]
        return lists
    names = [each.text or "" for each in parsed(body).iterfind("lists/item/name")]
    return [{"name": name, "fields": {}, "created": ""} for name in names]


def before_get_list(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    body: Any = line["body"] if isinstance(line["body"], dict) else {"fields": {}, "members_active": 3}
    on = told_list(fresh, "a list", body["fields"])
    for number in range(body["members_active"] + 2):
        call.ok("add-to-list", list_id=on, msisdn=61491570119 + number, **NAMES)
    for number in range(body["members_active"], body["members_active"] + 2):
        with fresh.store.begin() as db:
            contacts.deactivate_member(db, fresh.tenant, on, str(61491570119 + number), contacts.DELETED)
    return {**line["params"], "list_id": on}


def before_a_change(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    return {**line["params"], "list_id": add_list(call)}


def before_add_to_list(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    return {**line["params"], "list_id": add_list(call, *field_names(line["body"]))}


def before_a_contact(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    """A list with the contact that the reply tells of, or that is to leave."""
    params = before_add_to_list(call, fresh, line)
    told = {**NAMES, "field_1": "contact@example.com", "field_2": "2758"} if line["method"] == "get-contact" else {}
    country = {"countrycode": params["countrycode"]} if "countrycode" in params else {}
    call.ok("add-to-list", list_id=params["list_id"], msisdn=params["msisdn"], **country, **told)
    return params


def before_an_import(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    """A list where one was named; for its progress, a file that was imported, of two contacts."""
    params = dict(line["params"])
    if "list_id" in params:
        params["list_id"] = add_list(call)
    if line["method"] == "add-contacts-bulk-progress":
        call.ok("add-contacts-bulk", list_id=params["list_id"], file_url="https://files.example.com/two.csv")
        ended = "UPDATE imports SET status = 'completed', importlength = 2, completed = 2, imported = 2"
        execute(fresh, f"{ended} WHERE tenant = :tenant", tenant=fresh.tenant)
    return params


PREPARE: dict[str, Prepare] = {
    "add-list": as_it_is,
    "get-list": before_get_list,
    "get-lists": before_get_lists,
    "add-field-to-list": before_a_change,
    "remove-list": before_a_change,
    "add-to-list": before_add_to_list,
    "get-contact": before_a_contact,
    "edit-list-member": before_a_contact,
    "delete-from-list": before_a_contact,
    "optout-list-member": before_a_contact,
    "add-contacts-bulk": before_an_import,
    "add-contacts-bulk-progress": before_an_import,
}
