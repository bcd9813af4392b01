"""Preparation of recorded exchanges on balances, clients and transactions."""

from datetime import UTC, datetime
from decimal import Decimal

from sms_sandbox.domain.pricing import to_units
from sms_sandbox.services import ledger
from sms_sandbox.store import accounts
from tests.api.clients import client_of
from tests.api.replay.preparation import Line, Params, Prepare
from tests.api.tenant_setup import set_account
from tests.conftest import Caller, FreshTenant


def before_balance(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    if isinstance(line["body"], dict):
        units = to_units(Decimal(str(line["body"]["balance"])))
        set_account(fresh, balance=units, currency=line["body"]["currency"])
    return {}


def before_client(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    """Add a client of the recorded name."""
    made, _ = client_of(fresh, call, name="exampleco", timezone="Africa/Abidjan")
    return {"client_id": made}


def before_transactions(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    """Add a client that bought credit three times and paid the fee."""
    made, _ = client_of(fresh, call)
    with fresh.store.begin() as db:
        client = accounts.read(db, fresh.tenant, made)
        assert client is not None
        for minute in (25, 32, 33):
            now = datetime(2015, 9, 10, 6, minute, tzinfo=UTC)
            ledger.top_up(db, client, to_units(Decimal(5)), to_units(Decimal(1)), now)
    return {"client_id": made}


PREPARE: dict[str, Prepare] = {
    "get-balance": before_balance,
    "get-client": before_client,
    "get-transactions": before_transactions,
}
