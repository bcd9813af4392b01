"""get-transactions and get-transaction."""

from datetime import UTC, datetime
from decimal import Decimal

from sms_sandbox.domain.pricing import to_units
from sms_sandbox.services import ledger
from sms_sandbox.store import accounts
from tests.api.clients import GYM, HANDSET, client_of, top_up
from tests.api.tenant_setup import freeze
from tests.conftest import Caller, FreshTenant

NOON = datetime(2020, 6, 24, 7, 6, 42, tzinfo=UTC)


def test_transactions_look_as_recorded(call: Caller, fresh: FreshTenant) -> None:
    freeze(fresh, NOON)
    made, client = client_of(fresh, call)
    with fresh.store.begin() as db:
        account = accounts.read(db, fresh.tenant, made)
        assert account is not None
        ledger.top_up(db, account, to_units(Decimal(5)), to_units(Decimal(1)), NOON)
    sent = client.ok("send-sms", message="Hi", to=HANDSET)["message_id"]
    listed = call.http.get(f"/get-transactions.json?client_id={made}&max=2&page=2").text
    assert listed == (
        '{"page":{"count":2,"number":2},"transactions_total":3,"transactions":[{"id":17400002,"user_id":54912,'
        '"description":"Credit Top Up - $5.00 (+ $1 card processing fee)","amount":6,"balance_standing":"$6.000",'
        '"created":"2020-06-24 07:06:42","type_description":"","type_id":23}],'
        '"error":{"code":"SUCCESS","description":"OK"}}'
    )
    newest = call.ok("get-transactions", client_id=made)["transactions"][0]
    assert (newest["amount"], newest["balance_standing"], newest["type_id"]) == (-0.087, "$4.913", 1)
    single = call.http.get(f"/get-transaction.json?id={newest['id']}").text
    assert single == (
        '{"id":17400004,"user_id":54912,"description":"SMS charge","amount":-0.087,"balance_standing":4.913,'
        f'"created":"2020-06-24 07:06:42","message_id":{sent},"type_description":"","type_id":1,'
        '"error":{"code":"SUCCESS","description":"OK"}}'
    )
    assert call.ok("get-transaction", id=17400002)["message_id"] == 0


def test_transactions_of_a_span_of_time(call: Caller, fresh: FreshTenant) -> None:
    made = call.ok("add-client", **GYM)["id"]
    for day in (1, 2, 3):
        freeze(fresh, datetime(2030, 1, day, 12, tzinfo=UTC))
        top_up(fresh, made, str(day))
    day = call.ok("get-transactions", client_id=made, start="2030-01-02", end="2030-01-03")
    assert [each["amount"] for each in day["transactions"]] == [2]
    assert call.ok("get-transactions", client_id=made, end="2030-01-02 12:00:00")["transactions_total"] == 2
    nothing = call.ok("get-transactions", client_id=made, start="2031-01-01")
    assert (nothing["transactions_total"], "transactions" in nothing) == (0, False)
    assert call.refused("get-transactions", client_id=made, start="soon")[0] == "FIELD_INVALID"
