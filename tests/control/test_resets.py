"""Resets by kind: what goes, what stays, and that what is left still works."""

from collections.abc import Callable, Iterator
from typing import Any, get_args

import pytest

from sms_sandbox.control.shapes.tenants import Kind
from sms_sandbox.services import reset
from tests.living import LEASED, NUMBER, OTHER, done, live
from tests.serving import HANDSET, Account, Receiver

Make = Callable[..., Account]

REPLIES = "61491578888"
"""A number that writes back whatever it is sent."""


@pytest.fixture
def lived(worlds: Make, receiver: Receiver) -> Iterator[Account]:
    """A world in which something of everything happened."""
    world = worlds(seed="lived", frozen_at="2030-01-31T12:00:00Z")
    live(world, receiver)
    yield world
    world.ok("DELETE", f"/tenants/{world.ok('GET', '/tenants/current')['name']}")


def client_of(world: Account) -> Account:
    told = done(world, "get-clients")["clients"]
    assert isinstance(told, list)
    return Account(world.ready, told[0]["apikey"], told[0]["apisecret"])


def look(world: Account) -> dict[str, Any]:
    """What there is of each kind."""
    client = client_of(world) if done(world, "get-clients").get("clients") else None
    owned = [str(each["number"]) for each in world.api("get-numbers")["numbers"]]
    return {
        "messages": [world.ok("GET", f"/{name}")["page"]["total"] for name in ("messages", "recipients", "callbacks")],
        "contacts": [each["name"] for each in world.ok("GET", "/lists")["lists"]],
        "numbers": owned,
        "keywords": [each["keyword"] for each in world.api("get-keywords").get("keywords", [])],
        "clock": world.ok("GET", "/clock")["running"],
        "mails": world.ok("GET", "/mails")["page"]["total"],
        "clients": client and client.api("get-balance")["balance"],
        "balance": world.api("get-balance")["balance"],
    }


EMPTY: dict[str, Any] = {
    "messages": [0, 0, 0],
    "contacts": [],
    "numbers": [NUMBER],
    "keywords": [],
    "clock": True,
    "mails": 0,
    "clients": None,
}


def test_the_kinds_are_those_there_are() -> None:
    assert set(get_args(Kind)) == set(reset.KINDS)


def test_each_kind_goes_alone(lived: Account) -> None:
    before = look(lived)
    assert all(before[kind] != empty for kind, empty in EMPTY.items())
    for kind in ("mails", "keywords", "contacts", "messages", "numbers", "clients", "clock"):
        state = lived.ok("POST", "/tenants/current/reset", {"kinds": [kind]})
        assert state["key"] == lived.key
        expected = before | {kind: EMPTY[kind]}
        if kind == "clients":  # theirs go with them
            expected["messages"] = look(lived)["messages"]
        assert look(lived) == expected, kind
        before = expected


def test_numbers_take_keywords_with_them(lived: Account) -> None:
    lived.ok("POST", "/tenants/current/reset", {"kinds": ["numbers"]})
    assert lived.api("get-keywords").get("keywords", []) == []
    done(lived, "lease-number", number=LEASED)
    assert set(lived.ok("POST", "/clock/advance", {"days": 40})["counts"]) >= {"number-renewal"}


def test_ids_are_counted_on_and_time_can_pass_after_each(lived: Account) -> None:
    last = lived.ok("GET", "/messages", max=1)["messages"][0]["id"]
    for kind in reset.KINDS:
        lived.ok("POST", "/tenants/current/reset", {"kinds": [kind]})
        lived.ok("POST", "/clock/advance", {"days": 40})
        sent = lived.send("Still works")
        assert sent > last
        last = sent
        assert lived.ok("POST", "/inbound", {"from": HANDSET, "text": "Yes"})["message_id"] == sent


def test_clients_are_gone_with_their_keys_and_numbers(lived: Account) -> None:
    client = client_of(lived)
    lived.ok("POST", "/tenants/current/reset", {"kinds": ["clients"]})
    assert client.api("get-balance")["error"]["code"] == "AUTH_FAILED"
    assert client.refused("GET", "/account") == (401, "unauthorised")
    done(lived, "lease-number", number="61491570121")
    happened = lived.ok("POST", "/clock/advance", {"days": 40})["counts"]
    assert happened["number-renewal"] >= 3
    assert happened["keyword-renewal"] == 1


def test_nobody_replies_to_clients_that_are_gone(worlds: Make) -> None:
    world = worlds(frozen_at="2030-01-31T12:00:00Z")
    done(world, "add-client", name="Abc", email="abc@example.com", password="x", msisdn=HANDSET)
    client = client_of(world)
    client.ok("POST", "/account/top-up", {"amount": 50})
    done(client, "lease-number", number=LEASED)
    client.send(to=REPLIES)
    world.send(to=REPLIES)
    done(world, "message-reply", message="Hi", from_=HANDSET, to=NUMBER)
    world.ok("POST", "/tenants/current/reset", {"kinds": ["clients"]})
    world.ok("POST", "/clock/advance", {"minutes": 1})
    came = world.ok("GET", "/traffic", kind="inbound")["entries"]
    assert [(each["code"], each["request"]["text"]) for each in came] == [
        ("received", "Yes please"),
        ("received", "Hi"),
    ]


def test_callbacks_under_way_do_no_harm(worlds: Make, receiver: Receiver) -> None:
    world = worlds()
    receiver.delay = 0.3
    world.ok("PATCH", "/account", {"dlr_url": f"{receiver.url}/dlr"})
    world.ok("PATCH", "/tenants/current", {"delivery_seconds": 0})
    world.send(to=f"{HANDSET},{OTHER}")
    receiver.wait_for(2)
    world.ok("POST", "/tenants/current/reset", {"kinds": ["messages"]})
    receiver.delay = 0
    assert world.ok("POST", "/clock/advance", {"days": 3})["counts"] == {}
    assert world.ok("GET", "/callbacks")["callbacks"] == []
    world.send()
    world.ok("POST", "/clock/advance", {"seconds": 2})
    (told,) = world.ok("GET", "/callbacks")["callbacks"]
    assert told["state"] == "delivered"


@pytest.mark.parametrize(
    "body", [{"kinds": []}, {"kinds": ["message"]}, {"kinds": "messages"}, {"kind": ["messages"]}, {"kinds": [1]}]
)
def test_what_is_no_kind_is_refused(world: Account, body: object) -> None:
    sent = world.send()
    assert world.refused("POST", "/tenants/current/reset", body) == (422, "invalid")
    assert world.ok("GET", f"/messages/{sent}")["id"] == sent
