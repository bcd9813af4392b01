"""get-numbers and get-balance."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from sms_sandbox.domain.pricing import to_units
from sms_sandbox.services.new_tenant import OWN_NUMBER, POOL
from sms_sandbox.store import numbers
from sms_sandbox.store.numbers import Number
from tests.api.tenant_setup import add_other_caller, set_account
from tests.conftest import Caller, FreshTenant


def test_owned_numbers_are_listed(call: Caller, fresh: FreshTenant) -> None:
    older = Number("61491570105", fresh.account.id, False, 1_700_000, True, None, "inactive", "")
    due = Number(
        "61491570199", fresh.account.id, False, 2_500_000, False, datetime(2026, 3, 1, tzinfo=UTC), "active", ""
    )
    with fresh.store.begin() as db:
        numbers.add(db, fresh.tenant, [older, due])
    response = call.ok("get-numbers")
    assert list(response) == ["page", "numbers_total", "filter", "numbers", "error"]
    assert (response["page"], response["numbers_total"], response["filter"]) == ({"count": 1, "number": 1}, 3, "owned")
    assert list(response["numbers"][0].items()) == [
        ("number", 61491570105), ("price", 17), ("auto_renew", True), ("next_charge", None), ("status", "inactive"),
    ]  # fmt: skip
    assert [each["number"] for each in response["numbers"]] == [61491570105, int(OWN_NUMBER), 61491570199]
    assert response["numbers"][2]["next_charge"] == "2026-03-01"
    assert response["numbers"][2]["auto_renew"] is False
    assert call.ok("get-numbers", max=1)["numbers"][0]["number"] == 61491570105
    assert "<filter>owned</filter><numbers><item><number>61491570105</number>" in call.http.get("/get-numbers.xml").text


def test_a_fresh_accounts_number_is_charged_in_a_month(call: Caller) -> None:
    [own] = call.ok("get-numbers", filter="owned")["numbers"]
    assert (own["price"], own["auto_renew"], own["status"]) == (25, True, "active")
    wait = datetime.strptime(own["next_charge"], "%Y-%m-%d").replace(tzinfo=UTC) - datetime.now(UTC)
    assert 26 < wait.days < 32


@pytest.mark.parametrize(
    ("wanted", "echo"),
    [("available", "available"), ("ownd", "ownd"), ("+61491570114", 61491570114), ("x", "x"), ("  7 ", 7)],
)
def test_available_numbers_for_any_other_filter(call: Caller, wanted: str, echo: Any) -> None:
    response = call.ok("get-numbers", filter=wanted, max=100)
    assert (response["filter"], response["numbers_total"]) == (echo, len(POOL))
    assert [list(each.items()) for each in response["numbers"]] == [
        [("number", int(each)), ("price", 25)] for each in POOL
    ]


def test_an_account_without_numbers(call: Caller, fresh: FreshTenant) -> None:
    response = add_other_caller(fresh).ok("get-numbers")
    assert list(response) == ["page", "numbers_total", "filter", "error"]
    assert response["numbers_total"] == 0


def test_an_empty_filter_means_owned_numbers(call: Caller) -> None:
    assert call.ok("get-numbers", filter="")["filter"] == "owned"
    assert call.refused("get-numbers", filter="x" * 256)[0] == "FIELD_INVALID"


@pytest.mark.parametrize(
    ("balance", "wire"),
    [
        ("73.954", "73.954"),
        ("17", "17"),
        ("0", "0"),
        ("-1.5", "-1.5"),
        ("496227.614", "496227.614"),
        ("58.05", "58.05"),
    ],
)
def test_the_balance_is_written_as_a_number(call: Caller, fresh: FreshTenant, balance: str, wire: str) -> None:
    set_account(fresh, balance=to_units(Decimal(balance)), currency="SGD")
    answer = call.http.get("/get-balance.json")
    assert answer.text == f'{{"balance":{wire},"currency":"SGD","error":{{"code":"SUCCESS","description":"OK"}}}}'
    assert f"<response><balance>{wire}</balance><currency>SGD</currency>" in call.http.get("/get-balance.xml").text


def test_a_new_account_has_its_first_balance(call: Caller) -> None:
    assert call.ok("get-balance", nonsense=1)["balance"] == 1000
