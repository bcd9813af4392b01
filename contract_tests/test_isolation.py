"""Accounts cannot see or change each other's things (7)."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from .client import Api
from .grants import SANDBOX
from .plugin import about, needs
from .scene import HANDSETS, Scene, create, days_ago, days_ahead

pytestmark = needs(SANDBOX, why="clients cannot be removed")

SPAN = {"start": days_ago(29), "end": days_ahead(1)}
LISTED: Mapping[str, tuple[dict[str, Any], Callable[[Any], set[int]]]] = {
    "get-lists": ({}, lambda payload: {row["id"] for row in payload.get("lists", [])}),
    "get-message-report": (SPAN, lambda payload: {row["id"] for row in payload.get("messages", [])}),
    "get-user-sms-sent": (SPAN, lambda payload: {row["message_id"] for row in payload.get("messages", [])}),
    "get-user-sms-responses": ({}, lambda payload: {row["message_id"] for row in payload.get("responses", [])}),
    "get-numbers": ({}, lambda payload: {row["number"] for row in payload.get("numbers", [])}),
    "get-keywords": ({}, lambda payload: {row["number"] for row in payload.get("keywords", [])}),
    "get-clients": ({}, lambda payload: {row["id"] for row in payload.get("clients", [])}),
    "get-contact-sms-stats": (
        {"mobile": HANDSETS[5]},
        lambda payload: {row["message_id"] for row in payload.get("records", [])},
    ),
}


def theirs(scene: Scene) -> Api:
    assert scene.client is not None
    return scene.client


@pytest.mark.parametrize("method", LISTED)
def test_lists_contain_only_own_things(scene: Scene, method: str) -> None:
    form, rows_of = LISTED[method]
    ours, others = (rows_of(api.ok(method, max=100, **form)) for api in (scene.api, theirs(scene)))
    assert not ours & others
    assert ours or others, "without data this test proves nothing"


@about("get-sms-sent-count", "get-balance")
def test_counts_and_balances_are_per_account(scene: Scene) -> None:
    client = theirs(scene)
    count, balance = client.ok("get-sms-sent-count")["count"], client.ok("get-balance")["balance"]
    create(scene.api, "send-sms", to=HANDSETS[0], message="ours")
    assert client.ok("get-sms-sent-count")["count"] == count
    assert client.ok("get-balance")["balance"] == balance


@about("get-list", "get-sms", "remove-list", "cancel-sms", "add-to-list")
def test_a_client_cannot_reach_its_resellers_things(scene: Scene) -> None:
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
def test_a_client_cannot_send_from_its_resellers_number(scene: Scene) -> None:
    theirs(scene).refused("BAD_CALLER_ID", "send-sms", to=HANDSETS[5], message="hi", from_=scene["number"])


@about("delete-from-list", "optout-list-member")
def test_all_lists_means_all_own_lists(scene: Scene) -> None:
    scene.api.refused("NOT_FOUND", "optout-list-member", msisdn=HANDSETS[5] + "9")
    list_id = scene.api.ok("add-list", name="isolated")["id"]
    scene.api.ok("add-to-list", list_id=list_id, msisdn="61491571266")
    client = theirs(scene)
    own = client.ok("add-list", name="isolated")["id"]
    client.ok("add-to-list", list_id=own, msisdn="61491571266")
    assert scene.api.ok("delete-from-list", msisdn="61491571266")["list_ids"] == [list_id]
    assert client.ok("get-list", list_id=own)["members_active"] == 1
