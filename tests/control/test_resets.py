"""Resets by kind: the data that is removed, and the data that stays and still works."""

from collections.abc import Callable, Iterator
from typing import Any, get_args

import pytest

from sms_sandbox.control.shapes.tenants import Kind
from sms_sandbox.services import reset
from tests.receiver import Receiver
from tests.sandbox import HANDSET, Account
from tests.tenant_history import LEASED, NUMBER, OTHER, make_history

Make = Callable[..., Account]

REPLIES = "61491578888"
"""A number that writes back whatever it is sent."""


@pytest.fixture
def used_tenant(new_tenant: Make, receiver: Receiver) -> Iterator[Account]:
    """A tenant with data of every kind."""
    tenant = new_tenant(seed="lived", frozen_at="2030-01-31T12:00:00Z")
    make_history(tenant, receiver)
    yield tenant
    tenant.ok("DELETE", f"/tenants/{tenant.ok('GET', '/tenants/current')['name']}")


def client_of(tenant: Account) -> Account:
    response = tenant.api_ok("get-clients")["clients"]
    assert isinstance(response, list)
    return Account(tenant.ready, response[0]["apikey"], response[0]["apisecret"])


def look(tenant: Account) -> dict[str, Any]:
    """Return the data of each kind."""
    client = client_of(tenant) if tenant.api_ok("get-clients").get("clients") else None
    owned = [str(each["number"]) for each in tenant.api("get-numbers")["numbers"]]
    return {
        "messages": [tenant.ok("GET", f"/{name}")["page"]["total"] for name in ("messages", "recipients", "callbacks")],
        "contacts": [each["name"] for each in tenant.ok("GET", "/lists")["lists"]],
        "numbers": owned,
        "keywords": [each["keyword"] for each in tenant.api("get-keywords").get("keywords", [])],
        "clock": tenant.ok("GET", "/clock")["running"],
        "mails": tenant.ok("GET", "/mails")["page"]["total"],
        "clients": client and client.api("get-balance")["balance"],
        "balance": tenant.api("get-balance")["balance"],
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


def test_the_wire_type_lists_all_kinds() -> None:
    assert set(get_args(Kind)) == set(reset.KINDS)


def test_each_kind_is_reset_alone(used_tenant: Account) -> None:
    before = look(used_tenant)
    assert all(before[kind] != empty for kind, empty in EMPTY.items())
    for kind in ("mails", "keywords", "contacts", "messages", "numbers", "clients", "clock"):
        state = used_tenant.ok("POST", "/tenants/current/reset", {"kinds": [kind]})
        assert state["key"] == used_tenant.key
        expected = before | {kind: EMPTY[kind]}
        if kind == "clients":  # their callbacks are removed with them
            expected["messages"] = look(used_tenant)["messages"]
        assert look(used_tenant) == expected, kind
        before = expected


def test_a_reset_of_numbers_resets_their_keywords(used_tenant: Account) -> None:
    used_tenant.ok("POST", "/tenants/current/reset", {"kinds": ["numbers"]})
    assert used_tenant.api("get-keywords").get("keywords", []) == []
    used_tenant.api_ok("lease-number", number=LEASED)
    assert set(used_tenant.ok("POST", "/clock/advance", {"days": 40})["counts"]) >= {"number-renewal"}


def test_ids_continue_and_time_passes_after_each_reset(used_tenant: Account) -> None:
    last = used_tenant.ok("GET", "/messages", max=1)["messages"][0]["id"]
    for kind in reset.KINDS:
        used_tenant.ok("POST", "/tenants/current/reset", {"kinds": [kind]})
        used_tenant.ok("POST", "/clock/advance", {"days": 40})
        sent = used_tenant.send("Still works")
        assert sent > last
        last = sent
        assert used_tenant.ok("POST", "/inbound", {"from": HANDSET, "text": "Yes"})["message_id"] == sent


def test_clients_are_gone_with_their_keys_and_numbers(used_tenant: Account) -> None:
    client = client_of(used_tenant)
    used_tenant.ok("POST", "/tenants/current/reset", {"kinds": ["clients"]})
    assert client.api("get-balance")["error"]["code"] == "AUTH_FAILED"
    assert client.refused("GET", "/account") == (401, "unauthorised")
    used_tenant.api_ok("lease-number", number="61491570121")
    happened = used_tenant.ok("POST", "/clock/advance", {"days": 40})["counts"]
    assert happened["number-renewal"] >= 3
    assert happened["keyword-renewal"] == 1


def test_messages_of_deleted_clients_get_no_replies(new_tenant: Make) -> None:
    tenant = new_tenant(frozen_at="2030-01-31T12:00:00Z")
    tenant.api_ok("add-client", name="Abc", email="abc@example.com", password="x", msisdn=HANDSET)
    client = client_of(tenant)
    client.ok("POST", "/account/top-up", {"amount": 50})
    client.api_ok("lease-number", number=LEASED)
    client.send(to=REPLIES)
    tenant.send(to=REPLIES)
    tenant.api_ok("message-reply", message="Hi", from_=HANDSET, to=NUMBER)
    tenant.ok("POST", "/tenants/current/reset", {"kinds": ["clients"]})
    tenant.ok("POST", "/clock/advance", {"minutes": 1})
    came = tenant.ok("GET", "/traffic", kind="inbound")["entries"]
    assert [(each["code"], each["request"]["text"]) for each in came] == [
        ("received", "Yes please"),
        ("received", "Hi"),
    ]


def test_callbacks_under_way_do_no_harm(new_tenant: Make, receiver: Receiver) -> None:
    tenant = new_tenant()
    receiver.delay = 0.3
    tenant.ok("PATCH", "/account", {"dlr_url": f"{receiver.url}/dlr"})
    tenant.ok("PATCH", "/tenants/current", {"delivery_seconds": 0})
    tenant.send(to=f"{HANDSET},{OTHER}")
    receiver.wait_for(2)
    tenant.ok("POST", "/tenants/current/reset", {"kinds": ["messages"]})
    receiver.delay = 0
    assert tenant.ok("POST", "/clock/advance", {"days": 3})["counts"] == {}
    assert tenant.ok("GET", "/callbacks")["callbacks"] == []
    tenant.send()
    tenant.ok("POST", "/clock/advance", {"seconds": 2})
    (callback,) = tenant.ok("GET", "/callbacks")["callbacks"]
    assert callback["state"] == "delivered"


@pytest.mark.parametrize(
    "body", [{"kinds": []}, {"kinds": ["message"]}, {"kinds": "messages"}, {"kind": ["messages"]}, {"kinds": [1]}]
)
def test_an_unknown_kind_is_refused(tenant: Account, body: object) -> None:
    sent = tenant.send()
    assert tenant.refused("POST", "/tenants/current/reset", body) == (422, "invalid")
    assert tenant.ok("GET", f"/messages/{sent}")["id"] == sent
