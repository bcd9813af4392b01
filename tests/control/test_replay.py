"""Replays: the same bytes each time, and the same document if only calls made it."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.receiver import Receiver
from tests.sandbox import HANDSET, Account
from tests.tenant_history import LEASED, OTHER, make_history

Make = Callable[..., Account]
NOON = "2030-01-31T12:00:00Z"


def act(tenant: Account, receiver: Receiver) -> None:
    """Do things that a replay repeats exactly: calls, inbound messages, credit and advances."""
    tenant.ok("PATCH", "/account", {f"{name}_url": f"{receiver.url}/{name}" for name in ("dlr", "reply")})
    tenant.ok("POST", "/rules", {"match": {"to": OTHER}, "scenario": "replies", "count": 2})
    tenant.ok("POST", "/faults", {"method": "get-balance", "status": 503, "nth": 2, "count": 1})
    tenant.ok("POST", "/account/top-up", {"amount": 20})
    tenant.api("get-balance")
    tenant.api_ok("lease-number", number=LEASED)
    list_id = tenant.api_ok("add-list", name="Guests")["id"]
    for number in (HANDSET, OTHER):
        tenant.api_ok("add-to-list", list_id=list_id, msisdn=number, first_name="Given")
    tenant.ok("POST", "/clock/advance", {"minutes": 1})
    receiver.status = 500
    tenant.api_ok("send-sms", message="Hello [firstname] caf\u00e9", list_id=list_id)
    tenant.ok("POST", "/clock/advance", {"seconds": 30})
    receiver.status = 200
    tenant.ok("POST", "/clock/advance", {"minutes": 10})
    tenant.ok("POST", "/inbound", {"from": HANDSET, "text": "Yes"})
    tenant.ok("POST", "/inbound", {"from": HANDSET, "text": "Yes"})
    assert tenant.api("send-sms", message="", to=HANDSET)["error"]["code"] != "SUCCESS"
    assert Account(tenant.ready, tenant.key, "wrong").api("get-balance")["error"]["code"] == "AUTH_FAILED"
    made = tenant.api_ok("add-client", name="Gym", email="gym@example.com", password="a-secret-word", msisdn=OTHER)
    client = Account(tenant.ready, str(made["apikey"]), str(made["apisecret"]))
    client.ok("POST", "/account/top-up", {"amount": 50})
    client.send("From the gym")
    tenant.ok("POST", "/clock/advance", {"days": 40})


def replay_document(tenant: Account, document: dict[str, Any]) -> bytes:
    answer = tenant.control("POST", "/replay", {"document": document})
    assert answer.status == 200, answer.body
    return answer.body


def test_calls_are_repeated_with_the_same_results(new_tenant: Make, receiver: Receiver) -> None:
    tenant = new_tenant(frozen_at=NOON)
    act(tenant, receiver)
    document = tenant.ok("GET", "/export", with_secrets="true")
    heard = len(receiver.received)
    replayed = replay_document(tenant, document)
    parsed = json.loads(replayed)
    for name, rows in document["tables"].items():
        assert parsed["tables"][name] == rows, name
    assert parsed == document
    assert replay_document(tenant, parsed) == replayed
    assert len(receiver.received) == heard
    assert tenant.ok("GET", "/export", with_secrets="true") == document


def test_two_replays_give_the_same_bytes(new_tenant: Make, receiver: Receiver) -> None:
    tenant = new_tenant(frozen_at=NOON)
    make_history(tenant, receiver)
    document = tenant.ok("GET", "/export", with_secrets="true")
    first = replay_document(tenant, document)
    assert replay_document(tenant, document) == first
    assert len(json.loads(first)["tables"]["messages"]) > 5


def test_a_tenant_whose_clock_runs_can_be_replayed(tenant: Account, receiver: Receiver) -> None:
    tenant.ok("PATCH", "/account", {"dlr_url": f"{receiver.url}/dlr"})
    sent = tenant.send()
    receiver.wait_for(1)
    document = tenant.ok("GET", "/export", with_secrets="true")
    first = replay_document(tenant, document)
    assert replay_document(tenant, document) == first
    parsed = json.loads(first)
    assert parsed["tenant"]["clock"] == {**document["tenant"]["clock"], "running": False}
    (recipient,) = parsed["tables"]["recipients"]
    assert (recipient["message"], recipient["status"]) == (sent, "delivered")


def test_a_document_whose_traffic_is_not_whole_is_refused(new_tenant: Make) -> None:
    tenant = new_tenant(frozen_at=NOON)
    tenant.send()
    whole = tenant.ok("GET", "/export", with_secrets="true")
    shorter = copy.deepcopy(whole)
    del shorter["tables"]["traffic"][0]
    assert tenant.refused("POST", "/replay", {"document": shorter}) == (409, "conflict")
    assert tenant.api("send-sms", message="x" * 9000, to=HANDSET)["error"]["code"] == "FIELD_INVALID"
    assert tenant.refused("POST", "/replay", {"document": tenant.ok("GET", "/export", with_secrets="true")}) == (
        409,
        "conflict",
    )
    tenant.ok("DELETE", "/traffic")
    assert tenant.refused("POST", "/replay", {"document": tenant.ok("GET", "/export", with_secrets="true")}) == (
        409,
        "conflict",
    )


@pytest.mark.parametrize("body", [{}, {"document": {}}, {"document": {"format": "x", "version": 1}}, {"name": "x"}])
def test_an_invalid_document_is_refused(server: Account, body: object) -> None:
    assert server.refused("POST", "/replay", body) == (422, "invalid")
