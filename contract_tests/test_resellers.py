"""Clients of resellers, and their money (7)."""

from decimal import Decimal
from typing import Any

import pytest

from .client import Api
from .credentials import Credentials
from .grants import SANDBOX
from .messages import send
from .plugin import about, needs
from .scene import HANDSETS, since
from .target import Control
from .wire import as_xml_says

pytestmark = needs(SANDBOX, why="clients can't be removed")

World = tuple[Api, Control]
ANY_FORMAT = pytest.mark.parametrize("fmt", ["json", "xml"])
FORM = {"name": "Gym & Co", "email": "gym@example.com", "password": "pass word", "msisdn": "+61491570156"}


def client_of(world: World, **more: Any) -> tuple[int, Api, Control]:
    """A client with money: its id, and what it calls with."""
    api, control = world
    made = api.ok("add-client", **{**FORM, **more})
    credentials = Credentials(made["apikey"], made["apisecret"])
    control.of(credentials).settle(balance=10, throttle=0)
    return made["id"], api.another(credentials), control.of(credentials)


@ANY_FORMAT
@about("add-client", "get-client", "get-clients")
def test_a_client_is_told_as_it_was_given(world: World, fmt: str) -> None:
    api, _ = world
    said = api.ok("add-client", fmt, sms_margin="2.5", timezone="Australia/Sydney", api_secret="a secret/é", **FORM)
    expected = {
        "name": "Gym & Co", "contact": "Gym & Co", "email": "gym@example.com", "msisdn": 61491570156,
        "client_pays": True, "sms_margin": Decimal("2.5"), "timezone": "Australia/Sydney", "apisecret": "a secret/é",
        "total_lists": 0, "total_sms": 0, "total_contacts": 0, "total_spend": 0, "total_revenue": 0,
        "credit_based": False, "trial": "no", "trial_expiry_date": None, "balance": 0,
    }  # fmt: skip
    for key, value in expected.items():
        assert said[key] == (as_xml_says(value) if fmt == "xml" else value), key
    assert api.ok("get-client", fmt, client_id=said["id"]) == said
    assert api.ok("get-clients", fmt)["clients"] == [said]


@ANY_FORMAT
@about("edit-client", "get-client")
def test_a_client_is_changed_where_something_is_given(world: World, fmt: str) -> None:
    api, _ = world
    made = api.ok("add-client", fmt, contact="Abc", **FORM)
    said = api.ok("edit-client", fmt, client_id=made["id"], name="Club", client_pays="false", sms_margin=3)
    kept = [key for key in made if key not in ("name", "client_pays", "sms_margin")]
    assert {key: said[key] for key in kept} == {key: made[key] for key in kept}
    assert [str(said[key]).lower() for key in ("name", "client_pays", "sms_margin")] == ["club", "false", "3"]
    assert api.ok("get-client", fmt, client_id=made["id"]) == said


@about("get-clients")
def test_clients_come_by_name_from_the_last(world: World) -> None:
    api, _ = world
    for name in ("Abc", "Def", "Ghi"):
        api.ok("add-client", **{**FORM, "name": name, "email": f"{name}@example.com"})
    assert [each["name"] for each in api.ok("get-clients")["clients"]] == ["Ghi", "Def", "Abc"]


@about("add-client", "send-sms", "get-client", "get-balance")
def test_a_client_pays_the_margin_and_its_reseller_counts_it(world: World) -> None:
    api, _ = world
    price = Decimal(str(send(api, HANDSETS[0])["cost"]))
    client_id, client, _ = client_of(world, sms_margin=2)
    said = send(client, f"{HANDSETS[0]},{HANDSETS[1]}")
    assert said["cost"] == 2 * (price + Decimal("0.02"))
    assert client.ok("get-balance")["balance"] == 10 - said["cost"]
    found = api.ok("get-client", client_id=client_id)
    assert (found["total_sms"], found["total_spend"]) == (2, said["cost"])
    assert (found["total_revenue"], found["balance"]) == (Decimal("0.04"), 10 - said["cost"])


@about("add-client", "send-sms", "get-balance")
def test_a_reseller_pays_for_a_client_that_does_not(world: World) -> None:
    api, _ = world
    _, client, _ = client_of(world, client_pays="0")
    before = api.ok("get-balance")["balance"]
    cost = send(client, HANDSETS[0])["cost"]
    assert api.ok("get-balance")["balance"] == before - cost
    assert client.ok("get-balance")["balance"] == 10


@ANY_FORMAT
@about("get-transactions", "get-transaction")
def test_transactions_tell_where_the_money_went(world: World, fmt: str) -> None:
    api, _ = world
    client_id, client, control = client_of(world)
    control.ask("POST", "/account/top-up", {"amount": 5})
    cost = send(client, HANDSETS[0])["cost"]
    rows = api.ok("get-transactions", fmt, client_id=client_id)["transactions"]
    amounts = [(str(each["amount"]), str(each["type_id"])) for each in rows[:3]]
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
def test_transactions_of_a_span(world: World) -> None:
    api, _ = world
    client_id, _, _ = client_of(world)
    everything = api.ok("get-transactions", client_id=client_id)["transactions_total"]
    assert everything > 0
    assert api.ok("get-transactions", client_id=client_id, start=since(1))["transactions_total"] == everything
    old = api.ok("get-transactions", client_id=client_id, end="2020-01-01")
    assert old["transactions_total"] == 0
    assert "transactions" not in old
