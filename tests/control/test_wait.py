"""Waits for traffic entries."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from sms_sandbox.control import traffic
from sms_sandbox.journal.writer import JournalWriter
from tests.receiver import Receiver
from tests.sandbox import Account, basic
from tests.timing import eventually


@contextmanager
def meanwhile(*acts: Callable[[], object]) -> Iterator[None]:
    """Run functions on a thread beside the test."""
    thread = threading.Thread(target=lambda: [act() for act in acts])
    thread.start()
    yield
    thread.join()


def test_a_wait_for_an_earlier_event_ends_at_once(tenant: Account) -> None:
    tenant.send("early")
    response = tenant.ok("POST", "/wait", {"of": "calls", "where": {"method": "send-sms"}, "timeout_seconds": 0})
    assert (response["ok"], response["found"], response["difference"], response["seen"]) == (True, 1, "", [])
    assert [each["request"]["message"] for each in response["entries"]] == ["early"]


def test_a_wait_ends_when_it_happens(tenant: Account, receiver: Receiver) -> None:
    order: list[str] = []

    def act() -> None:
        order.append("before")
        time.sleep(0.05)  # the wait has begun by then
        order.append("sending")
        tenant.send("now", dlr_callback=receiver.url)

    with meanwhile(act):
        response = tenant.ok("POST", "/wait", {"of": "calls", "params": {"message": "now"}, "timeout_seconds": 60})
        order.append("answered")
    assert response["ok"]
    assert order == ["before", "sending", "answered"]
    assert tenant.ok("POST", "/wait", {"of": "callbacks", "where": {"code": "ok"}, "timeout_seconds": 60})["ok"]
    assert tenant.ok("POST", "/wait", {"of": "messages", "where": {"code": "delivered"}, "timeout_seconds": 60})["ok"]


def test_a_wait_in_vain_says_what_was_seen_instead(tenant: Account) -> None:
    tenant.send("Hi there")
    body = {"of": "calls", "params": {"message": "Hi"}, "timeout_seconds": 0.2}
    response = tenant.ok("POST", "/wait", body)
    assert (response["ok"], response["found"], response["entries"]) == (False, 0, [])
    assert response["difference"].endswith("the nearest: message 'Hi there' instead of 'Hi' (entry 1).")
    assert [each["request"]["message"] for each in response["seen"]] == ["Hi there"]


def test_a_wait_that_cannot_succeed_ends_at_once(tenant: Account) -> None:
    for _ in range(3):
        tenant.api("get-balance")
    response = tenant.ok("POST", "/wait", {"of": "calls", "count": 2, "timeout_seconds": 60})
    assert (response["ok"], response["found"]) == (False, 3)


def test_many_wait_while_others_call(tenant: Account) -> None:
    answers: list[Any] = []
    wait = {"of": "calls", "count": 20, "where": {"method": "get-balance"}, "timeout_seconds": 60}
    waiting = [threading.Thread(target=lambda: answers.append(tenant.ok("POST", "/wait", wait))) for _ in range(30)]
    for each in waiting:
        each.start()
    for _ in range(20):
        tenant.api("get-balance")
    for each in waiting:
        each.join()
    assert [each["found"] for each in answers] == [20] * 30


def test_a_wait_ends_when_its_client_disconnects(tenant: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[JournalWriter] = []
    monkeypatch.setattr(traffic, "check_capacity", lambda call: heard.append(call.context.journal))
    with closing(HTTPConnection(urlsplit(tenant.ready.http).netloc)) as client:
        wait = json.dumps({"of": "calls", "timeout_seconds": 600})
        client.request("POST", "/_sandbox/v1/wait", wait, basic(tenant.key, tenant.secret))
        eventually(lambda: bool(heard) and heard[0].listener_count == 1)
    eventually(lambda: heard[0].listener_count == 0)


def test_a_wait_ends_when_its_tenant_is_deleted(
    new_tenant: Callable[..., Account], server: Account, wait_has_begun: Callable[[], bool]
) -> None:
    tenant = new_tenant(name="leaving")
    codes: list[str] = []
    wait = {"of": "calls", "timeout_seconds": 600}
    waiting = threading.Thread(target=lambda: codes.append(tenant.control("POST", "/wait", wait).code))
    waiting.start()
    eventually(wait_has_begun)
    server.ok("DELETE", "/tenants/leaving")
    waiting.join()
    assert codes in (["not_found"], ["unauthorised"])
