"""Operations on faults: added, read, reordered and removed."""

from typing import Any

import pytest

from tests.receiver import Receiver
from tests.sandbox import Account

NOTHING = {"to": None, "sender": None, "text": None, "key": None}


def code(account: Account, method: str = "get-balance", **params: Any) -> str:
    return str(account.api(method, **params)["error"]["code"])


def test_a_fault_is_returned_as_it_was_added(frozen: Account) -> None:
    added = frozen.ok(
        "POST", "/faults", {"method": "get-balance", "match": {"text": "x"}, "nth": 2, "count": 3, "share": 1, "error":
                            "LEDGER_ERROR", "delay": {"from": 0, "to": 0.01}, "for_seconds": 60},
    )  # fmt: skip
    assert added == {
        "id": added["id"], "on": "api", "method": "get-balance", "event": None, "match": {"text": "x"}, "nth": 2,
        "count": 3, "share": 1.0, "until": "2030-01-31T12:01:00Z", "error": "LEDGER_ERROR", "status": None,
        "body": None, "connection": None, "gateway": None, "callback": None,
            "delay": {"from": 0.0, "to": 0.01}, "seen": 0, "used": 0,
        "remaining": 3, "enabled": True,
    }  # fmt: skip
    assert [code(frozen, message="x") for _ in range(3)] == ["SUCCESS", "LEDGER_ERROR", "LEDGER_ERROR"]
    read = frozen.ok("GET", f"/faults/{added['id']}")
    assert read == {**added, "seen": 3, "used": 2, "remaining": 1}
    assert frozen.ok("GET", "/faults") == {"faults": [read]}


def test_a_fault_ends_by_the_clock_of_the_tenant(frozen: Account) -> None:
    frozen.ok("POST", "/faults", {"error": "FAILED", "for_seconds": 60})
    frozen.ok("POST", "/clock/advance", {"seconds": 59})
    assert code(frozen) == "FAILED"
    frozen.ok("POST", "/clock/advance", {"seconds": 1})
    assert code(frozen) == "SUCCESS"


def test_a_fault_is_switched_off_and_on(tenant: Account) -> None:
    first = tenant.ok("POST", "/faults", {"error": "NO_ACCESS", "count": 2})
    tenant.ok("POST", "/faults", {"error": "NOT_FOUND"})
    assert code(tenant) == "NO_ACCESS"
    off = tenant.ok("PATCH", f"/faults/{first['id']}", {"enabled": False})
    assert (off["enabled"], off["seen"], off["remaining"]) == (False, 1, 1)
    assert code(tenant) == "NOT_FOUND"
    assert tenant.ok("GET", f"/faults/{first['id']}") == off
    enabled = tenant.ok("PATCH", f"/faults/{first['id']}", {"enabled": True})
    assert enabled == {**off, "enabled": True}
    assert [code(tenant) for _ in range(2)] == ["NO_ACCESS", "NOT_FOUND"]
    assert tenant.refused("PATCH", "/faults/99", {"enabled": True}) == (404, "not_found")
    assert tenant.refused("PATCH", f"/faults/{first['id']}", {}) == (422, "invalid")


def test_a_switched_off_fault_on_callbacks_lets_them_pass(frozen: Account, receiver: Receiver) -> None:
    drop = frozen.ok("POST", "/faults", {"on": "callback", "callback": "drop", "enabled": False})
    for enabled, arrived in ((False, 1), (True, 1), (False, 2)):
        frozen.ok("PATCH", f"/faults/{drop['id']}", {"enabled": enabled})
        frozen.send(dlr_callback=receiver.url)
        frozen.ok("POST", "/clock/advance", {"seconds": 2})
        assert len(receiver.received) == arrived


def test_the_first_decides_and_the_order_can_be_changed(tenant: Account) -> None:
    def add(error: str, **more: Any) -> int:
        return int(tenant.ok("POST", "/faults", {"error": error, **more})["id"])

    def order() -> list[int]:
        return [each["id"] for each in tenant.ok("GET", "/faults")["faults"]]

    low, high = add("NOT_FOUND"), add("NO_ACCESS", first=True)
    called = int(tenant.ok("POST", "/faults", {"on": "callback", "callback": "drop"})["id"])
    assert order() == [high, low, called]
    assert code(tenant) == "NO_ACCESS"
    put = tenant.ok("PUT", "/faults/order", {"on": "api", "order": [low, high]})
    assert [each["id"] for each in put["faults"]] == order() == [low, high, called]
    assert code(tenant) == "NOT_FOUND"
    assert tenant.refused("PUT", "/faults/order", {"on": "api", "order": [low]}) == (409, "conflict")
    assert tenant.refused("PUT", "/faults/order", {"order": [low]}) == (422, "invalid")

    tenant.ok("DELETE", f"/faults/{low}")
    assert tenant.refused("GET", f"/faults/{low}") == tenant.refused("DELETE", f"/faults/{low}") == (404, "not_found")
    assert code(tenant) == "NO_ACCESS"
    tenant.ok("DELETE", "/faults")
    assert order() == []
    assert code(tenant) == "SUCCESS"


def test_faults_are_of_one_tenant_and_go_with_a_reset(tenant: Account, frozen: Account) -> None:
    fault = tenant.ok("POST", "/faults", {"error": "FAILED"})["id"]
    assert code(frozen) == "SUCCESS"
    assert frozen.refused("GET", f"/faults/{fault}") == (404, "not_found")
    tenant.ok("POST", "/tenants/current/reset")
    assert code(tenant) == "SUCCESS"
    assert tenant.ok("GET", "/faults") == {"faults": []}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "Give an effect: error, status, body, connection, gateway or delay"),
        ({"error": "LEGDER_ERROR"}, "There is no error 'LEGDER_ERROR'; did you mean 'LEDGER_ERROR'?"),
        ({"error": "SUCCESS"}, "There is no error 'SUCCESS'"),
        ({"error": "FAILED", "method": "send_sms"}, "There is no method 'send_sms'; did you mean 'send-sms'?"),
        ({"error": "FAILED", "method": "x"}, "There is no method 'x'."),
        ({"status": 404}, "404"),
        ({"status": 503, "error": "FAILED"}, "Give only one effect, not `error` and `status`"),
        ({"on": "callback", "error": "FAILED"}, "`error` is only for a fault on 'api'"),
        ({"callback": "drop"}, "`callback` is only for a fault on 'callback'"),
        ({"on": "callback", "event": "sms", "callback": "drop"}, "'sms'"),
        ({"delay": {"seconds": 1, "median": 2}}, "A delay must have `seconds`"),
        ({"delay": {"seconds": -1}}, "from 0 to 604800"),
        ({"connection": "stall", "delay": {"seconds": 1}}, "cannot have a delay"),
        ({"error": "FAILED", "match": {"to": "abc"}}, "'abc' is not a phone number"),
        ({"error": "FAILED", "match": {"number": "1"}}, "unknown field `number`"),
        ({"error": "FAILED", "share": 0}, "share"),
        ({"error": "FAILED", "nth": 0}, "nth"),
        ({"error": "FAILED", "times": 1}, "unknown field `times`"),
    ],
)
def test_an_invalid_fault_is_refused_with_a_reason(tenant: Account, body: dict[str, Any], reason: str) -> None:
    answer = tenant.control("POST", "/faults", body)
    assert (answer.status, answer.code) == (422, "invalid")
    assert reason in answer.json["error"]["message"]
    assert tenant.ok("GET", "/faults") == {"faults": []}


def test_a_magic_key_acts_on_the_tenant_of_its_account(server: Account, tenant: Account) -> None:
    magic = Account(server.ready, f"{tenant.key}-nocredit", tenant.secret)
    assert magic.ok("GET", "/tenants/current")["name"] == tenant.ok("GET", "/tenants/current")["name"]
    assert code(magic, "send-sms", message="Hi", to="61491570156") == "LEDGER_ERROR"
    assert tenant.ok("GET", "/messages")["messages"] == []
