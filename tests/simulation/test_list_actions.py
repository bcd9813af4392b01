"""Callbacks for contacts that join or leave a list."""

from datetime import timedelta

import pytest

from sms_sandbox.domain.callbacks import signature
from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import contacts
from tests.conftest import SECRET, FreshTenant
from tests.simulation import queries
from tests.simulation.conftest import Client, Receiver
from tests.store.example_rows import HANDSETS

pytestmark = pytest.mark.anyio

TOLD = "2026-03-01 12:00:00"
ONE, TWO = HANDSETS[:2]


async def automated(still: FreshTenant, call: Client, url: str, name: str = "people", **fields: str) -> int:
    """Add a list with a URL for callbacks, and return its id."""
    made = int((await call.ok("add-list", name=name, **fields))["id"])
    with still.store.begin() as db:
        contacts.set_automation(db, still.tenant, made, url)
    return made


async def run(still: FreshTenant, runner: Runner) -> None:
    await runner.advance(still.tenant, by=timedelta())


async def test_joining_and_leaving_are_called_back(
    still: FreshTenant, call: Client, runner: Runner, receiver: Receiver
) -> None:
    fields = {"field_1": "datum", "field_2": "Carrier", "field_3": "Date Added"}
    list_id = await automated(still, call, receiver.url() + "?x=1", **fields)
    values = {"first_name": "Uno", "last_name": "Rock", "field_2": "Telstra"}
    await call.ok("add-to-list", list_id=list_id, msisdn=ONE, **values)
    await call.ok("delete-from-list", list_id=list_id, msisdn=ONE)
    await run(still, runner)
    joined, left = sorted(receiver.requests, key=lambda each: each.params[-1])
    assert joined.params == [
        ("x", "1"), ("Carrier", "Telstra"), ("Date Added", ""), ("datetime_entry", TOLD), ("datum", ""),
        ("firstname", "Uno"), ("lastname", "Rock"), ("list_id", str(list_id)), ("mobile", ONE), ("type", "add"),
    ]  # fmt: skip
    assert left.params == [*joined.params[:-1], ("type", "delete")]
    assert joined.headers["x-transmitsms-signature"] == signature(joined.target, SECRET)
    callbacks = [each for each, _ in queries.all_callbacks(still)]
    assert [(each.event, each.message, each.msisdn, each.state) for each in callbacks] == [
        ("list-action", 0, ONE, "delivered")
    ] * 2


async def test_a_call_sets_the_automation_url(
    still: FreshTenant, call: Client, runner: Runner, receiver: Receiver
) -> None:
    list_id = int((await call.ok("add-list", name="people"))["id"])
    await call.ok("set-list-callback", list_id=list_id, url=receiver.url("/joined"))
    await call.ok("add-to-list", list_id=list_id, msisdn=ONE)
    await run(still, runner)
    (request,) = receiver.requests
    assert request.target.startswith("/joined?")
    assert request.params[-3:] == [("list_id", str(list_id)), ("mobile", ONE), ("type", "add")]
    await call.ok("set-list-callback", list_id=list_id)
    await call.ok("add-to-list", list_id=list_id, msisdn=TWO)
    await run(still, runner)
    assert len(receiver.requests) == 1


async def test_a_callback_has_the_values_of_its_moment(
    still: FreshTenant, call: Client, runner: Runner, receiver: Receiver
) -> None:
    list_id = await automated(still, call, receiver.url(), field_1="City")
    await call.ok("add-to-list", list_id=list_id, msisdn=ONE, field_1="Perth")
    await call.ok("edit-list-member", list_id=list_id, msisdn=ONE, first_name="Abc", field_1="Hobart")
    await call.ok("remove-list", list_id=list_id)
    await run(still, runner)
    (request,) = receiver.requests
    assert request.params[0] == ("City", "Perth")
    assert dict(request.params)["firstname"] == ""


async def test_an_opt_out_is_reported_as_leaving_the_list(
    still: FreshTenant, call: Client, runner: Runner, receiver: Receiver
) -> None:
    list_id = await automated(still, call, receiver.url())
    other = await automated(still, call, receiver.url(), "other")
    await call.ok("add-to-list", list_id=other, msisdn=ONE)
    for msisdn in (ONE, TWO):
        await call.ok("add-to-list", list_id=list_id, msisdn=msisdn)
    await run(still, runner)
    receiver.requests.clear()
    await call.ok("send-sms", list_id=list_id, message="hi")
    await call.ok("message-reply", message="STOP", from_=ONE, to="61491570112")
    await call.ok("optout-list-member", list_id=list_id, msisdn=TWO)
    await call.ok("optout-list-member", list_id=list_id, msisdn=TWO)
    await run(still, runner)
    requests = [dict(each.params) for each in receiver.requests]
    assert sorted((each["mobile"], each["list_id"], each["type"]) for each in requests) == [
        (ONE, str(list_id), "delete"), (TWO, str(list_id), "delete"),
    ]  # fmt: skip


async def test_a_refused_change_is_not_called_back(
    still: FreshTenant, call: Client, runner: Runner, receiver: Receiver
) -> None:
    list_id = await automated(still, call, receiver.url())
    silent = int((await call.ok("add-list", name="silent"))["id"])
    await call.ok("add-to-list", list_id=list_id, msisdn=ONE)
    await call("add-to-list", list_id=list_id, msisdn=ONE)
    await call.ok("add-to-list", list_id=silent, msisdn=ONE)
    await call.ok("delete-from-list", list_id=silent, msisdn=ONE)
    await call("delete-from-list", list_id=silent, msisdn=ONE)
    await run(still, runner)
    assert len(receiver.requests) == 1
