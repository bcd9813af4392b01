"""The receiver of callbacks: what it records, and how it fails."""

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import pytest

from sms_sandbox.domain import callbacks
from sms_sandbox.domain.callbacks import signature
from sms_sandbox.testing import Receiver, Sandbox, SandboxError
from sms_sandbox.testing.receiver import EVENT_PARAMETERS
from tests.sandbox import HANDSET, Answer, fetch

SECRET = "secret"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver(SECRET) as opened:
        yield opened


def tell(receiver: Receiver, query: str = "status=delivered&message_id=7", secret: str = SECRET) -> Answer:
    url = f"{receiver.url}/hook?{query}"
    return fetch(url, headers={"X-Transmitsms-Signature": signature(url, secret)})


def test_a_receiver_takes_callbacks_and_checks_their_signatures(receiver: Receiver) -> None:
    assert tell(receiver).status == 200
    assert tell(receiver, secret="another").status == 200
    assert fetch(f"{receiver.url}/hook?status=delivered").status == 200
    assert [each.signed for each in receiver.received()] == [True, False, False]
    first = receiver.dlrs[0]
    assert (first.path, first.event, first["message_id"], first.params["status"]) == ("/hook", "dlr", "7", "delivered")
    assert "x-transmitsms-signature" in first.headers
    assert str(first) == "dlr /hook status='delivered' message_id='7' -> 200"
    assert "(not signed)" in str(receiver.dlrs[1])
    receiver.clear()
    assert receiver.received() == []


@pytest.mark.parametrize(
    ("query", "event"),
    [
        ("status=delivered", "dlr"),
        ("response=Yes&message_id=7", "reply"),
        ("response=Yes&message_id=0", "inbound"),
        ("link_hits=1&message=x", "link-hit"),
        ("type=add&list_id=1", "list-action"),
        ("anything=else", ""),
    ],
)
def test_a_receiver_knows_events_by_their_parameters(receiver: Receiver, query: str, event: str) -> None:
    tell(receiver, query)
    assert [each.event for each in receiver.received()] == [event]


def test_a_receiver_knows_events_by_parameters_that_they_have() -> None:
    common: dict[str, Any] = {"mobile": HANDSET, "at": datetime(2026, 3, 2, tzinfo=UTC)}
    of_message = {**common, "message_id": 7, "user_id": 54911}
    nobody: dict[str, Any] = {"firstname": "", "lastname": "", "list_id": 5}
    params_by_event = {
        "dlr": callbacks.delivery_report(**of_message, status="delivered"),
        "reply": callbacks.reply(**of_message, response="Yes", response_id=9, longcode="61491570112", is_optout=False),
        "link-hit": callbacks.link_hit(**of_message, **nobody, link_hits=1, longcode="News", message="Hi"),
        "list-action": callbacks.list_action(**common, **nobody, action="add", fields={}),
    }
    assert EVENT_PARAMETERS.keys() == params_by_event.keys()
    for event, params in params_by_event.items():
        assert set(EVENT_PARAMETERS[event]) <= {name for name, _ in params}


def test_fields_named_like_other_events_do_not_mislead_a_receiver(tenant: Sandbox) -> None:
    receiver = tenant.receiver()
    list_id = tenant.call("add-list", name="Guests", field_1="status", field_2="response", field_3="link_hits")["id"]
    tenant.control("PATCH", f"/lists/{list_id}", {"automation_url": receiver.url})
    tenant.call("add-to-list", list_id=list_id, msisdn=HANDSET, field_1="gold")
    hook = f"{receiver.url}/?status=open&type=x&response=y&link_hits=z"
    urls = {"dlr_callback": hook, "reply_callback": hook, "link_hits_callback": hook}
    tenant.call("send-sms", message="[tracked-link]", to=HANDSET, tracked_link_url="http://localhost/", **urls)
    tenant.advance(seconds=2)
    tenant.handset(HANDSET).reply("Yes")
    tenant.handset(HANDSET).tap_link()
    tenant.advance(seconds=2)
    assert sorted(each.event for each in receiver.received()) == ["dlr", "link-hit", "list-action", "reply"]


@pytest.mark.parametrize("times", [0, -1])
def test_a_receiver_cannot_fail_less_than_once(receiver: Receiver, times: int) -> None:
    with pytest.raises(ValueError, match="`times` must be 1 or more"):
        receiver.fail(times=times)
    assert tell(receiver).status == 200


def test_a_receiver_fails_as_often_as_set(receiver: Receiver) -> None:
    receiver.fail(503, times=2)
    receiver.fail(404, times=1)
    assert [tell(receiver).status for _ in range(4)] == [503, 503, 404, 200]
    receiver.fail()
    assert [tell(receiver).status for _ in range(3)] == [500] * 3
    receiver.recover()
    assert tell(receiver).status == 200
    assert [each.answer for each in receiver.received()] == [503, 503, 404, 200, 500, 500, 500, 200]


def test_a_receiver_can_break_off_connections(receiver: Receiver) -> None:
    receiver.reset(times=1)
    with pytest.raises((OSError, HTTPException)):
        tell(receiver)
    assert tell(receiver).status == 200
    assert [each.answer for each in receiver.received()] == ["reset", 200]


def test_a_receiver_can_hang_until_it_is_closed(receiver: Receiver) -> None:
    receiver.hang(times=1)
    parts = urlsplit(receiver.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=5) as caller:
        caller.sendall(b"GET /?status=delivered HTTP/1.1\r\nHost: here\r\n\r\n")
        receiver.wait_for(1)
        caller.settimeout(0.05)
        with pytest.raises(TimeoutError):
            caller.recv(1)
        assert tell(receiver).status == 200, "one that hangs holds up the others"
        receiver.close()
        caller.settimeout(5)
        assert caller.recv(1) == b""


def test_a_wait_returns_the_callbacks_or_tells_what_came_instead(receiver: Receiver) -> None:
    later = threading.Timer(0.05, tell, [receiver])
    later.start()
    assert [each.event for each in receiver.wait_for(1, "dlr", timeout=600)] == ["dlr"]  # longer than a test may take
    later.join()
    with pytest.raises(AssertionError, match=r"(?s)Waited 0.05 s for 2 callback\(s\) of dlr and got 1\..*dlr /hook"):
        receiver.wait_for(2, "dlr", timeout=0.05)
    receiver.clear()
    with pytest.raises(AssertionError, match="Received: nothing"):
        receiver.wait_for(timeout=0)


def test_the_ladder_climbs_over_its_failures(tenant: Sandbox) -> None:
    receiver = tenant.receiver()
    receiver.fail(503, times=1)
    receiver.reset(times=1)
    tenant.call("send-sms", message="hello", to=HANDSET)
    tenant.advance(hours=2)
    assert [each.answer for each in receiver.dlrs] == [503, "reset", 200]
    assert all(each.signed for each in receiver.dlrs)
    (callback,) = tenant.callbacks()
    assert [each.status for each in callback.attempts] == [503, None, 200]


def test_a_url_given_with_the_message_wins(tenant: Sandbox) -> None:
    receiver = tenant.receiver()
    tenant.call("send-sms", message="hello", to=HANDSET, dlr_callback=f"{receiver.url}/order?id=17")
    tenant.advance(seconds=2)
    assert [(each.path, each["id"], each.signed) for each in receiver.dlrs] == [("/order", "17", True)]


def test_a_tenant_begins_with_its_receiver_where_it_should(server: Sandbox) -> None:
    with server.new_tenant(with_receiver=True, delivery_seconds=0, link_hits_url=None) as tenant:
        tenant.call("send-sms", to=HANDSET, message="Hello")
        assert [each.signed for each in tenant.receiver().wait_for(1)] == [True]
        account = tenant.control("GET", "/account")
        url = tenant.receiver().url
        assert [account[name] for name in ("dlr_url", "reply_url", "link_hits_url")] == [url, url, None]


def test_a_tenant_that_is_refused_leaves_no_receiver(server: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Receiver] = []

    def open_receiver(secret: str) -> Receiver:
        opened.append(Receiver(secret))
        return opened[0]

    monkeypatch.setattr("sms_sandbox.testing.sandbox.Receiver", open_receiver)
    with pytest.raises(SandboxError, match="profile"):
        server.new_tenant(with_receiver=True, profile="none")
    with pytest.raises(OSError, match="refused"):
        fetch(opened[0].url)
