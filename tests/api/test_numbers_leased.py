"""Numbers: leased, renewed, inactive, with options; and sender IDs."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sms_sandbox.services.new_tenant import OWN_NUMBER, POOL
from sms_sandbox.store import balances, numbers, sender_ids
from sms_sandbox.store.numbers import Number
from tests.api.shapes import without_error
from tests.api.tenant_setup import add_other_caller, advance, execute_sql, freeze, set_account, set_tenant
from tests.conftest import Caller, FreshTenant

DAY = datetime(2020, 6, 24, 10, 19, 9, tzinfo=UTC)
TAKEN = ("FIELD_INVALID", "This number is not available for lease.")
FOREIGN = ("FIELD_INVALID", "This number is not leased to you.")
NO_MONEY = ("LEDGER_ERROR", "Insufficient funds to carry out debit")
WRONG = ("FIELD_INVALID", "Field has invalid format (see proper format in the description).")
TO = "61491570156"


@pytest.fixture
def frozen(fresh: FreshTenant) -> FreshTenant:
    """A tenant on the day of the vendor's examples, before its number is charged."""
    freeze(fresh, DAY)
    return fresh


def number(fresh: FreshTenant, which: str) -> Number:
    with fresh.store.begin() as db:
        row = numbers.read(db, fresh.tenant, which)
    assert row is not None
    return row


# lease-number


def test_the_lowest_free_number_is_leased_by_default(call: Caller, frozen: FreshTenant) -> None:
    assert without_error(call.ok("lease-number")) == [
        ("number", int(POOL[0])), ("price", 25), ("next_charge", "2020-07-24"), ("auto_renew", True),
        ("status", "active"),
    ]  # fmt: skip
    assert call.ok("lease-number", filter="available", number="")["number"] == int(POOL[1])
    assert call.ok("get-balance")["balance"] == 950
    assert call.ok("get-numbers")["numbers_total"] == 3
    assert call.ok("get-numbers", filter="available")["numbers_total"] == len(POOL) - 2
    owned = call.ok("get-numbers")
    assert call.ok("get-numbers", filter="OWNED") == {**owned, "filter": "OWNED"}


@pytest.mark.parametrize("name", ["forward_url", "url"])
def test_a_chosen_number_is_leased_with_its_url(call: Caller, frozen: FreshTenant, name: str) -> None:
    reply = call.ok("lease-number", number=f"+{POOL[7]}", **{name: "http://localhost:9/in"})
    assert reply["number"] == int(POOL[7])
    assert number(frozen, POOL[7]).forward_url == "http://localhost:9/in"


@pytest.mark.parametrize("wanted", [OWN_NUMBER, "61491570101", "0491570120", "61400000000", "120"])
def test_invalid_leases_are_refused(call: Caller, frozen: FreshTenant, wanted: str) -> None:
    assert call.refused("lease-number", number=wanted) == TAKEN
    assert call.refused("lease-number", number=POOL[0], forward_url="nowhere") == WRONG
    assert call.ok("get-balance")["balance"] == 1000


def test_a_number_is_leased_once(call: Caller, frozen: FreshTenant) -> None:
    call.ok("lease-number", number=POOL[3])
    assert call.refused("lease-number", number=POOL[3]) == TAKEN
    assert add_other_caller(frozen).refused("lease-number", number=POOL[3]) == TAKEN


def test_without_a_free_number_a_lease_is_refused(call: Caller, frozen: FreshTenant) -> None:
    for _ in POOL:
        call.ok("lease-number")
    assert call.refused("lease-number") == TAKEN
    assert "numbers" not in call.ok("get-numbers", filter="available")


def test_the_first_month_is_paid_at_once(call: Caller, frozen: FreshTenant) -> None:
    set_account(frozen, balance=2_499_999)
    assert call.refused("lease-number") == NO_MONEY
    assert call.refused("get-number", number=POOL[0]) == FOREIGN
    set_account(frozen, balance=2_500_000)
    call.ok("lease-number")
    assert call.ok("get-balance")["balance"] == 0


def test_a_client_pays_its_resellers_margin(call: Caller, frozen: FreshTenant) -> None:
    set_account(frozen, number_margin=150_000)
    assert call.ok("get-numbers", filter="available")["numbers"][0]["price"] == 26.5
    assert call.ok("lease-number")["price"] == 26.5
    assert call.ok("get-number", number=POOL[0])["price"] == 26.5
    assert call.ok("get-balance")["balance"] == 973.5


# Renewal


def test_a_number_is_paid_for_every_month(call: Caller, fresh: FreshTenant) -> None:
    freeze(fresh, datetime(2030, 1, 31, 9, tzinfo=UTC))
    advance(fresh)  # the number of the fresh tenant is renewed as often as it was due before
    set_account(fresh, balance=100_000_000)
    leased = call.ok("lease-number")["number"]
    execute_sql(fresh, "DELETE FROM timeline WHERE ref = :own", own=int(OWN_NUMBER))
    for days, balance, next_charge in [
        (0, 975, "2030-02-28"), (27, 975, "2030-02-28"), (1, 950, "2030-03-31"), (30, 950, "2030-03-31"),
        (1, 925, "2030-04-30"), (30, 900, "2030-05-31"),
    ]:  # fmt: skip
        advance(fresh, days=days)
        assert call.ok("get-balance")["balance"] == balance
        assert call.ok("get-number", number=leased)["next_charge"] == next_charge


def test_the_number_of_a_fresh_tenant_is_renewed(call: Caller, fresh: FreshTenant) -> None:
    before = number(fresh, OWN_NUMBER).next_charge
    assert before is not None
    advance(fresh, days=1)
    assert call.ok("get-balance")["balance"] == 1000
    advance(fresh, days=31)
    assert call.ok("get-balance")["balance"] == 975
    after = number(fresh, OWN_NUMBER).next_charge
    assert after is not None
    assert after > before


def lapse(call: Caller, fresh: FreshTenant) -> None:
    """Leave the account's own number unpaid, so that it becomes inactive."""
    set_account(fresh, balance=0)
    advance(fresh, days=32)


def test_a_number_that_is_not_paid_for_goes_out_of_service(call: Caller, fresh: FreshTenant) -> None:
    lapse(call, fresh)
    assert without_error(call.ok("get-number", number=OWN_NUMBER)) == [
        ("number", int(OWN_NUMBER)), ("price", 25), ("auto_renew", True), ("next_charge", None),
        ("status", "inactive"),
    ]  # fmt: skip
    set_account(fresh, balance=100_000_000)
    assert call.refused("send-sms", message="hi", to=TO, from_=OWN_NUMBER)[0] == "BAD_CALLER_ID"
    for method, params in {
        "edit-number-options": {},
        "add-keyword": {"keyword": "NEWS"},
        "add-email": {"email": "a@example.com"},
    }.items():
        assert call.refused(method, number=OWN_NUMBER, **params) == FOREIGN
    advance(fresh, days=40)
    assert call.ok("get-balance")["balance"] == 1000
    assert call.http.post("/get-number.xml", data={"number": OWN_NUMBER}).text.count("<next_charge/>") == 1


def test_an_expired_number_can_be_leased_again_by_its_account(call: Caller, fresh: FreshTenant) -> None:
    call.ok("edit-number-options", number=OWN_NUMBER, forward_email="a@example.com")
    lapse(call, fresh)
    assert add_other_caller(fresh).refused("lease-number", number=OWN_NUMBER) == TAKEN
    set_account(fresh, balance=100_000_000)
    assert call.ok("lease-number", number=OWN_NUMBER)["status"] == "active"
    assert call.ok("get-balance")["balance"] == 975
    advance(fresh, days=32)
    assert call.ok("get-balance")["balance"] == 950
    assert number(fresh, OWN_NUMBER).forward_email == "a@example.com"


# get-number


def test_an_owned_number_is_returned(call: Caller, frozen: FreshTenant) -> None:
    reply = call.ok("get-number", number=f" +{OWN_NUMBER[:2]} {OWN_NUMBER[2:]}")
    assert [name for name, _ in without_error(reply)] == ["number", "price", "auto_renew", "next_charge", "status"]
    set_tenant(frozen, profile="legacy-2015")
    reply = call.ok("get-number", number=OWN_NUMBER)
    assert [name for name, _ in without_error(reply)] == ["number", "price", "next_charge", "auto_renew", "status"]


def test_numbers_of_others_are_not_found(call: Caller, frozen: FreshTenant) -> None:
    assert call.refused("get-number") == ("FIELD_EMPTY", "Required field 'number' is empty")
    assert call.refused("get-number", number=POOL[0]) == FOREIGN
    assert call.refused("get-number", number="61491570101") == FOREIGN
    assert add_other_caller(frozen).refused("get-number", number=OWN_NUMBER) == FOREIGN
    assert call.refused("get-number", number="mine") == (
        "FIELD_INVALID", 'Field "number" has wrong type, expected type - numeric',
    )  # fmt: skip


# edit-number-options


def test_given_options_are_set_missing_ones_stay_and_blank_ones_are_cleared(call: Caller, frozen: FreshTenant) -> None:
    list_id = call.ok("add-list", name="Senders")["id"]
    everything = {
        "forward_email": "a@example.com, b@example.com,,", "forward_sms": "+61 491 570 157,61491570158",
        "forward_url": "http://localhost/", "list_id": list_id, "welcome_message": "Welcome!",
        "members_message": "Again",
    }  # fmt: skip
    assert without_error(call.ok("edit-number-options", number=OWN_NUMBER, **everything)) == []
    stored = number(frozen, OWN_NUMBER)
    assert (
        stored.forward_email, stored.forward_sms, stored.forward_url, stored.list_id, stored.welcome_message,
        stored.members_message,
    ) == (
        "a@example.com,b@example.com", "61491570157,61491570158", "http://localhost/", list_id, "Welcome!", "Again",
    )  # fmt: skip
    call.ok("edit-number-options", number=OWN_NUMBER)
    assert number(frozen, OWN_NUMBER) == stored
    call.ok("edit-number-options", number=OWN_NUMBER, forward_email="", list_id=0)
    stored = number(frozen, OWN_NUMBER)
    assert (stored.forward_email, stored.list_id, stored.forward_sms) == ("", 0, "61491570157,61491570158")
    call.ok("edit-number-options", number=OWN_NUMBER, **dict.fromkeys(everything, ""))
    stored = number(frozen, OWN_NUMBER)
    assert not any(
        [stored.forward_email, stored.forward_sms, stored.forward_url, stored.list_id, stored.welcome_message,
         stored.members_message]
    )  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"forward_email": "a@example.com,nobody"}, {"forward_sms": "61491570157,12"}, {"forward_url": "x"},
        {"welcome_message": "a" * 613}, {"members_message": "ж" * 269},
    ],
    ids=str,
)  # fmt: skip
def test_invalid_options_change_nothing(call: Caller, frozen: FreshTenant, wrong: dict[str, str]) -> None:
    before = number(frozen, OWN_NUMBER)
    assert call.refused("edit-number-options", number=OWN_NUMBER, **wrong) == WRONG
    assert number(frozen, OWN_NUMBER) == before


def test_options_of_unknown_numbers_are_refused(call: Caller, frozen: FreshTenant) -> None:
    other = add_other_caller(frozen)
    theirs = other.ok("add-list", name="Theirs")["id"]
    assert call.refused("edit-number-options", number=OWN_NUMBER, list_id=1)[0] == "NOT_FOUND"
    assert call.refused("edit-number-options", number=OWN_NUMBER, list_id=theirs)[0] == "NO_ACCESS"
    assert call.refused("edit-number-options", number=POOL[0], list_id=1) == FOREIGN
    assert other.refused("edit-number-options", number=OWN_NUMBER) == FOREIGN


# Sender IDs


def test_get_sender_ids_lists_all_allowed_senders(call: Caller, frozen: FreshTenant) -> None:
    call.ok("lease-number")
    with frozen.store.begin() as db:
        for word in ("Shop", "News"):
            sender_ids.add(db, frozen.tenant, frozen.account.id, word)
            sender_ids.add(db, frozen.tenant, frozen.account.id, word)
    assert call.http.get("/get-sender-ids.json").text == (
        f'{{"result":{{"caller_ids":{{"Virtual Number":[{OWN_NUMBER},{POOL[0]}],"Business Name":["News","Shop"],'
        '"Mobile Number":[]}},"error":{"code":"SUCCESS","description":"OK"}}'
    )
    assert (
        f"<result><caller_ids><Virtual_Number><item>{OWN_NUMBER}</item><item>{POOL[0]}</item></Virtual_Number>"
        "<Business_Name><item>News</item><item>Shop</item></Business_Name><Mobile_Number/></caller_ids></result>"
    ) in call.http.get("/get-sender-ids.xml").text
    nothing: dict[str, list[Any]] = {"Virtual Number": [], "Business Name": [], "Mobile Number": []}
    assert add_other_caller(frozen).ok("get-sender-ids")["result"] == {"caller_ids": nothing}


def test_a_number_out_of_service_cannot_send(call: Caller, frozen: FreshTenant) -> None:
    with frozen.store.begin() as db:
        numbers.change(db, frozen.tenant, OWN_NUMBER, {"status": numbers.INACTIVE})
    assert call.ok("get-sender-ids")["result"]["caller_ids"]["Virtual Number"] == []


def test_a_registered_word_may_send_where_senders_are_strict(call: Caller, frozen: FreshTenant) -> None:
    set_tenant(frozen, strict_senders=1)
    assert call.refused("send-sms", message="hi", to=TO, from_="Shop")[0] == "BAD_CALLER_ID"
    with frozen.store.begin() as db:
        sender_ids.add(db, frozen.tenant, frozen.account.id, "Shop")
    call.ok("send-sms", message="hi", to=TO, from_="Shop")
    other = add_other_caller(frozen)
    assert other.refused("send-sms", message="hi", to=TO, from_="Shop")[0] == "BAD_CALLER_ID"
    with frozen.store.begin() as db:
        assert sender_ids.remove(db, frozen.tenant, frozen.account.id, "Shop")
        assert not sender_ids.remove(db, frozen.tenant, frozen.account.id, "Shop")
    assert call.refused("send-sms", message="hi", to=TO, from_="Shop")[0] == "BAD_CALLER_ID"


def test_the_balance_is_the_sum_of_the_transactions(call: Caller, fresh: FreshTenant) -> None:
    call.ok("lease-number")
    advance(fresh, days=70)
    with fresh.store.begin() as db:
        assert balances.read(db, fresh.tenant, fresh.account.id) == 100_000_000 - 2_500_000 * 5
