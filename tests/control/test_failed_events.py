"""Failed events over control: listed, exported with their tenant, and run again."""

from collections.abc import Callable
from typing import Any

import pytest

from sms_sandbox.store import recipients
from tests.sandbox import Account


def fail(*_: Any) -> None:
    raise LookupError("an error in the sandbox")


def test_a_failed_event_is_listed_and_run_again(
    new_tenant: Callable[..., Account], server: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = new_tenant(frozen_at="2030-01-31T12:00:00Z")
    message = tenant.send()
    monkeypatch.setattr(recipients, "find_reporting", fail)
    tenant.ok("POST", "/clock/advance", {"hours": 1})
    monkeypatch.undo()
    listed = tenant.ok("GET", "/failed-events")
    (event,) = listed["failed_events"]
    assert listed["page"]["total"] == 1
    assert (event["kind"], event["due"]) == ("report", "2030-01-31T12:00:01Z")
    assert event["error"] == "LookupError: an error in the sandbox"
    (entry,) = tenant.ok("GET", "/traffic", kind="failure")["entries"]
    assert (entry["method"], entry["error"]) == ("report", event["error"])
    assert entry["hints"] == [f"The event is kept: POST /_sandbox/v1/failed-events/{event['id']}/run runs it again."]

    document = tenant.ok("GET", "/export", with_secrets="true")
    copy = server.ok("POST", "/import", {"document": document, "name": f"copy-{tenant.key}", "key": f"k{tenant.key}"})
    again = Account(server.ready, copy["key"], copy["secret"])
    for each in (tenant, again):
        assert each.ok("POST", f"/failed-events/{event['id']}/run") == event
        each.ok("POST", "/clock/advance", {"seconds": 1})
        assert each.ok("GET", "/failed-events")["failed_events"] == []
        assert each.ok("GET", f"/messages/{message}")["delivered"] == 1
        assert each.refused("POST", f"/failed-events/{event['id']}/run") == (404, "not_found")
