"""The stream of traffic entries."""

import threading
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from tests.control.traffic_client import Stream, ids
from tests.sandbox import HANDSET, Account, fetch, run_sandbox
from tests.timing import eventually


def test_events_come_as_they_happen(tenant: Account) -> None:
    tenant.api("get-balance")
    with Stream(tenant) as stream:
        assert stream.response.headers["Content-Type"] == "text/event-stream"
        tenant.send("streamed")
        call = stream.next()
        assert (call["event"], call["id"]) == ("call", 2)
        assert call["data"] == tenant.ok("GET", "/traffic/2")
        assert stream.next()["event"] == "report"
        tenant.ok("POST", "/inbound", {"from": HANDSET, "text": "yes"})
        assert stream.next()["event"] == "inbound"


def test_a_stream_is_resumed_behind_the_last_event(tenant: Account) -> None:
    for _ in range(3):
        tenant.api("get-balance")
    with Stream(tenant, last=1) as stream:
        assert [stream.next()["id"], stream.next()["id"]] == [2, 3]
    with Stream(tenant, after=0) as stream:
        assert stream.next()["id"] == 1
    with Stream(tenant, last=2, after=0) as stream:
        assert stream.next()["id"] == 3


def test_a_stream_can_be_filtered(tenant: Account) -> None:
    with Stream(tenant, kind="call", method="get-numbers") as stream:
        tenant.send("not this")
        tenant.api("get-numbers")
        assert stream.next()["data"]["method"] == "get-numbers"


def test_a_stream_continues_after_a_reset_of_its_tenant(tenant: Account) -> None:
    for _ in range(3):
        tenant.api("get-balance")
    with Stream(tenant) as stream:
        tenant.ok("POST", "/tenants/current/reset")
        tenant.api("get-lists")
        for expected in ((1, "reset_tenant"), (2, "get-lists")):
            event = stream.next()
            assert (event["id"], event["data"]["method"]) == expected


def test_a_stream_names_changes_with_their_entries(tenant: Account) -> None:
    with Stream(tenant, changes="true") as stream:
        for verb, path, body in (
            ("POST", "/clock/freeze", None),
            ("PATCH", f"/handsets/{HANDSET}", {"state": "off"}), ("PATCH", "/rules/1", {"enabled": False}),
            ("DELETE", "/rules", None), ("POST", "/clock/resume", None),
        ):  # fmt: skip
            tenant.ok(verb, path, body)
            events = {event["event"]: event["data"] for event in (stream.next(), stream.next())}
            assert events.keys() == {"changed", "control"}, path
        assert events["changed"]["clock"]["running"] is True
        tenant.ok("GET", "/rules")
        tenant.api("get-balance")
        assert stream.next()["event"] == "call"
        tenant.ok("POST", "/tenants/current/reset")
        assert {stream.next()["event"], stream.next()["event"]} == {"changed", "control"}


def test_a_stream_names_the_changes_of_an_advance_until_its_end(tenant: Account) -> None:
    with Stream(tenant, changes="true") as stream:
        end = datetime.fromisoformat(tenant.ok("POST", "/clock/advance", {"days": 1})["end"])
        names, shown = set(), end - timedelta(days=1)
        while "control" not in names or shown < end:  # the clock may be looked at on its way, too
            event = stream.next()
            names.add(event["event"])
            if event["event"] == "changed":
                shown = datetime.fromisoformat(event["data"]["clock"]["now"])
        assert names == {"changed", "control"}


def test_a_stream_has_no_events_of_other_tenants(new_tenant: Callable[..., Account]) -> None:
    one, other = new_tenant(), new_tenant()
    with Stream(one) as stream, Stream(other) as others:
        other.api("get-lists")
        assert others.next()["data"]["method"] == "get-lists"
        one.api("get-numbers")
        assert stream.next()["data"]["method"] == "get-numbers"


def test_streams_check_credentials_host_and_filters(server: Account, tenant: Account) -> None:
    url = f"{server.ready.http}/_sandbox/v1/events"
    wrong = b64encode(f"{tenant.key}:wrong".encode()).decode()
    assert fetch(url, headers={"Authorization": f"Basic {wrong}"}).status == 401
    assert fetch(url, headers={"Host": "evil.example"}).status == 403
    assert server.control("GET", "/events", None, after="x").status == 422
    assert server.control("GET", "/events", None, kind="sms").status == 422


def test_a_stream_whose_reader_went_is_forgotten(tenant: Account) -> None:
    for _ in range(5):
        with Stream(tenant):
            pass
    tenant.api("get-balance")
    assert ids(tenant) == [1]


def test_streams_and_waits_end_when_the_server_does(
    certificates: Certificates, wait_has_begun: Callable[[], bool]
) -> None:
    settings = Settings(https_port=0, http_port=0, certs=str(certificates.directory), throttle=0)
    answers: list[Any] = []
    with run_sandbox(settings) as account:
        wait = {"of": "calls", "timeout_seconds": 60}
        waiting = threading.Thread(target=lambda: answers.append(account.ok("POST", "/wait", wait)))
        waiting.start()
        eventually(wait_has_begun)
        stream = Stream(account).__enter__()
    # The server has ended (`run_sandbox` waits for that), although the wait had most of its minute left.
    waiting.join()
    assert stream.response.read() == b""
    stream.__exit__()
    assert answers[0]["difference"].endswith("The sandbox is being stopped.")
