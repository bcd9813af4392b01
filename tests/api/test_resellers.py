"""Resellers and their clients: what each pays and sees."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select

from sms_sandbox.domain.pricing import to_units
from sms_sandbox.store import tables
from tests.api.clients import CLUB, GYM, HANDSET, RESELLERS_ONLY, client_of, top_up
from tests.api.tenant_setup import NOW, add_other_caller, freeze, set_account
from tests.api.xml_values import parse_xml, read_back, to_xml_value
from tests.conftest import Caller, FreshTenant

NOON = datetime(2020, 6, 24, 7, 6, 42, tzinfo=UTC)
UNKNOWN = ("NOT_FOUND", "The resource with this key is not found.")
FOREIGN = ("NO_ACCESS", "You do not have access to this resource.")
TAKEN = ("KEY_EXISTS", "User already exists")


# New and changed clients


def test_a_client_is_answered_as_recorded(call: Caller, fresh: FreshTenant) -> None:
    freeze(fresh, NOON)
    made = call.http.post("/add-client.json", data=GYM | {"sms_margin": "2", "api_secret": "of my own"})
    key = made.json()["apikey"]
    assert made.text == (
        '{"id":54912,"name":"Gym","contact":"Gym","email":"gym@example.com","msisdn":61491570156,"currency":"AUD",'
        '"client_pays":true,"sms_margin":2,"timezone":"Australia\\/Sydney","created":"2020-06-24 07:06:42",'
        f'"apikey":"{key}","apisecret":"of my own","recharge_amount":0,"total_lists":0,"total_sms":0,'
        '"total_contacts":0,"total_spend":0,"total_revenue":0,"credit_based":false,"trial":"no",'
        '"trial_expiry_date":null,"balance":0,"error":{"code":"SUCCESS","description":"OK"}}'
    )
    assert call.http.get("/get-client.json?client_id=54912").text == made.text
    listed = call.ok("get-clients")
    assert list(listed) == ["page", "clients_total", "clients", "error"]
    assert listed["clients"] == [{name: value for name, value in made.json().items() if name != "error"}]


@pytest.mark.parametrize("left_out", ["name", "email", "password", "msisdn"])
def test_required_details_of_a_client_are_asked_for(call: Caller, left_out: str) -> None:
    given = {name: value for name, value in GYM.items() if name != left_out}
    assert call.refused("add-client", **given) == ("FIELD_EMPTY", f"Required field '{left_out}' is empty")


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "gym"},
        {"msisdn": "call me"},
        {"client_pays": "perhaps"},
        {"sms_margin": "two"},
        {"sms_margin": "-1"},
        {"number_margin": "1e5"},
        {"fixed_top_up_amount": "1000001"},
        {"payment_method": "cash"},
        {"name": "x" * 256},
        {"timezone": "x" * 65},
    ],
)
def test_invalid_details_of_a_client_are_refused(call: Caller, wrong: dict[str, str]) -> None:
    assert call.refused("add-client", **(GYM | wrong))[0] == "FIELD_INVALID"
    made = call.ok("add-client", **GYM)["id"]
    assert call.refused("edit-client", client_id=made, **wrong)[0] == "FIELD_INVALID"


def test_a_client_keeps_all_its_details(call: Caller) -> None:
    made = call.ok(
        "add-client", **GYM, contact="Desk", timezone="Africa/Abidjan", client_pays="0", sms_margin="0.5",
        number_margin="100", fixed_top_up_amount="25.50", payment_method="Fixed", api_secret="12345",
    )  # fmt: skip
    assert (made["contact"], made["timezone"], made["client_pays"]) == ("Desk", "Africa/Abidjan", False)
    assert (made["sms_margin"], made["recharge_amount"], made["apisecret"]) == (0.5, 25.5, 12345)


def test_a_password_is_never_kept(call: Caller, fresh: FreshTenant) -> None:
    made = call.ok("add-client", **GYM)["id"]
    call.ok("edit-client", client_id=made, password="nor-this-one")
    with fresh.store.begin() as db:
        everything = str([db.execute(select(table)).all() for table in tables.metadata.sorted_tables])
    assert "gym@example.com" in everything
    assert "not-to-be-kept" not in everything
    assert "nor-this-one" not in everything


def test_names_and_addresses_of_clients_are_unique(call: Caller, fresh: FreshTenant) -> None:
    gym, _ = client_of(fresh, call)
    club = call.ok("add-client", **CLUB)["id"]
    assert call.refused("add-client", **(CLUB | {"name": "Gym", "email": "x@example.com"})) == TAKEN
    assert call.refused("add-client", **(CLUB | {"name": "X", "email": "gym@example.com"})) == TAKEN
    assert call.refused("edit-client", client_id=club, name="Gym") == TAKEN
    assert call.refused("edit-client", client_id=club, email="gym@example.com") == TAKEN
    assert call.ok("edit-client", client_id=gym, name="Gym", email="gym@example.com")["name"] == "Gym"
    assert call.ok("get-clients")["clients_total"] == 2


def test_missing_and_blank_details_stay(call: Caller) -> None:
    made = call.ok("add-client", **GYM, sms_margin=2, client_pays=0, fixed_top_up_amount=5)
    blank = dict.fromkeys((*GYM, "contact", "timezone", "client_pays", "sms_margin", "number_margin"), "")
    assert call.ok("edit-client", client_id=made["id"]) == made
    assert call.ok("edit-client", client_id=made["id"], **blank, api_secret="", fixed_top_up_amount="") == made
    changed = call.ok("edit-client", client_id=made["id"], sms_margin=0, client_pays=1, contact="Desk", msisdn=HANDSET)
    assert changed == made | {"sms_margin": 0, "client_pays": True, "contact": "Desk", "msisdn": int(HANDSET)}


def test_a_new_secret_counts_at_once(call: Caller, fresh: FreshTenant) -> None:
    made, client = client_of(fresh, call)
    client.ok("get-balance")
    call.ok("edit-client", client_id=made, api_secret="another")
    assert client.refused("get-balance")[0] == "AUTH_FAILED"
    client.http.auth = (call.ok("get-client", client_id=made)["apikey"], "another")
    client.ok("get-balance")


def test_clients_are_listed_by_name_descending(call: Caller) -> None:
    empty = call.ok("get-clients")
    assert (empty["page"], empty["clients_total"], "clients" in empty) == ({"count": 1, "number": 1}, 0, False)
    for number in range(5):
        call.ok("add-client", **(GYM | {"name": f"Gym {number}", "email": f"{number}@example.com"}))
    second = call.ok("get-clients", page=2, max=2)
    assert (second["page"], second["clients_total"]) == ({"count": 3, "number": 2}, 5)
    assert [each["name"] for each in second["clients"]] == ["Gym 2", "Gym 1"]


# Costs of clients


def test_a_client_without_money_sends_nothing(call: Caller, fresh: FreshTenant) -> None:
    made, client = client_of(fresh, call)
    assert client.ok("get-balance") == {
        "balance": 0,
        "currency": "AUD",
        "error": {"code": "SUCCESS", "description": "OK"},
    }
    assert client.refused("send-sms", message="Hi", to=HANDSET)[0] == "LEDGER_ERROR"
    assert call.ok("get-client", client_id=made)["total_sms"] == 0


def test_a_client_pays_the_margin_and_the_reseller_earns_it(call: Caller, fresh: FreshTenant) -> None:
    set_account(fresh, price=to_units(Decimal("0.054")))
    made, client = client_of(fresh, Caller(fresh.store), sms_margin=2)
    top_up(fresh, made, "15")
    sent = client.ok("send-sms", message="x" * 161, to=f"{HANDSET},61491570159", send_at="2100-01-01")
    assert (sent["sms"], sent["cost"]) == (4, 0.296)
    assert client.ok("send-sms", message="Hi", to=HANDSET)["cost"] == 0.074
    seen = call.ok("get-client", client_id=made)
    assert (seen["total_sms"], seen["total_spend"], seen["total_revenue"], seen["balance"]) == (5, 0.37, 0.1, 14.63)
    client.ok("cancel-sms", id=sent["message_id"])
    seen = call.ok("get-client", client_id=made)
    assert (seen["total_sms"], seen["total_spend"], seen["total_revenue"], seen["balance"]) == (1, 0.074, 0.02, 14.926)
    assert call.ok("get-balance")["balance"] == 1000


def test_the_reseller_pays_for_a_client_that_does_not(call: Caller, fresh: FreshTenant) -> None:
    made, client = client_of(fresh, call, client_pays=0)
    sent = client.ok("send-sms", message="Hi", to=HANDSET, send_at="2100-01-01")["message_id"]
    assert call.ok("get-balance")["balance"] == 999.913
    assert client.ok("get-balance")["balance"] == 0
    call.ok("edit-client", client_id=made, client_pays=1)
    client.ok("cancel-sms", id=sent)
    assert (call.ok("get-balance")["balance"], client.ok("get-balance")["balance"]) == (1000, 0)
    assert client.refused("send-sms", message="Hi", to=HANDSET)[0] == "LEDGER_ERROR"
    own = call.ok("get-transactions", client_id=fresh.account.id)
    assert [each["amount"] for each in own["transactions"]] == [0.087, -0.087, 1000]
    assert call.ok("get-transactions", client_id=made)["transactions_total"] == 0


def test_each_client_has_its_own_throttle(call: Caller, fresh: FreshTenant) -> None:
    set_account(fresh, throttle=3)
    freeze(fresh, NOW)  # so that all calls are within the second
    made, client = client_of(fresh, call)
    replies = [client("get-balance")["error"]["code"] for _ in range(4)]
    assert replies == ["SUCCESS"] * 3 + ["OVER_LIMIT"]
    assert call.ok("get-client", client_id=made)["id"] == made


def test_a_client_has_lists_of_its_own(call: Caller, fresh: FreshTenant) -> None:
    made, client = client_of(fresh, call)
    call.ok("add-list", name="People")
    list_id = client.ok("add-list", name="People")["id"]
    client.ok("add-to-list", list_id=list_id, msisdn=HANDSET)
    seen = call.ok("get-client", client_id=made)
    assert (seen["total_lists"], seen["total_contacts"]) == (1, 1)
    assert call.ok("get-lists")["lists"][0]["members_active"] == 0


# Permissions


def test_unknown_clients_and_transactions_are_not_found(call: Caller) -> None:
    for method in ("get-client", "edit-client", "get-transactions"):
        assert call.refused(method, client_id=1) == UNKNOWN
        assert call.refused(method, client_id=2**70) == UNKNOWN
        assert call.refused(method, client_id=0) == ("FIELD_EMPTY", "Required field 'client_id' is empty")
    assert call.refused("get-transaction", id=1) == UNKNOWN


@pytest.mark.parametrize("method", RESELLERS_ONLY)
def test_other_accounts_cannot_call_reseller_methods(call: Caller, fresh: FreshTenant, method: str) -> None:
    """Their parameters do not matter, even if they cannot be read."""
    _, client = client_of(fresh, call)
    closed = ("NO_ACCESS", "You don't have access to this feature")
    assert client.refused(method) == closed
    assert client.refused(method, client_id="x", id="x", email="x", page="x") == closed
    unreadable = client.http.post(f"/{method}.json", content=b"x", headers={"content-type": "multipart/form-data"})
    assert unreadable.json()["error"]["code"] == "NO_ACCESS"


def test_the_documentation_marks_reseller_methods() -> None:
    assert set(RESELLERS_ONLY) == {
        "add-client", "edit-client", "get-client", "get-clients", "get-transactions", "get-transaction",
    }  # fmt: skip


@pytest.mark.parametrize("method", ["add-credit", "add-card"])
def test_no_payments_are_taken(call: Caller, fresh: FreshTenant, method: str) -> None:
    for caller in (call, client_of(fresh, call)[1]):
        answer = caller.http.post(f"/{method}.json", data={"amount": "5", "creditcard_id": "1", "number": "x"})
        assert answer.status_code == 404
        assert caller.refused(method) == ("NOT_IMPLEMENTED", "The method you are requesting is unsupported.")


def test_another_resellers_clients_are_not_shown(call: Caller, fresh: FreshTenant) -> None:
    made, _ = client_of(fresh, call)
    transaction = call.ok("get-transactions", client_id=fresh.account.id)["transactions"][0]["id"]
    other = add_other_caller(fresh)
    for method in ("get-client", "edit-client", "get-transactions"):
        assert other.refused(method, client_id=made) == FOREIGN
    assert other.refused("get-transactions", client_id=fresh.account.id) == FOREIGN
    assert other.refused("get-transaction", id=transaction) == FOREIGN
    assert other.ok("get-clients")["clients_total"] == 0
    # A reseller's own account is not one of its clients.
    assert call.refused("get-client", client_id=fresh.account.id) == FOREIGN


# Both spellings


def test_both_spellings_of_a_method_have_the_same_answer(call: Caller, fresh: FreshTenant) -> None:
    freeze(fresh, NOON)
    made, _ = client_of(fresh, call)
    top_up(fresh, made, "5")
    for path in (
        f"get-client.{{}}?client_id={made}", "get-clients.{}", f"get-transactions.{{}}?client_id={made}",
        "get-transaction.{}?id=17400002", "get-client.{}?client_id=1", "add-credit.{}",
    ):  # fmt: skip
        plain = call.http.get(path.format("json")).json()
        answer = call.http.get(path.format("xml"))
        assert read_back(parse_xml(answer.content), plain) == to_xml_value(plain)
