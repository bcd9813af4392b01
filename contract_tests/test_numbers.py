"""Numbers and sender IDs (6.1 to 6.5)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from .client import Api
from .grants import NOTHING, SANDBOX
from .plugin import about, needs
from .target import Control
from .test_send_sms import balance
from .wire import as_xml

Tenant = tuple[Api, Control]


@pytest.mark.parametrize("fmt", ["json", "xml"])
@needs(NOTHING)
@about("get-numbers")
def test_available_numbers_have_only_a_price(api: Api, fmt: str) -> None:
    payload = api.ok("get-numbers", fmt, filter="available", max=5)
    assert payload["filter"] == "available"
    for row in payload.get("numbers", []):
        assert list(row) == ["number", "price"]


@needs(NOTHING)
@about("get-numbers")
def test_an_unknown_filter_is_echoed(api: Api) -> None:
    assert api.ok("get-numbers", filter="+61491570156", max=1)["filter"] == 61491570156
    assert api.ok("get-numbers", filter="owned", max=1) == api.ok("get-numbers", max=1)


@pytest.mark.parametrize("fmt", ["json", "xml"])
@needs(SANDBOX, why="a leased number cannot be returned")
@about("lease-number", "get-number", "get-numbers", "get-balance")
def test_a_number_is_leased_for_a_month(tenant: Tenant, fmt: str) -> None:
    api, control = tenant
    free = api.ok("get-numbers", filter="available", max=1)["numbers"][0]
    before, today = balance(api), date.fromisoformat(control.call("GET", "/clock")["now"][:10])
    payload = api.ok("lease-number", fmt, number=free["number"], forward_url="http://localhost:9/")
    spelled = as_xml if fmt == "xml" else dict
    assert {key: payload[key] for key in ("number", "price", "auto_renew", "status")} == spelled(
        {"number": free["number"], "price": free["price"], "auto_renew": True, "status": "active"}
    )
    month = date.fromisoformat(payload["next_charge"]) - today
    assert timedelta(days=28) <= month <= timedelta(days=31)
    assert before - balance(api) == Decimal(str(free["price"]))
    owned = api.ok("get-number", number=f"+{free['number']}")
    assert owned in api.ok("get-numbers")["numbers"]
    assert {key: str(owned[key]) for key in ("number", "next_charge")} == {
        key: str(payload[key]) for key in ("number", "next_charge")
    }
    api.refused("FIELD_INVALID", "lease-number", fmt, number=free["number"])
    assert free not in api.ok("get-numbers", filter="available", max=100)["numbers"]
    assert api.ok("send-sms", message="hi", to="61491570156", from_=free["number"])["recipients"] == 1


@needs(SANDBOX, why="a leased number cannot be returned")
@about("lease-number", "get-numbers", "get-sender-ids")
def test_any_free_number_can_be_leased(tenant: Tenant) -> None:
    api, _ = tenant
    before = api.ok("get-numbers")["numbers_total"]
    number = api.ok("lease-number")["number"]
    assert api.ok("get-numbers")["numbers_total"] == before + 1
    senders = api.ok("get-sender-ids")
    assert number in senders["result"]["caller_ids"]["Virtual Number"]
    assert as_xml(senders) == api.ok("get-sender-ids", "xml")


@needs(SANDBOX, why="it needs an empty account")
@about("get-keywords", "get-lists", "get-clients", "get-user-sms-responses", "get-message-report")
def test_an_empty_account_has_pages_without_items(tenant: Tenant) -> None:
    api, _ = tenant
    for method, items in {"get-keywords": "keywords", "get-lists": "lists", "get-clients": "clients",
                          "get-user-sms-responses": "responses", "get-message-report": "messages"}.items():  # fmt: skip
        payload = api.ok(method)
        assert payload["page"] == {"count": 1, "number": 1}, method
        assert items not in payload
        assert as_xml(payload) == api.ok(method, "xml")
