"""Control calls in the traffic: who changed something, from where, and with which values."""

from typing import Any

from tests.control.test_access import TOKEN, call, cookie_of, make_tenant, server, sign_in
from tests.sandbox import HANDSET, Account

__all__ = ["server"]


def control_entries(tenant: Account) -> list[dict[str, Any]]:
    response: list[dict[str, Any]] = tenant.ok("GET", "/traffic", kind="control")["entries"]
    return response


def test_a_tenant_sees_who_reset_it(server: Account) -> None:
    tenant = make_tenant(server)
    name = tenant.ok("GET", "/tenants/current")["name"]
    tenant.ok("POST", "/tenants/current/reset")
    (own,) = control_entries(tenant)
    assert (own["method"], own["verb"], own["url"], own["code"], own["status"], own["by"]) == (
        "reset_tenant", "POST", "/_sandbox/v1/tenants/current/reset", "ok", 200, f"key {tenant.key} from 127.0.0.1",
    )  # fmt: skip
    assert own["took_ms"] > 0
    by_operator = {"X-Sandbox-Token": TOKEN}
    assert call(server, "POST", f"/tenants/{name}/reset", {"kinds": ["messages"]}, by_operator).status == 200
    latest, *_ = control_entries(tenant)
    assert (latest["by"], latest["request"]) == ("operator from 127.0.0.1", {"kinds": '["messages"]'})
    session = cookie_of(sign_in(server, key=tenant.key, secret=tenant.secret))
    call(server, "POST", "/clock/freeze", {}, session)
    assert control_entries(tenant)[0]["by"] == f"key {tenant.key} from 127.0.0.1"


def test_a_deletion_is_in_the_traffic_of_its_caller(server: Account) -> None:
    tenant = make_tenant(server)
    name = tenant.ok("GET", "/tenants/current")["name"]
    call(server, "DELETE", f"/tenants/{name}", headers={"X-Sandbox-Token": TOKEN})
    latest, *_ = control_entries(server)
    assert (latest["method"], latest["url"]) == ("delete_tenant", f"/_sandbox/v1/tenants/{name}")


def test_values_are_shown_without_secrets(server: Account) -> None:
    made = call(server, "POST", "/tenants", {"secret": "not-for-the-traffic"}, {"X-Sandbox-Token": TOKEN}).json
    latest, *_ = control_entries(server)
    assert latest["request"] == {"secret": "…"}
    tenant = Account(server.ready, made["key"], made["secret"])
    tenant.ok("PATCH", "/account", {"dlr_url": f"http://127.0.0.1:9/?a={tenant.secret}&token=x", "throttle": 0})
    (entry,) = control_entries(tenant)
    assert entry["request"] == {"dlr_url": "http://127.0.0.1:9/?a=…&token=…", "throttle": "0"}
    tenant.ok("POST", "/clock/advance", {"hours": 1.5})
    assert control_entries(tenant)[0]["request"] == {"hours": "1.5"}  # without defaults


def test_only_changes_that_succeed_are_recorded_and_none_twice(server: Account) -> None:
    tenant = make_tenant(server)
    tenant.ok("GET", "/clock")
    tenant.ok("POST", "/verify", {"of": "calls", "count": 0})
    tenant.ok("POST", "/wait", {"of": "calls", "count": 0, "timeout_seconds": 0})
    tenant.refused("PATCH", "/account", {"throttle": -1})
    tenant.refused("DELETE", "/faults/7")
    tenant.send()
    tenant.ok("POST", "/inbound", {"from": HANDSET, "text": "hi"})
    assert control_entries(tenant) == []
    assert "control" not in {each["kind"] for each in tenant.ok("GET", "/traffic")["entries"]}


def test_a_document_has_no_control_calls(server: Account) -> None:
    tenant = make_tenant(server)
    tenant.api("get-balance")
    tenant.ok("POST", "/clock/freeze")
    tenant.api("get-balance")
    tables = tenant.ok("GET", "/export", with_secrets="true")["tables"]
    assert [(entry["id"], entry["kind"]) for entry in tables["traffic"]] == [(1, "call"), (2, "call")]
    assert {"kind": "traffic", "value": 3} in tables["counters"]
