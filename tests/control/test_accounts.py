"""Accounts through control: the one whose credentials a call carries, be it a client's, and all of its tenant."""

from dataclasses import replace

import pytest

from tests.serving import Account

GYM = {"name": "Gym", "email": "gym@example.com", "password": "x", "msisdn": "61491570156"}


def client_of(world: Account) -> tuple[int, Account]:
    made = world.api("add-client", **GYM)
    return made["id"], replace(world, key=made["apikey"], secret=made["apisecret"])


def books(world: Account, account: int) -> list[float]:
    return [each["amount"] for each in world.api("get-transactions", client_id=account).get("transactions", [])]


def test_a_tenants_accounts(world: Account) -> None:
    made, client = client_of(world)
    own = world.ok("GET", "/account")
    listed = world.ok("GET", "/accounts")
    assert listed["page"] == {"number": 1, "count": 1, "total": 2}
    assert listed["accounts"] == [own, client.ok("GET", "/account")]
    gym = listed["accounts"][1]
    assert (gym["id"], gym["name"], gym["key"], gym["balance"]) == (made, "Gym", client.key, 0)
    assert (gym["reseller"], gym["reseller_id"], own["reseller"], own["reseller_id"]) == (False, own["id"], True, None)
    assert client.ok("GET", "/accounts", max=1, page=2)["accounts"] == [gym]


def test_balances_are_set_by_transactions(world: Account) -> None:
    made, client = client_of(world)
    assert client.ok("PATCH", "/account", {"balance": 7.5})["balance"] == 7.5
    assert client.ok("PATCH", "/account", {"balance": 2.5, "throttle": 9})["throttle"] == 9
    assert books(world, made) == [-5, 7.5]
    assert client.api("get-balance")["balance"] == 2.5


def test_a_top_up_is_two_transactions(world: Account) -> None:
    made, client = client_of(world)
    assert client.ok("POST", "/account/top-up", {"amount": 5})["balance"] == 5
    assert client.ok("POST", "/account/top-up", {"amount": 5, "fee": 0})["balance"] == 10
    assert books(world, made) == [5, -1, 6]


@pytest.mark.parametrize("body", [{}, {"amount": 0}, {"amount": -1}, {"amount": 1, "fee": -1}, {"amount": "5"}])
def test_what_is_no_top_up(world: Account, body: dict[str, object]) -> None:
    assert world.refused("POST", "/account/top-up", body) == (422, "invalid")


@pytest.mark.parametrize("flag", ["suspended", "reseller", "credit_based", "global_optouts"])
def test_what_an_account_is(world: Account, flag: str) -> None:
    _, client = client_of(world)
    others = world.ok("GET", "/account")
    before = client.ok("GET", "/account")
    assert client.ok("PATCH", "/account", {flag: True}) == before | {flag: True}
    assert client.ok("PATCH", "/account", {flag: False}) == before
    assert world.ok("GET", "/account") == others


def test_an_account_that_is_no_reseller_any_more(world: Account) -> None:
    made, _ = client_of(world)
    world.ok("PATCH", "/account", {"reseller": False})
    assert world.api("get-client", client_id=made)["error"]["code"] == "NO_ACCESS"


def test_an_account_that_may_owe(world: Account) -> None:
    _, client = client_of(world)
    client.ok("PATCH", "/account", {"credit_based": True})
    client.send()
    assert client.ok("GET", "/account")["balance"] == -0.087
