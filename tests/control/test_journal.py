"""The journal over HTTP: what is noted, found again, verified, waited for, and followed as it happens."""

import json
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from sms_sandbox.settings import Settings
from sms_sandbox.store.journal import EVERY
from sms_sandbox.tls import Certificates
from tests.control.conftest import NOON
from tests.processes import running
from tests.serving import HANDSET, Account, Receiver, basic, fetch, serving

OTHER_HANDSET = "61491570157"
NEAREST = (
    "0 calls of send-sms with message 'Hi' were made, at least 1 was expected; "
    "the nearest: message 'Hi there' instead of 'Hi' (entry 1)."
)


def entries(world: Account, **query: object) -> list[Any]:
    return list(world.ok("GET", "/traffic", **query)["entries"])


def ids(world: Account, **query: object) -> list[int]:
    found = [each["id"] for each in entries(world, **query)]
    counting = {name: value for name, value in query.items() if name not in ("page", "max")}
    if counting == query:
        assert world.ok("GET", "/traffic/count", **query)["count"] == len(found)
    return found


# What is noted


def test_a_call_is_noted_with_all_that_a_tester_asks(frozen: Account) -> None:
    frozen.send("Grüße", f"{HANDSET},{OTHER_HANDSET}", from_="SHOP")
    (entry,) = entries(frozen)
    assert entry == frozen.ok("GET", "/traffic/1")
    assert entry.pop("took_ms") > 0
    reply = entry.pop("reply")
    assert (reply["message_id"], reply["error"]["code"]) == (340000001, "SUCCESS")
    assert entry == {
        "id": 1, "at": NOON, "kind": "call", "account_id": 54911, "method": "send-sms", "number": HANDSET,
        "code": "SUCCESS", "status": 200, "rule": None, "verb": "POST", "url": "/send-sms.json",
        "request": {"message": "Grüße", "to": f"{HANDSET},{OTHER_HANDSET}", "from": "SHOP"}, "error": None,
        "message_id": 340000001, "hints": [], "cut": False,
    }  # fmt: skip


def test_calls_of_every_form_are_noted(world: Account) -> None:
    api, key = world.ready.https, basic(world.key, world.secret)
    fetch(f"{api}/2/get-balance.xml", headers=key, ca=world.ready.ca)
    fetch(f"{api}/get-sms.json?{urlencode({'message_id': 12})}", headers=key, ca=world.ready.ca)
    fetch(
        f"{api}/fly.json", "POST", "a=b", {**key, "Content-Type": "application/x-www-form-urlencoded"}, world.ready.ca
    )
    fly, sms, balance = entries(world)
    assert (balance["url"], balance["verb"], balance["method"]) == ("/2/get-balance.xml", "GET", "get-balance")
    assert balance["reply"]["error"] == {"code": "SUCCESS", "description": "OK"}
    assert (sms["code"], sms["status"], sms["request"], sms["message_id"]) == (
        "NOT_FOUND",
        400,
        {"message_id": "12"},
        12,
    )
    assert (fly["code"], fly["status"], fly["request"]) == ("NOT_IMPLEMENTED", 404, {"a": "b"})
    assert fly["hints"] == ["There is no method 'fly'."]


def test_a_wrong_secret_is_noted_where_the_key_belongs_and_a_strange_key_by_default(
    server: Account, world: Account
) -> None:
    strange = Account(world.ready, "key-of-nobody-here", "secret-of-nobody-here")
    assert Account(world.ready, world.key, "not-its-secret").api("get-balance")["error"]["code"] == "AUTH_FAILED"
    assert strange.api("get-balance")["error"]["code"] == "AUTH_FAILED"
    (wrong,) = entries(world)
    assert (wrong["code"], wrong["account_id"]) == ("AUTH_FAILED", 54911)
    (unknown, *_) = entries(server)
    assert (unknown["code"], unknown["account_id"]) == ("AUTH_FAILED", None)
    assert unknown["hints"] == ["No account here has the key key-…."]
    said = json.dumps([wrong, *entries(server)])
    assert not any(each in said for each in (strange.key, strange.secret, "not-its-secret"))


def test_tries_of_callbacks_are_noted_as_they_end(frozen: Account, receiver: Receiver) -> None:
    receiver.status = 503
    frozen.send("hi", dlr_callback=f"{receiver.url}/hook?order=7&token=abc")
    frozen.ok("POST", "/clock/advance", {"seconds": 1})
    receiver.status = 200
    frozen.ok("POST", "/clock/advance", {"minutes": 2})
    good, bad = entries(frozen, kind="callback")
    assert (bad["code"], bad["status"], bad["error"], bad["at"]) == (
        "failed",
        503,
        "answered 503",
        "2030-01-31T12:00:01Z",
    )
    assert (good["code"], good["status"], good["error"], good["reply"]) == ("ok", 200, None, "ok")
    assert (good["method"], good["number"], good["message_id"]) == ("dlr", HANDSET, 340000001)
    assert (good["verb"], good["url"]) == ("GET", f"{receiver.url}/hook")
    assert good["request"]["order"] == "7"
    assert good["request"]["status"] == "delivered"
    assert good["request"]["token"] == "…"
    assert good["took_ms"] > 0
    assert ids(frozen, kind="callback", code="failed") == [bad["id"]]


def test_a_callback_that_is_refused_says_what_would_let_it_go(frozen: Account) -> None:
    frozen.send("hi", dlr_callback="http://8.8.8.8/")
    frozen.ok("POST", "/clock/advance", {"seconds": 1})
    (entry,) = entries(frozen, kind="callback")
    assert entry["error"].startswith("refused: 8.8.8.8 is a public address")
    assert entry["hints"] == [
        "Callbacks go to this machine and private networks; --callback-host names a public host they may go to."
    ]
    assert entries(frozen, kind="call")[0]["hints"][0].startswith("`dlr_callback`: 8.8.8.8 is a public address")


def test_handsets_messages_are_noted_wherever_they_end(frozen: Account) -> None:
    frozen.send("hi")
    frozen.ok("POST", "/inbound", {"from": HANDSET, "text": "Yes please"})
    frozen.refused("POST", "/inbound", {"from": OTHER_HANDSET, "text": "lost"})
    lost, reply = entries(frozen, kind="inbound")
    assert (reply["method"], reply["code"], reply["number"], reply["message_id"]) == (
        "reply", "received", HANDSET, 340000001,
    )  # fmt: skip
    assert reply["request"] == {"from": HANDSET, "to": "61491570112", "text": "Yes please"}
    assert reply["reply"] == {"response_id": 36500001, "is_optout": False}
    assert (lost["code"], lost["account_id"], lost["request"]) == (
        "unreachable", None, {"from": OTHER_HANDSET, "text": "lost"},
    )  # fmt: skip
    assert lost["error"].startswith(f"No message was sent to {OTHER_HANDSET} yet")


def test_reports_are_noted(frozen: Account) -> None:
    frozen.send("hi", f"{HANDSET},{OTHER_HANDSET}")
    frozen.ok("POST", "/clock/advance", {"seconds": 1})
    told = entries(frozen, kind="report")
    assert [(each["number"], each["code"], each["message_id"]) for each in told] == [
        (OTHER_HANDSET, "delivered", 340000001), (HANDSET, "delivered", 340000001),
    ]  # fmt: skip


# Filters


def test_filters_over_http(frozen: Account) -> None:
    frozen.send("Hello", "0491570156", countrycode="AU")
    frozen.api("get-contact", list_id=1, msisdn=OTHER_HANDSET)
    frozen.ok("POST", "/clock/advance", {"seconds": 10})
    frozen.send("Bye")
    assert ids(frozen, kind="call") == [4, 2, 1]
    for written in (HANDSET, "+61 491 570 156", "0491570156", "0491-570-156", "(0491) 570.156"):
        assert ids(frozen, number=written) == [4, 3, 1], written
    assert ids(frozen, number=OTHER_HANDSET) == [2]
    assert ids(frozen, code="NOT_FOUND") == [2]
    assert ids(frozen, text="ell") == [1]
    assert ids(frozen, method="send-sms", since="2030-01-31T12:00:05Z") == [4]
    assert ids(frozen, until=NOON) == [2, 1]
    assert ids(frozen, after=3) == [4]
    assert ids(frozen, page=2, max=1) == [3]
    assert frozen.ok("GET", "/traffic", page=2, max=3)["page"] == {"number": 2, "count": 2, "total": 4}


@pytest.mark.parametrize(
    "query",
    [{"kind": "sms"}, {"number": "SHOP"}, {"number": ""}, {"after": "x"}, {"since": "2030-01-31T12:00:00"},
     {"until": "soon"}, {"text": "a\x00b"}, {"max": 1001}, {"colour": "red"}],
)  # fmt: skip
def test_filters_that_make_no_sense(world: Account, query: dict[str, object]) -> None:
    assert world.refused("GET", "/traffic", **query) == (422, "invalid")


def test_an_entry_there_is_not(world: Account) -> None:
    assert world.refused("GET", "/traffic/1") == (404, "not_found")
    assert world.refused("GET", "/traffic/x") == (404, "not_found")


def test_deleting_and_resetting(worlds: Callable[..., Account]) -> None:
    world = worlds()
    world.api("get-balance")
    world.api("get-balance")
    assert world.ok("DELETE", "/traffic") == {"cleared": 2}
    world.api("get-balance")
    assert ids(world) == [3]
    assert world.ok("GET", "/traffic")["dropped"] == 0
    world.ok("POST", "/tenants/current/reset", {"kinds": ["traffic"]})
    world.api("get-balance")
    assert ids(world) == [4]
    world.ok("POST", "/tenants/current/reset")
    assert ids(world) == []
    world.api("get-balance")
    assert ids(world) == [1]


def test_tenants_know_nothing_of_each_others_traffic(worlds: Callable[..., Account]) -> None:
    one, other = worlds(), worlds()
    one.send("of one")
    other.send("of the other")
    for world, text in ((one, "of one"), (other, "of the other")):
        assert [each["request"]["message"] for each in entries(world, kind="call")] == [text]
        assert world.ok("POST", "/verify", {"of": "messages", "count": 1, "params": {"text": text}})["ok"]
        assert world.ok("POST", "/wait", {"of": "calls", "count": 1})["ok"]


# Verifying


def verify(world: Account, of: str, **more: object) -> tuple[bool, int, str]:
    said = world.ok("POST", "/verify", {"of": of, **more})
    assert list(said) == ["ok", "found", "difference"]
    return said["ok"], said["found"], said["difference"]


def test_verify_answers_yes_or_says_what_is_other(frozen: Account) -> None:
    frozen.send("Hi there")
    frozen.send("Bye")
    assert verify(frozen, "calls", where={"method": "send-sms"}) == (True, 2, "")
    assert verify(frozen, "calls", where={"method": "send-sms"}, count=2) == (True, 2, "")
    assert verify(frozen, "calls", where={"method": "send-sms"}, count=1) == (
        False, 2, "2 calls of send-sms were made, 1 was expected: entries 2, 1.",
    )  # fmt: skip
    assert verify(frozen, "calls", where={"method": "send-sms"}, params={"message": "Hi"}) == (
        False,
        0,
        NEAREST,
    )
    assert verify(frozen, "messages", where={"number": "0491570156"}, params={"text": "Bye", "to": int(HANDSET)})[0]
    assert verify(frozen, "messages", at_most=1)[:2] == (False, 2)
    assert verify(frozen, "messages", at_least=1, at_most=2)[0]
    assert verify(frozen, "callbacks", count=0)[0]
    assert verify(frozen, "inbound") == (
        False, 0, "0 inbound messages were received, at least 1 was expected; no inbound message was received at all.",
    )  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [{}, {"of": "sms"}, {"of": "calls", "count": 1, "at_most": 2}, {"of": "calls", "at_least": 3, "at_most": 2},
     {"of": "calls", "count": -1}, {"of": "messages", "where": {"method": "send-sms"}},
     {"of": "messages", "where": {"rule": "x"}}, {"of": "messages", "params": {"message": "x"}},
     {"of": "calls", "where": {"kind": "call"}}, {"of": "calls", "params": {"a": [1]}},
     {"of": "calls", "where": {"number": "nobody"}}],
)  # fmt: skip
def test_what_can_not_be_verified(world: Account, body: dict[str, object]) -> None:
    assert world.refused("POST", "/verify", body) == (422, "invalid")


# Waiting


@contextmanager
def meanwhile(*acts: Callable[[], object]) -> Iterator[None]:
    """Do things on a thread beside the test."""
    thread = threading.Thread(target=lambda: [act() for act in acts])
    thread.start()
    yield
    thread.join()


def test_what_happened_before_is_found_at_once(world: Account) -> None:
    world.send("early")
    said = world.ok("POST", "/wait", {"of": "calls", "where": {"method": "send-sms"}, "timeout_seconds": 0})
    assert (said["ok"], said["found"], said["difference"], said["seen"]) == (True, 1, "", [])
    assert [each["request"]["message"] for each in said["entries"]] == ["early"]


def test_a_wait_ends_when_it_happens(world: Account, receiver: Receiver) -> None:
    order: list[str] = []

    def act() -> None:
        order.append("before")
        time.sleep(0.05)  # so that the wait is under way
        order.append("sending")
        world.send("now", dlr_callback=receiver.url)

    with meanwhile(act):
        said = world.ok("POST", "/wait", {"of": "calls", "params": {"message": "now"}, "timeout_seconds": 60})
        order.append("answered")
    assert said["ok"]
    assert order == ["before", "sending", "answered"]
    assert world.ok("POST", "/wait", {"of": "callbacks", "where": {"code": "ok"}, "timeout_seconds": 60})["ok"]
    assert world.ok("POST", "/wait", {"of": "messages", "where": {"code": "delivered"}, "timeout_seconds": 60})["ok"]


def test_a_wait_that_is_over_says_what_was_seen_instead(world: Account) -> None:
    world.send("Hi there")
    body = {"of": "calls", "params": {"message": "Hi"}, "timeout_seconds": 0.2}
    said = world.ok("POST", "/wait", body)
    assert (said["ok"], said["found"], said["entries"]) == (False, 0, [])
    assert said["difference"].endswith("the nearest: message 'Hi there' instead of 'Hi' (entry 1).")
    assert [each["request"]["message"] for each in said["seen"]] == ["Hi there"]


def test_a_wait_that_can_not_come_to_be_is_over_at_once(world: Account) -> None:
    for _ in range(3):
        world.api("get-balance")
    said = world.ok("POST", "/wait", {"of": "calls", "count": 2, "timeout_seconds": 60})
    assert (said["ok"], said["found"]) == (False, 3)


def test_many_wait_while_others_call(world: Account) -> None:
    said: list[Any] = []
    wait = {"of": "calls", "count": 20, "where": {"method": "get-balance"}, "timeout_seconds": 60}
    waiting = [threading.Thread(target=lambda: said.append(world.ok("POST", "/wait", wait))) for _ in range(30)]
    for each in waiting:
        each.start()
    for _ in range(20):
        world.api("get-balance")
    for each in waiting:
        each.join()
    assert [each["found"] for each in said] == [20] * 30


def test_a_wait_of_a_tenant_that_goes_ends(worlds: Callable[..., Account], server: Account) -> None:
    world = worlds(name="leaving")
    codes: list[str] = []
    wait = {"of": "calls", "timeout_seconds": 2}
    waiting = threading.Thread(target=lambda: codes.append(world.control("POST", "/wait", wait).code))
    waiting.start()
    time.sleep(0.1)
    server.ok("DELETE", "/tenants/leaving")
    waiting.join()
    assert codes in (["not_found"], ["unauthorised"])


# The stream


class Stream:
    """A stream of events under way."""

    def __init__(self, world: Account, last: int | None = None, **query: object) -> None:
        parts = urlsplit(world.ready.http)
        self._connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        headers = basic(world.key, world.secret)
        if last is not None:
            headers["Last-Event-ID"] = str(last)
        asked = f"?{urlencode(query)}" if query else ""
        self._connection.request("GET", f"/_sandbox/v1/events{asked}", headers=headers)
        self.response: HTTPResponse = self._connection.getresponse()

    def __enter__(self) -> "Stream":
        assert self.response.status == 200
        assert self.response.readline() == b"retry: 1000\n"
        assert self.response.readline() == b"\n"
        return self

    def __exit__(self, *_: object) -> None:
        self.response.close()
        self._connection.close()

    def next(self) -> dict[str, Any]:
        """The next event: its name, id and data."""
        found: dict[str, Any] = {}
        while line := self.response.readline().rstrip(b"\n"):
            name, _, value = line.decode().partition(": ")
            found[name] = json.loads(value) if name in ("data", "id") else value
        return found


def test_events_come_as_they_happen(world: Account) -> None:
    world.api("get-balance")
    with Stream(world) as stream:
        assert stream.response.headers["Content-Type"] == "text/event-stream"
        world.send("streamed")
        call = stream.next()
        assert (call["event"], call["id"]) == ("call", 2)
        assert call["data"] == world.ok("GET", "/traffic/2")
        assert stream.next()["event"] == "report"
        world.ok("POST", "/inbound", {"from": HANDSET, "text": "yes"})
        assert stream.next()["event"] == "inbound"


def test_a_stream_is_resumed_behind_the_last_event(world: Account) -> None:
    for _ in range(3):
        world.api("get-balance")
    with Stream(world, last=1) as stream:
        assert [stream.next()["id"], stream.next()["id"]] == [2, 3]
    with Stream(world, after=0) as stream:
        assert stream.next()["id"] == 1
    with Stream(world, last=2, after=0) as stream:
        assert stream.next()["id"] == 3


def test_a_stream_of_some_events(world: Account) -> None:
    with Stream(world, kind="call", method="get-numbers") as stream:
        world.send("not this")
        world.api("get-numbers")
        assert stream.next()["data"]["method"] == "get-numbers"


def test_a_stream_goes_on_in_the_world_made_afresh(world: Account) -> None:
    for _ in range(3):
        world.api("get-balance")
    with Stream(world) as stream:
        world.ok("POST", "/tenants/current/reset")
        world.api("get-lists")
        event = stream.next()
        assert (event["id"], event["data"]["method"]) == (1, "get-lists")


def test_a_stream_tells_nothing_of_other_tenants(worlds: Callable[..., Account]) -> None:
    one, other = worlds(), worlds()
    with Stream(one) as stream, Stream(other) as others:
        other.api("get-lists")
        assert others.next()["data"]["method"] == "get-lists"
        one.api("get-numbers")
        assert stream.next()["data"]["method"] == "get-numbers"


def test_a_stream_is_for_who_may_see_it(server: Account, world: Account) -> None:
    url = f"{server.ready.http}/_sandbox/v1/events"
    wrong = b64encode(f"{world.key}:wrong".encode()).decode()
    assert fetch(url, headers={"Authorization": f"Basic {wrong}"}).status == 401
    assert fetch(url, headers={"Host": "evil.example"}).status == 403
    assert server.control("GET", "/events", None, after="x").status == 422
    assert server.control("GET", "/events", None, kind="sms").status == 422


def test_a_stream_whose_reader_went_is_forgotten(world: Account) -> None:
    for _ in range(5):
        with Stream(world):
            pass
    world.api("get-balance")
    assert ids(world) == [1]


def test_streams_and_waits_end_when_the_server_does(certificates: Certificates) -> None:
    settings = Settings(https_port=0, http_port=0, certs=str(certificates.directory), throttle=0)
    said: list[Any] = []
    with serving(settings) as account:
        wait = {"of": "calls", "timeout_seconds": 60}
        waiting = threading.Thread(target=lambda: said.append(account.ok("POST", "/wait", wait)))
        waiting.start()
        stream = Stream(account).__enter__()
        time.sleep(0.2)
        began = time.monotonic()
    took = time.monotonic() - began
    waiting.join()
    assert stream.response.read() == b""
    stream.__exit__()
    assert took < 5
    assert said[0]["difference"].endswith("The sandbox is being stopped.")


# Bounds


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_journal_is_capped_and_says_so(
    kind: str, certificates: Certificates, request: pytest.FixtureRequest
) -> None:
    url = "sqlite://" if kind == "sqlite" else request.getfixturevalue("fresh_postgres")()
    settings = Settings(
        https_port=0, http_port=0, certs=str(certificates.directory), throttle=0, traffic=10, database=url
    )
    with serving(settings) as account:
        for _ in range(25):
            account.api("get-balance")
        assert ids(account) == list(range(25, 15, -1))
        assert account.ok("GET", "/traffic")["dropped"] == 15
        with Stream(account, after=3) as stream:
            assert stream.next() == {"event": "dropped", "data": {"count": 12}}
            assert stream.next()["id"] == 16


def test_what_was_noted_is_kept_by_an_ordinary_end(certificates: Certificates, tmp_path: Path) -> None:
    settings = Settings(
        https_port=0, http_port=0, certs=str(certificates.directory), throttle=0, database=f"sqlite:///{tmp_path}/a.db"
    )
    with serving(settings) as account:
        for _ in range(3):
            account.api("get-balance")
    with serving(settings) as account:
        assert ids(account) == [3, 2, 1]


def test_callbacks_show_their_rule(frozen: Account, receiver: Receiver) -> None:
    frozen.send("hi", dlr_callback=receiver.url)
    frozen.ok("POST", "/clock/advance", {"seconds": 1})
    assert frozen.ok("GET", "/callbacks")["callbacks"][0]["rule"] == ""


def test_a_killed_process_loses_no_more_than_the_last_moment(certificates: Certificates, tmp_path: Path) -> None:
    database = ("--database", f"sqlite:///{tmp_path}/a.db")
    with running(certificates, tmp_path, *database) as first:
        first.account.send("noted")
        time.sleep(EVERY * 5)
        first.kill()
    with running(certificates, tmp_path, *database) as second:
        assert entries(second.account, kind="call")[-1]["request"]["message"] == "noted"
        assert second.account.ok("GET", "/messages", text="noted")["page"]["total"] == 1
