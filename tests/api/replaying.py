"""What recorded exchanges on contacts and on spans of time need before they are replayed."""

from datetime import UTC, datetime
from typing import Any

from tests.api.acts import advance, execute, freeze
from tests.api.spelling import parsed
from tests.conftest import Caller, World

Line = dict[str, Any]
Params = dict[str, Any]


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


def a_list(call: Caller, names: list[str]) -> int:
    fields = {f"field_{slot}": name for slot, name in enumerate(names, 1)}
    return int(call.ok("add-list", name="a list", **fields)["id"])


def field_names(body: Any) -> list[str]:
    """The names of the custom fields a reply tells of."""
    if not isinstance(body, dict):
        return [each.tag for each in parsed(body).iterfind("fields/*")]
    return [each["name"] if isinstance(each, dict) else each for each in body.get("fields", [])]


def before_a_change(call: Caller, world: World, line: Line) -> Params:
    return {**line["params"], "list_id": a_list(call, [])}


def before_a_contact(call: Caller, world: World, line: Line) -> Params:
    """A list with the contact that the reply tells of, or that is to leave."""
    on = a_list(call, field_names(line["body"]))
    params = {**line["params"], "list_id": on}
    known = {"first_name": "Ivy", "last_name": "Stone", "field_1": "IvyStone@example.com", "field_2": "2758"}
    told = known if line["method"] == "get-contact" else {}
    country = {"countrycode": params["countrycode"]} if "countrycode" in params else {}
    call.ok("add-to-list", list_id=on, msisdn=params["msisdn"], **country, **told)
    return params


def before_records(call: Caller, world: World, line: Line) -> Params:
    freeze(world, moment(line["body"]["records"][0]["datetime_send"]))
    for _ in range(line["body"]["total"]):
        call.ok("send-sms", message="hi", to=61491570128)
    advance(world, minutes=1)
    freeze(world, moment(line["captured"]))
    return dict(line["params"])


def before_message_report(call: Caller, world: World, line: Line) -> Params:
    """A message sent by hand to one handset, then a campaign to a list, from a number of the account's."""
    freeze(world, moment("2020-09-25 07:36:06"))
    lease = "UPDATE numbers SET account = :account, status = 'active' WHERE tenant = :tenant AND number = '61491570125'"
    execute(world, lease, account=world.account.id, tenant=world.tenant)
    on = a_list(call, ["City", "Postcode"])
    call.ok("add-to-list", list_id=on, msisdn=61491570128, first_name="Mia", field_1="Sydney", field_2="2000")
    single = call.ok("send-sms", message="test", to=61491570128)["message_id"]
    advance(world, minutes=9)
    campaign = call.ok("send-sms", message="test keyword", list_id=on, **{"from": "61491570125"})["message_id"]
    for message, kind in ((single, "quick_sms"), (campaign, "campaign")):
        sql = "UPDATE messages SET type = :kind WHERE tenant = :tenant AND id = :message"
        execute(world, sql, kind=kind, tenant=world.tenant, message=message)
    freeze(world, moment(line["captured"]))
    return {**line["params"], **({"list_id": on} if "list_id" in line["params"] else {})}


def before_an_import(call: Caller, world: World, line: Line) -> Params:
    """A list where one was named; for its progress, a file that was imported, of two contacts."""
    params = dict(line["params"])
    if "list_id" in params:
        params["list_id"] = a_list(call, [])
    if line["method"] == "add-contacts-bulk-progress":
        call.ok("add-contacts-bulk", list_id=params["list_id"], file_url="https://files.example.com/two.csv")
        ended = "UPDATE imports SET status = 'completed', importlength = 2, completed = 2, imported = 2"
        execute(world, f"{ended} WHERE tenant = :tenant", tenant=world.tenant)
    return params


PREPARE = {
    "add-contacts-bulk": before_an_import,
    "add-contacts-bulk-progress": before_an_import,
    "add-field-to-list": before_a_change,
    "remove-list": before_a_change,
    "get-contact": before_a_contact,
    "edit-list-member": before_a_contact,
    "delete-from-list": before_a_contact,
    "optout-list-member": before_a_contact,
    "get-contact-sms-stats": before_records,
    "get-message-report": before_message_report,
}
