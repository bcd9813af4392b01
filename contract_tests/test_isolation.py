"""Accounts do not see each other's things, nor change them (7)."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from .client import Api
from .grants import SANDBOX
from .plugin import about, needs
from .scene import HANDSETS, Scene, make, since, until

pytestmark = needs(SANDBOX, why="clients can't be removed")

SPAN = {"start": since(29), "end": until(1)}
LISTED: Mapping[str, tuple[dict[str, Any], Callable[[Any], set[int]]]] = {
    "get-lists": ({}, lambda said: {each["id"] for each in said.get("lists", [])}),
    "get-message-report": (SPAN, lambda said: {each["id"] for each in said.get("messages", [])}),
    "get-user-sms-sent": (SPAN, lambda said: {each["message_id"] for each in said.get("messages", [])}),
    "get-user-sms-responses": ({}, lambda said: {each["message_id"] for each in said.get("responses", [])}),
    "get-numbers": ({}, lambda said: {each["number"] for each in said.get("numbers", [])}),
    "get-keywords": ({}, lambda said: {each["number"] for each in said.get("keywords", [])}),
    "get-clients": ({}, lambda said: {each["id"] for each in said.get("clients", [])}),
    "get-contact-sms-stats": (
        {"mobile": HANDSETS[5]},
        lambda said: {each["message_id"] for each in said.get("records", [])},
    ),
}


def theirs(scene: Scene) -> Api:
    assert scene.client is not None
    return scene.client


@pytest.mark.parametrize("method", LISTED)
def test_what_is_listed_is_ones_own(scene: Scene, method: str) -> None:
    form, of = LISTED[method]
    ours, others = (of(api.ok(method, max=100, **form)) for api in (scene.api, theirs(scene)))
    assert not ours & others
    assert ours or others, "nothing is proven where nobody has anything"


@about("get-sms-sent-count", "get-balance")
def test_counts_and_balances_are_ones_own(scene: Scene) -> None:
    client = theirs(scene)
    count, balance = client.ok("get-sms-sent-count")["count"], client.ok("get-balance")["balance"]
    make(scene.api, "send-sms", to=HANDSETS[0], message="ours")
    assert client.ok("get-sms-sent-count")["count"] == count
    assert client.ok("get-balance")["balance"] == balance


@about("get-list", "get-sms", "remove-list", "cancel-sms", "add-to-list")
def test_a_client_reaches_nothing_of_its_reseller(scene: Scene) -> None:
    client = theirs(scene)
    client.refused("NO_ACCESS", "get-list", list_id=scene["crowd"])
    client.refused("NO_ACCESS", "remove-list", list_id=scene["crowd"])
    client.refused("NO_ACCESS", "add-to-list", list_id=scene["crowd"], msisdn=HANDSETS[5])
    client.refused("NO_ACCESS", "get-sms", message_id=scene["sent"])
    client.refused("NO_ACCESS", "cancel-sms", id=scene["scheduled"])
    assert scene.api.ok("get-list", list_id=scene["crowd"])["members_active"] > 0
    assert scene.api.ok("get-sms", message_id=scene["scheduled"])["recipients"] == 1


@about("get-list", "remove-list", "cancel-sms")
def test_a_refused_change_changes_nothing(scene: Scene) -> None:
    client = theirs(scene)
    scene.api.refused("NO_ACCESS", "remove-list", list_id=scene["their_list"])
    scene.api.refused("NO_ACCESS", "delete-from-list", list_id=scene["their_list"], msisdn=HANDSETS[5])
    assert client.ok("get-list", list_id=scene["their_list"])["members_active"] == 1
    before = client.ok("get-balance")
    scene.api.refused("NO_ACCESS", "cancel-sms", id=scene["their_scheduled"])
    assert client.ok("get-balance") == before


@about("send-sms")
def test_a_client_does_not_send_from_its_resellers_number(scene: Scene) -> None:
    theirs(scene).refused("BAD_CALLER_ID", "send-sms", to=HANDSETS[5], message="hi", from_=scene["number"])


@about("delete-from-list", "optout-list-member")
def test_all_lists_are_all_of_ones_own(scene: Scene) -> None:
    scene.api.refused("NOT_FOUND", "optout-list-member", msisdn=HANDSETS[5] + "9")
    made = scene.api.ok("add-list", name="isolated")["id"]
    scene.api.ok("add-to-list", list_id=made, msisdn="61491571266")
    client = theirs(scene)
    own = client.ok("add-list", name="isolated")["id"]
    client.ok("add-to-list", list_id=own, msisdn="61491571266")
    assert scene.api.ok("delete-from-list", msisdn="61491571266")["list_ids"] == [made]
    assert client.ok("get-list", list_id=own)["members_active"] == 1
