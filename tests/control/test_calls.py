"""Calls that control makes for the account."""

from typing import Any

import pytest

from tests.sandbox import HANDSET, Account


def make(tenant: Account, method: str, **params: str) -> Any:
    return tenant.ok("POST", "/calls", {"method": method, "params": params})


def test_a_call_through_control_is_like_any_other(tenant: Account) -> None:
    made = make(tenant, "send-sms", to=HANDSET, message="100% ✓ & more")
    assert (made["status"], made["reply"]["error"]["code"]) == (200, "SUCCESS")
    (message,) = tenant.ok("GET", "/messages")["messages"]
    assert (message["id"], message["text"]) == (made["reply"]["message_id"], "100% ✓ & more")
    (entry,) = tenant.ok("GET", "/traffic", kind="call")["entries"]
    assert (entry["method"], entry["code"], entry["verb"]) == ("send-sms", "SUCCESS", "POST")
    refused = make(tenant, "send-sms", message="hi")
    assert (refused["status"], refused["reply"]["error"]["code"]) == (400, "FIELD_INVALID")
    assert tenant.refused("POST", "/calls", {"method": "send-mms"}) == (422, "invalid")


@pytest.mark.parametrize(
    ("fault", "status", "is_text"),
    [({"connection": "reset"}, 0, False), ({"status": 503}, 503, True), ({"body": "truncated"}, 200, True)],
)
def test_a_call_through_control_meets_faults(
    tenant: Account, fault: dict[str, object], status: int, is_text: bool
) -> None:
    tenant.ok("POST", "/faults", {**fault, "count": 1})
    made = make(tenant, "get-balance")
    assert made["status"] == status
    assert isinstance(made["reply"], str) == is_text
    assert make(tenant, "get-balance")["reply"]["error"]["code"] == "SUCCESS"


def test_a_call_through_control_is_throttled(frozen: Account) -> None:
    frozen.ok("PATCH", "/account", {"throttle": 1})
    assert [make(frozen, "get-balance")["status"] for _ in range(2)] == [200, 429]


def test_failed_traffic_is_found(frozen: Account) -> None:
    make(frozen, "send-sms", message="hi")
    make(frozen, "send-sms", message="hi", to=f"{HANDSET},61491572665", dlr_callback="http://127.0.0.1:9/")
    frozen.ok("POST", "/clock/advance", {"seconds": 2})
    failed = frozen.ok("GET", "/traffic", failed="true")["entries"]
    assert {(each["kind"], each["code"]) for each in failed} == {
        ("call", "FIELD_INVALID"),
        ("report", "hard-bounce"),
        ("callback", "failed"),
    }
    others = frozen.ok("GET", "/traffic", failed="false")["entries"]
    assert {(each["kind"], each["code"]) for each in others} == {
        ("call", "SUCCESS"), ("report", "delivered"), ("control", "ok"),
    }  # fmt: skip
    assert frozen.ok("GET", "/traffic")["page"]["total"] == len(failed) + len(others)
