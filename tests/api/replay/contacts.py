"""Preparation of recorded exchanges on lists, contacts and imports."""

from typing import Any

from sms_sandbox.store import contacts
from tests.api.replay.preparation import NAMES, Line, Params, Prepare, add_list, add_list_from, field_names, keep_params
from tests.api.tenant_setup import execute_sql
from tests.api.xml_values import parse_xml
from tests.conftest import Caller, FreshTenant


def before_get_lists(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    lists = lists_in(line["body"])
    for each in lists:
        add_list_from(fresh, str(each["name"]), each["fields"], automatic=each["created"] is None)
    for number in range(len(lists), line["body"]["lists_total"] if isinstance(line["body"], dict) else 0):
        add_list_from(fresh, f"further list {number}", {})
    return dict(line["params"])


def lists_in(body: Any) -> list[Any]:
    if isinstance(body, dict):
        lists: list[Any] = body["lists"]
        return lists
    names = [each.text or "" for each in parse_xml(body).iterfind("lists/item/name")]
    return [{"name": name, "fields": {}, "created": ""} for name in names]


def before_get_list(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    body: Any = line["body"] if isinstance(line["body"], dict) else {"fields": {}, "members_active": 3}
    list_id = add_list_from(fresh, "a list", body["fields"])
    for number in range(body["members_active"] + 2):
        call.ok("add-to-list", list_id=list_id, msisdn=61491570119 + number, **NAMES)
    for number in range(body["members_active"], body["members_active"] + 2):
        with fresh.store.begin() as db:
            contacts.deactivate_member(db, fresh.tenant, list_id, str(61491570119 + number), contacts.DELETED)
    return {**line["params"], "list_id": list_id}


def before_a_change(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    return {**line["params"], "list_id": add_list(call)}


def before_add_to_list(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    return {**line["params"], "list_id": add_list(call, *field_names(line["body"]))}


def before_a_contact(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    """Add a list with the contact that the exchange shows or removes."""
    params = before_add_to_list(call, fresh, line)
    details = {**NAMES, "field_1": "contact@example.com", "field_2": "2758"} if line["method"] == "get-contact" else {}
    country = {"countrycode": params["countrycode"]} if "countrycode" in params else {}
    call.ok("add-to-list", list_id=params["list_id"], msisdn=params["msisdn"], **country, **details)
    return params


def before_an_import(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    """Add a list if one was named; for the progress, also a finished import of two contacts."""
    params = dict(line["params"])
    if "list_id" in params:
        params["list_id"] = add_list(call)
    if line["method"] == "add-contacts-bulk-progress":
        call.ok("add-contacts-bulk", list_id=params["list_id"], file_url="https://files.example.com/two.csv")
        ended = "UPDATE imports SET status = 'completed', importlength = 2, completed = 2, imported = 2"
        execute_sql(fresh, f"{ended} WHERE tenant = :tenant", tenant=fresh.tenant)
    return params


PREPARE: dict[str, Prepare] = {
    "add-list": keep_params,
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
