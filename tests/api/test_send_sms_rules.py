"""send-sms: the text, the sender and the price of the message."""

from decimal import Decimal
from typing import Any

import pytest

from sms_sandbox.domain.pricing import to_units
from sms_sandbox.services.new_tenant import OWN_NUMBER, POOL, SHARED_NUMBER
from tests.api.tenant_setup import add_list_of, add_other_caller, advance, set_account, set_tenant
from tests.conftest import Caller, FreshTenant

TO = "61491570156"
GENERIC = "Field has invalid format (see proper format in the description)."
BAD_CALLER_ID = ("BAD_CALLER_ID", "The sender ID you have set is not valid or number is inactive or expired")


def text_at(call: Caller, message: int, msisdn: str = TO) -> str:
    return str(call.ok("get-sms-delivery-status", message_id=message, msisdn=msisdn)["stats"]["message"])


def sender_of(call: Caller, **params: Any) -> str:
    message = call.ok("send-sms", message="hi", to=TO, **params)["message_id"]
    return str(call.ok("get-sms-delivery-status", message_id=message, msisdn=TO)["stats"]["sender_id"])


# The text


def test_merge_fields_are_filled_from_the_member(call: Caller) -> None:
    list_id = call.ok("add-list", name="customers", field_1="City", field_3="Post Code")["id"]
    call.ok("add-to-list", list_id=list_id, msisdn=TO, first_name="Abc", field_1="Perth", field_3="06000")
    call.ok("add-to-list", list_id=list_id, msisdn=61491570157)
    template = "Hi [FirstName] [lastname]! [city] [Post Code] [other] {braces} [tracked-link]"
    sent = call.ok("send-sms", message=template, list_id=list_id)["message_id"]
    assert text_at(call, sent) == "Hi Abc ! Perth 06000 [other] {braces} [tracked-link]"
    assert text_at(call, sent, "61491570157") == "Hi  !   [other] {braces} [tracked-link]"
    assert call.ok("get-sms", message_id=sent)["message"] == template


def test_numbers_have_no_record_to_fill_fields_from(call: Caller) -> None:
    sent = call.ok("send-sms", message="Hi [firstname][lastname], {name} [city]", to=TO)["message_id"]
    assert text_at(call, sent) == "Hi , {name} [city]"


def test_each_recipient_gets_a_link_of_its_own(call: Caller) -> None:
    numbers = [TO, "61491570157"]
    text = "Look [tracked-link] [tracked-link] or leave [unsub-reply-link]"
    sent = call.ok("send-sms", message=text, to=",".join(numbers), tracked_link_url="https://a.example/b")["message_id"]
    texts = [text_at(call, sent, number) for number in numbers]
    for each in texts:
        assert len(each) == len("Look  [tracked-link] or leave ") + 17 + 20
        assert each.startswith("Look TapTh.is/")
        assert "[tracked-link] or leave UnsubRep.ly/" in each
    assert texts[0] != texts[1]


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 612, 4),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("ж" * 268, 4),
        ("😀" * 35, 1),
        ("a" * 143 + "[tracked-link]", 1),
        ("a" * 144 + "[tracked-link]", 2),
        ("a" * 140 + "[unsub-reply-link]", 1),
        ("a" * 141 + "[unsub-reply-link]", 2),
        ("a" * 160 + "[firstname]", 1),
    ],
)
def test_parts_decide_the_cost(call: Caller, message: str, parts: int) -> None:
    numbers = f"{TO},61491570157"
    sent = call.ok("send-sms", message=message, to=numbers, tracked_link_url="https://a.example")
    assert (sent["recipients"], sent["sms"], sent["cost"]) == (2, 2 * parts, round(2 * parts * 0.087, 3))
    assert call.ok("get-balance")["balance"] == round(1000 - 2 * parts * 0.087, 3)


@pytest.mark.parametrize("message", ["a" * 613, "ж" * 269, "€" * 307, "a" * 612 + "[tracked-link]", "a" * 2001])
def test_more_than_four_parts_are_refused(call: Caller, message: str) -> None:
    link = {"tracked_link_url": "https://a.example"}
    assert call.refused("send-sms", message=message, to=TO, **link) == ("FIELD_INVALID", GENERIC)
    assert call.ok("get-balance")["balance"] == 1000


def test_parts_are_counted_for_each_member(call: Caller) -> None:
    list_id = add_list_of(call, TO)
    call.ok("add-to-list", list_id=list_id, msisdn=61491570157, first_name="n" * 100)
    assert call.ok("send-sms", message="[firstname]" + "a" * 100, list_id=list_id)["sms"] == 3
    call.ok("add-to-list", list_id=list_id, msisdn=61491570158, first_name="n" * 250)
    assert call.refused("send-sms", message="[firstname]" + "a" * 400, list_id=list_id) == ("FIELD_INVALID", GENERIC)


# The sender


def test_the_shared_number_is_the_default_sender(call: Caller, fresh: FreshTenant) -> None:
    assert sender_of(call) == OWN_NUMBER
    assert sender_of(call, from_="") == OWN_NUMBER
    assert sender_of(call, from_shared="yes") == SHARED_NUMBER
    assert sender_of(call, from_shared="yes", from_=OWN_NUMBER) == OWN_NUMBER
    # An account that leases no number writes from the shared one.
    assert sender_of(add_other_caller(fresh)) == SHARED_NUMBER


@pytest.mark.parametrize(
    ("wanted", "sender"),
    [
        (OWN_NUMBER, OWN_NUMBER),
        (f"+{OWN_NUMBER}", OWN_NUMBER),
        (f" {OWN_NUMBER}", OWN_NUMBER),
        (SHARED_NUMBER, SHARED_NUMBER),
        ("MyCompany", "MyCompany"),
        ("ElevenChars", "ElevenChars"),
        ("24-7", None),
        (POOL[0], None),
        ("61491579999", None),
        ("0491570112", None),
        ("TwelveChars.", None),
        ("My Company", None),
        ("Café", None),
        ("1" * 16, None),
        ("BADCALLERID", None),
        ("BadCallerId", None),
    ],
)
def test_senders_are_accepted_or_refused(call: Caller, wanted: str, sender: str | None) -> None:
    if sender is None:
        assert call.refused("send-sms", message="hi", to=TO, from_=wanted) == BAD_CALLER_ID
        assert call.ok("get-balance")["balance"] == 1000
    else:
        assert sender_of(call, from_=wanted) == sender


def test_a_strict_tenant_refuses_unregistered_words_as_senders(call: Caller, fresh: FreshTenant) -> None:
    set_tenant(fresh, strict_senders=1)
    assert call.refused("send-sms", message="hi", to=TO, from_="MyCompany") == BAD_CALLER_ID
    assert sender_of(call, from_=OWN_NUMBER) == OWN_NUMBER


def test_a_number_of_another_account_is_refused_as_sender(call: Caller, fresh: FreshTenant) -> None:
    assert add_other_caller(fresh).refused("send-sms", message="hi", to=TO, from_=OWN_NUMBER) == BAD_CALLER_ID


# Money


def test_cost_is_the_accounts_price(call: Caller, fresh: FreshTenant) -> None:
    set_account(fresh, price=to_units(Decimal("0.054")), balance=to_units(Decimal(100)))
    to = ",".join(str(61491570000 + number) for number in range(500))
    assert call.ok("send-sms", message="a" * 161, to=to)["cost"] == 54
    assert call.ok("get-balance")["balance"] == 46


def test_the_last_cent_may_be_spent_and_no_more(call: Caller, fresh: FreshTenant) -> None:
    set_account(fresh, balance=to_units(Decimal("0.2")))
    assert call.ok("send-sms", message="hi", to=f"{TO},61491570157")["cost"] == 0.174
    assert call.refused("send-sms", message="hi", to=TO) == ("LEDGER_ERROR", "Insufficient funds to carry out debit")
    assert call.ok("get-balance")["balance"] == 0.026
    set_account(fresh, balance=to_units(Decimal("0.087")))
    assert call.ok("send-sms", message="hi", to=TO)
    assert call.ok("get-balance")["balance"] == 0
    assert call.ok("get-user-sms-sent", start="2020-01-01", end="2099-01-01")["total"] == 3


def test_an_account_on_credit_may_have_a_negative_balance(call: Caller, fresh: FreshTenant) -> None:
    set_account(fresh, balance=0, credit_based=1)
    assert call.ok("send-sms", message="hi", to=TO)
    assert call.ok("get-balance")["balance"] == -0.087


def test_a_refused_send_leaves_nothing_behind(call: Caller, fresh: FreshTenant) -> None:
    set_account(fresh, balance=0)
    assert call.refused("send-sms", message="hi", to=TO)[0] == "LEDGER_ERROR"
    set_account(fresh, balance=to_units(Decimal(1)))
    assert call.ok("send-sms", message="hi", to=TO)["message_id"] == 340000001
    advance(fresh, days=4)
    assert call.ok("get-user-sms-sent", start="2020-01-01", end="2099-01-01")["total"] == 1
