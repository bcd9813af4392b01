"""Recorded exchanges of the live service, replayed: the same status, headers, codes, keys and kinds of values.

Ids differ, and the vendor edited the parameters of some examples, so what each exchange needs is made first and its
parameters are put in place; values are compared only where they are words of the protocol.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from sms_sandbox.domain.pricing import to_units
from sms_sandbox.store import contacts
from tests.api import replaying, replaying_numbers
from tests.api.acts import advance, execute, freeze, reply, settle, settle_tenant
from tests.api.spelling import parsed
from tests.conftest import Caller, World, found

Line = dict[str, Any]
Params = dict[str, Any]

HANDSET = "61491570128"
EDITED = "1234567890"
"""What the vendor wrote over the numbers of some examples."""


def lease(world: World, number: str) -> None:
    leased = "UPDATE numbers SET account = :account, status = 'active' WHERE tenant = :tenant AND number = :number"
    execute(world, leased, account=world.account.id, tenant=world.tenant, number=number)


def make_list(world: World, name: str, fields: Any = (), automatic: bool = False) -> int:
    """A list, as add-list or (`automatic`) a keyword makes it; its fields in either of the two styles."""
    named = {each["name"]: each["value"] for each in fields} if isinstance(fields, list) else dict(fields)
    slots = {slot.removeprefix("field_"): value for slot, value in named.items()}
    with world.store.begin() as db:
        created = None if automatic else world.account.clock.now(datetime.now(UTC))
        return contacts.add_list(db, world.tenant, world.account.id, name, slots, created).id


def send(call: Caller, **params: Any) -> int:
    return int(call.ok("send-sms", **{"message": "hi", "to": HANDSET, **params})["message_id"])


def tracked(call: Caller, world: World, line: Line) -> int:
    """A message with a link that was delivered and answered five days later."""
    lease(world, "61491570121")
    freeze(world, moment(line) - timedelta(days=5))
    link = {"message": "click on my link [tracked-link]", "tracked_link_url": "https://www.example.com/landing"}
    sent = send(call, **{"from": "61491570121"}, **link)
    advance(world, minutes=1)
    freeze(world, moment(line) - timedelta(minutes=20))
    reply(world, HANDSET, "Hi There", to="61491570121")
    freeze(world, moment(line))
    return sent


def moment(line: Line) -> datetime:
    return datetime.strptime(line["captured"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


# What each method's exchanges need


def before_send(call: Caller, world: World, line: Line) -> Params:
    params = dict(line["params"])
    if "from" in params:
        lease(world, params["from"])
    if params.get("to") == EDITED:
        params["to"] = HANDSET
    if "list_id" in params:
        params["list_id"] = make_list(world, "My Test List")
        call.ok("add-to-list", list_id=params["list_id"], msisdn=HANDSET, first_name="Mia", last_name="K")
    return params


def before_cancel(call: Caller, world: World, line: Line) -> Params:
    return {"id": send(call, send_at="2030-01-01")}


def before_a_report(call: Caller, world: World, line: Line) -> Params:
    if line["status"] != 200:
        return dict(line["params"])
    if line["source"] == "recorded-2015":
        return {**line["params"], "message_id": send(call, to="61491570110,61491570110")}
    return {**line["params"], "message_id": tracked(call, world, line)}


def before_responses(call: Caller, world: World, line: Line) -> Params:
    freeze(world, moment(line) - timedelta(hours=1))
    for number in ("61491570123", "61491570124"):
        lease(world, number)
        send(call, **{"from": number})
        reply(world, HANDSET, "Received response")
    on = make_list(world, "My Test List")
    call.ok("add-to-list", list_id=on, msisdn=HANDSET, first_name="Mia", last_name="K")
    send(call, list_id=on)
    reply(world, HANDSET, "I there")
    tracked(call, world, line)
    return {}


def before_activity(call: Caller, world: World, line: Line) -> Params:
    freeze(world, moment(line) - timedelta(minutes=5))
    for number in ("61491570124", "61491570126", "61491570124"):
        lease(world, number)
        send(call, message="Hi there\n\nOpt-out reply STOP", **{"from": number})
        advance(world, seconds=30)
    freeze(world, moment(line))
    return dict(line["params"])


def before_get_lists(call: Caller, world: World, line: Line) -> Params:
    lists = listed(line["body"])
    for each in lists:
        make_list(world, str(each["name"]), each["fields"], automatic=each["created"] is None)
    for number in range(len(lists), line["body"]["lists_total"] if isinstance(line["body"], dict) else 0):
        make_list(world, f"further list {number}")
    return dict(line["params"])


def listed(body: Any) -> list[Any]:
    if isinstance(body, dict):
        lists: list[Any] = body["lists"]
        return lists
    names = [each.text or "" for each in parsed(body).iterfind("lists/item/name")]
    return [{"name": name, "fields": {}, "created": ""} for name in names]


def before_get_list(call: Caller, world: World, line: Line) -> Params:
    body: Any = line["body"] if isinstance(line["body"], dict) else {"fields": {}, "members_active": 3}
    on = make_list(world, "a list", body["fields"])
    for number in range(body["members_active"] + 2):
        name = {"first_name": "Mia", "last_name": "K"}
        call.ok("add-to-list", list_id=on, msisdn=61491570119 + number, **name)
    for number in range(body["members_active"], body["members_active"] + 2):
        with world.store.begin() as db:
            contacts.leave(db, world.tenant, on, str(61491570119 + number), contacts.DELETED)
    return {**line["params"], "list_id": on}


def before_add_to_list(call: Caller, world: World, line: Line) -> Params:
    body = line["body"] if isinstance(line["body"], dict) else {}
    names = [each.tag for each in parsed(line["body"]).iterfind("fields/*")] if not body else [
        each["name"] if isinstance(each, dict) else each for each in body.get("fields", [])
    ]  # fmt: skip
    fields = {f"field_{slot}": name for slot, name in enumerate(names, 1)}
    return {**line["params"], "list_id": make_list(world, "a list", fields)}


def before_balance(call: Caller, world: World, line: Line) -> Params:
    if isinstance(line["body"], dict):
        units = to_units(Decimal(str(line["body"]["balance"])))
        settle(world, balance=units, currency=line["body"]["currency"])
    return {}


def as_it_is(call: Caller, world: World, line: Line) -> Params:
    return dict(line["params"])


PREPARE: dict[str, Callable[[Caller, World, Line], Params]] = {
    "send-sms": before_send,
    "cancel-sms": before_cancel,
    "get-sms": before_a_report,
    "get-sms-stats": before_a_report,
    "get-sms-sent": before_a_report,
    "get-sms-responses": before_a_report,
    "get-sms-delivery-status": before_a_report,
    "get-user-sms-responses": before_responses,
    "get-user-sms-sent": before_activity,
    "get-list": before_get_list,
    "get-lists": before_get_lists,
    "add-to-list": before_add_to_list,
    "get-balance": before_balance,
    **replaying.PREPARE,
    **replaying_numbers.PREPARE,
}
"""What an exchange needs, by its method; where nothing, its parameters are sent as they are."""

METHODS = {*PREPARE, "add-email", "add-list", "format-number", "get-numbers", "get-sms-sent-count", "lease-number"}

DIFFERENT: dict[tuple[str, str], str] = {}
"""Differences that stay, by exchange and place, each with its reason."""


# What is compared


def kind(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value) if value is None else "boolean"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else type(value).__name__


def differences(theirs: Any, ours: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Where two replies differ, and how."""
    if kind(theirs) != kind(ours):
        yield at, f"{kind(theirs)} became {kind(ours)}"
    elif isinstance(theirs, dict):
        if list(theirs) != list(ours):
            yield at, f"keys {list(theirs)} became {list(ours)}"
        for key in theirs.keys() & ours.keys():
            yield from differences(theirs[key], ours[key], f"{at}.{key}")
    elif isinstance(theirs, list):
        if len(theirs) != len(ours):
            yield at, f"{len(theirs)} items became {len(ours)}"
        for index, (one, other) in enumerate(zip(theirs, ours, strict=False)):
            yield from differences(one, other, f"{at}[{index}]")


def as_data(element: Element) -> Any:
    """An XML reply as data; whether there is a text, and whether it is a number, is all that is left of values."""
    if len(element):
        inside = [as_data(each) for each in element]
        return inside if element[0].tag == "item" else dict(zip([each.tag for each in element], inside, strict=True))
    text = (element.text or "").strip()
    if not text:
        return None
    return 1 if text.lstrip("-").replace(".", "", 1).isdigit() else text


def test_replay(fresh: World, call: Caller, exchanges: Path) -> None:
    lines = [json.loads(line) for line in exchanges.read_text("utf-8").splitlines()]
    wanted = [line for line in lines if line["method"] in METHODS]
    assert {line["method"] for line in wanted} == METHODS
    met: dict[tuple[str, str], str] = {}
    for line in wanted:
        met |= {(line["id"], at): how for at, how in replay(fresh, line)}
    unexplained = {place: how for place, how in met.items() if place not in DIFFERENT}
    assert not unexplained
    assert set(DIFFERENT) <= set(met), "a difference that is gone is still explained"


def replay(world: World, line: Line) -> Iterator[tuple[str, str]]:
    world = another(world, line["id"])
    settle_tenant(world, profile="legacy-2015" if line["source"] == "recorded-2015" else "vendor-2020")
    freeze(world, moment(line))
    call = Caller(world.store, line["id"], "secret")
    params = PREPARE.get(line["method"], as_it_is)(call, world, line)
    fields = {name: str(value) for name, value in params.items()}
    where = {"params": fields} if line["verb"] == "GET" or line["source"] == "recorded-2015" else {"data": fields}
    answer = call.http.request(line["verb"], f"/{line['method']}.{line['format']}", **where)  # type: ignore[arg-type]

    for name, theirs, ours in [
        ("status", line["status"], answer.status_code),
        ("content-type", line["content_type"], answer.headers["content-type"]),
        ("x-mashape-billing", line.get("billing", "Queries=1"), answer.headers["x-mashape-billing"]),
    ]:
        if theirs != ours:
            yield name, f"{theirs} became {ours}"
    if line["format"] == "json":
        yield from differences(line["body"], answer.json())
        if (theirs := line["body"]["error"]) != (ours := answer.json()["error"]):
            yield "error", f"{theirs} became {ours}"
        for key in ("page", "filter"):
            if line["body"].get(key) != answer.json().get(key):
                yield key, f"{line['body'].get(key)} became {answer.json().get(key)}"
    else:
        head = '<?xml version="1.0"?>\n<response>'
        if not answer.text.startswith(head) or not line["body"].startswith(head):
            yield "head", answer.text[:50]
        yield from differences(as_data(parsed(line["body"])), as_data(parsed(answer.content)))


def another(world: World, name: str) -> World:
    """A world of its own for each exchange."""
    return found(world.store, name, "secret", name=name)
