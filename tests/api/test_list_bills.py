"""Charges and refunds for a long list whose members leave while it is processed."""

from decimal import Decimal
from typing import Any

import pytest

from tests.api import tenant_setup
from tests.conftest import Caller, FreshTenant

PRICE = Decimal("0.087")
CHUNK_SIZE = 20
MEMBERS = 2 * CHUNK_SIZE + 5


@pytest.fixture
def long_list(call: Caller, fresh: FreshTenant, monkeypatch: pytest.MonkeyPatch) -> int:
    """A list that takes three batches, in a tenant whose clock is frozen."""
    monkeypatch.setattr("sms_sandbox.services.send_message.CHUNK_SIZE", CHUNK_SIZE)
    tenant_setup.freeze(fresh, tenant_setup.read_tenant(fresh).created)
    made: int = call.ok("add-list", name="Long", field_1="City")["id"]
    for number in range(MEMBERS):
        call.ok("add-to-list", list_id=made, msisdn=str(61491100000 + number), field_1="x" * (number % 3))
    return made


def money(call: Caller) -> tuple[Decimal, Decimal]:
    """Return the balance, and the sum of the transactions."""
    rows: list[Any] = call.ok("get-transactions", client_id=54911, max=100)["transactions"]
    return Decimal(str(call.ok("get-balance")["balance"])), sum(
        (Decimal(str(each["amount"])) for each in rows), Decimal()
    )


def check(call: Caller, fresh: FreshTenant, message: int, reached: int) -> None:
    tenant_setup.advance(fresh, seconds=5)
    response = call.ok("get-sms", message_id=message)
    assert (response["recipients"], response["sms"], response["delivery_stats"]["delivered"]) == (
        reached,
        reached,
        reached,
    )
    assert Decimal(str(response["cost"])) == reached * PRICE
    assert money(call) == (1000 - reached * PRICE, 1000 - reached * PRICE)


@pytest.mark.parametrize("text", ["Hello", "Hello [City]"])
def test_each_member_is_charged_once(call: Caller, fresh: FreshTenant, long_list: int, text: str) -> None:
    sent = call.ok("send-sms", message=text, list_id=long_list)
    check(call, fresh, sent["message_id"], MEMBERS)


@pytest.mark.parametrize("text", ["Hello", "Hello [City]"])
def test_members_who_leave_during_the_send_are_refunded(
    call: Caller, fresh: FreshTenant, long_list: int, text: str
) -> None:
    sent = call.ok("send-sms", message=text, list_id=long_list)
    call.ok("delete-from-list", list_id=long_list, msisdn=str(61491100000 + MEMBERS - 1))
    call.ok("optout-list-member", list_id=long_list, msisdn=str(61491100000 + MEMBERS - 2))
    check(call, fresh, sent["message_id"], MEMBERS - 2)


def test_a_removed_list_is_refunded_for_members_without_a_recipient_row(
    call: Caller, fresh: FreshTenant, long_list: int
) -> None:
    sent = call.ok("send-sms", message="Hello", list_id=long_list)
    call.ok("remove-list", list_id=long_list)
    check(call, fresh, sent["message_id"], CHUNK_SIZE)


def test_cancelling_refunds_the_rest(call: Caller, fresh: FreshTenant, long_list: int) -> None:
    later = f"{tenant_setup.read_tenant(fresh).created.year + 1}-01-01"
    sent = call.ok("send-sms", message="Hello", list_id=long_list, send_at=later)
    call.ok("delete-from-list", list_id=long_list, msisdn=str(61491100000 + MEMBERS - 1))
    tenant_setup.advance(fresh, seconds=5)
    call.ok("cancel-sms", id=sent["message_id"])
    assert money(call) == (Decimal(1000), Decimal(1000))
