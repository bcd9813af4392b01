"""A reseller's client, its calls, and its money."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sms_sandbox.api.routes import load_methods
from sms_sandbox.domain.pricing import to_units
from sms_sandbox.services import ledger
from sms_sandbox.store import accounts
from tests.conftest import Caller, FreshTenant

GYM = {"name": "Gym", "email": "gym@example.com", "password": "not-to-be-kept", "msisdn": "+61 491 570 156"}
CLUB = {"name": "Club", "email": "club@example.com", "password": "x", "msisdn": "61491570157"}
HANDSET = "61491570158"
RESELLERS_ONLY = [method.name for method in load_methods().values() if method.resellers_only]


def client_of(fresh: FreshTenant, call: Caller, **details: Any) -> tuple[int, Caller]:
    """Add a client, and return its id and its caller."""
    made = call.ok("add-client", **(GYM | details))
    return made["id"], Caller(fresh.store, made["apikey"], made["apisecret"])


def top_up(fresh: FreshTenant, client: int, amount: str) -> None:
    with fresh.store.begin() as db:
        account = accounts.read(db, fresh.tenant, client)
        assert account is not None
        ledger.top_up(db, account, to_units(Decimal(amount)), 0, account.clock.now(datetime.now(UTC)))
