"""Clients of resellers, and their money (7)."""

from decimal import Decimal
from typing import Any

import pytest

from .client import Api
from .credentials import Credentials
from .grants import SANDBOX
from .messages import send
from .plugin import about, needs
from .scene import HANDSETS, days_ago
from .target import Control
from .wire import as_xml

pytestmark = needs(SANDBOX, why="clients cannot be removed")

Tenant = tuple[Api, Control]
ANY_FORMAT = pytest.mark.parametrize("fmt", ["json", "xml"])
FORM = {"name": "Gym & Co", "email": "gym@example.com", "password": "pass word", "msisdn": "+61491570156"}


def client_of(tenant: Tenant, **more: Any) -> tuple[int, Api, Control]:
    """Create a client with money, and return its id, its account and its control."""
    api, control = tenant
    client_row = api.ok("add-client", **{**FORM, **more})
    credentials = Credentials(client_row["apikey"], client_row["apisecret"])
    control.for_account(credentials).update_account(balance=10, throttle=0)
    return client_row["id"], api.with_credentials(credentials), control.for_account(credentials)


@ANY_FORMAT
@about("add-client", "get-client", "get-clients")
def test_a_client_has_the_given_fields(tenant: Tenant, fmt: str) -> None:
    api, _ = tenant
    payload = api.ok("add-client", fmt, sms_margin="2.5", timezone="Australia/Sydney", api_secret="a secret/é", **FORM)
    expected = {
        "name": "Gym & Co", "contact": "Gym & Co", "email": "gym@example.com", "msisdn": 61491570156,
        "client_pays": True, "sms_margin": Decimal("2.5"), "timezone": "Australia/Sydney", "apisecret": "a secret/é",
        "total_lists": 0, "total_sms": 0, "total_contacts": 0, "total_spend": 0, "total_revenue": 0,
        "credit_based": False, "trial": "no", "trial_expiry_date": None, "balance": 0,
    }  # fmt: skip
    for key, value in expected.items():
        assert payload[key] == (as_xml(value) if fmt == "xml" else value), key
    assert api.ok("get-client", fmt, client_id=payload["id"]) == payload
    assert api.ok("get-clients", fmt)["clients"] == [payload]


@ANY_FORMAT
@about("edit-client", "get-client")
def test_edit_client_changes_only_given_fields(tenant: Tenant, fmt: str) -> None:
    api, _ = tenant
    client_row = api.ok("add-client", fmt, contact="Abc", **FORM)
    payload = api.ok("edit-client", fmt, client_id=client_row["id"], name="Club", client_pays="false", sms_margin=3)
    kept = [key for key in client_row if key not in ("name", "client_pays", "sms_margin")]
    assert {key: payload[key] for key in kept} == {key: client_row[key] for key in kept}
    assert [str(payload[key]).lower() for key in ("name", "client_pays", "sms_margin")] == ["club", "false", "3"]
    assert api.ok("get-client", fmt, client_id=client_row["id"]) == payload


@about("get-clients")
def test_clients_are_sorted_by_name_descending(tenant: Tenant) -> None:
    api, _ = tenant
    for name in ("Abc", "Def", "Ghi"):
        api.ok("add-client", **{**FORM, "name": name, "email": f"{name}@example.com"})
    assert [row["name"] for row in api.ok("get-clients")["clients"]] == ["Ghi", "Def", "Abc"]


@about("add-client", "send-sms", "get-client", "get-balance")
def test_a_client_pays_the_margin_and_its_reseller_counts_it(tenant: Tenant) -> None:
    api, _ = tenant
    price = Decimal(str(send(api, HANDSETS[0])["cost"]))
    client_id, client, _ = client_of(tenant, sms_margin=2)
    payload = send(client, f"{HANDSETS[0]},{HANDSETS[1]}")
    assert payload["cost"] == 2 * (price + Decimal("0.02"))
    assert client.ok("get-balance")["balance"] == 10 - payload["cost"]
    client_row = api.ok("get-client", client_id=client_id)
    assert (client_row["total_sms"], client_row["total_spend"]) == (2, payload["cost"])
    assert (client_row["total_revenue"], client_row["balance"]) == (Decimal("0.04"), 10 - payload["cost"])


@about("add-client", "send-sms", "get-balance")
def test_a_reseller_pays_for_a_client_that_does_not(tenant: Tenant) -> None:
    api, _ = tenant
    _, client, _ = client_of(tenant, client_pays="0")
    before = api.ok("get-balance")["balance"]
    cost = send(client, HANDSETS[0])["cost"]
    assert api.ok("get-balance")["balance"] == before - cost
    assert client.ok("get-balance")["balance"] == 10


@ANY_FORMAT
@about("get-transactions", "get-transaction")
def test_transactions_show_charges_and_credit(tenant: Tenant, fmt: str) -> None:
    api, _ = tenant
    client_id, client, control = client_of(tenant)
    control.call("POST", "/account/top-up", {"amount": 5})
    cost = send(client, HANDSETS[0])["cost"]
    rows = api.ok("get-transactions", fmt, client_id=client_id)["transactions"]
    amounts = [(str(row["amount"]), str(row["type_id"])) for row in rows[:3]]
    assert amounts == [(f"-{cost}", "1"), ("-1", "3"), ("6", "23")]
    assert rows[0]["balance_standing"] == f"${15 - cost:.3f}"
    assert rows[2]["description"] == "Credit Top Up - $5.00 (+ $1 card processing fee)"
    for row in rows[:3]:
        alone = api.ok("get-transaction", fmt, id=row["id"])
        shared = [key for key in row if key != "balance_standing"]
        assert {key: alone[key] for key in shared} == {key: row[key] for key in shared}
        assert Decimal(str(alone["balance_standing"])) == Decimal(row["balance_standing"].lstrip("$"))
    assert int(api.ok("get-transaction", id=rows[0]["id"])["message_id"]) > 0
    assert str(api.ok("get-transaction", fmt, id=rows[2]["id"])["message_id"]) == "0"


@about("get-transactions")
def test_transactions_of_a_time_span(tenant: Tenant) -> None:
    api, _ = tenant
    client_id, _, _ = client_of(tenant)
    everything = api.ok("get-transactions", client_id=client_id)["transactions_total"]
    assert everything > 0
    assert api.ok("get-transactions", client_id=client_id, start=days_ago(1))["transactions_total"] == everything
    old = api.ok("get-transactions", client_id=client_id, end="2020-01-01")
    assert old["transactions_total"] == 0
    assert "transactions" not in old
