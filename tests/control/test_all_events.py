"""The stream of the traffic of all tenants."""

from collections.abc import Iterator
from typing import Any

import pytest

from sms_sandbox.control import all_events
from tests.control.traffic_client import Stream
from tests.sandbox import Account


def entries_of(stream: Stream, *tenants: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the entries of some tenants, with the names; other tests may use the same server."""
    while True:
        event = stream.next()
        if event.get("event") and event["data"]["tenant"] in tenants:
            assert event["event"] == event["data"]["entry"]["kind"]
            yield event["data"]["tenant"], event["data"]["entry"]


def test_the_operator_sees_the_traffic_of_every_tenant(tenant: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(all_events, "STREAM_BATCH_ROWS", 2)
    other = tenant.tenant()
    name, other_name = (str(each.ok("GET", "/tenants/current")["name"]) for each in (tenant, other))
    tenant.api("get-balance")  # the second entry, after that of the new tenant
    with Stream(tenant, path="/events/all") as stream:
        begin = stream.next()
        assert begin["event"] == "begin"
        assert begin["data"]["tenants"] >= 2
        for _ in range(5):
            tenant.api("get-lists")
        news = entries_of(stream, name, other_name)
        seen = [next(news) for _ in range(5)]
        assert [(each, entry["id"], entry["method"]) for each, entry in seen] == [
            (name, id_, "get-lists") for id_ in range(3, 8)
        ]
        other.api("get-balance")
        assert next(news)[0] == other_name
        tenant.ok("POST", "/tenants/current/reset")  # ids begin with 1 again
        tenant.api("get-numbers")
        events = [next(news) for _ in range(2)]
        assert [(each, entry["id"], entry["method"]) for each, entry in events] == [
            (name, 1, "reset_tenant"), (name, 2, "get-numbers"),
        ]  # fmt: skip
