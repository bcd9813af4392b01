"""The account: get-balance."""

from decimal import Decimal
from typing import Any, TypedDict

from ...domain import pricing
from ...store import balances
from ..declare import Call, method


class Balance(TypedDict):
    balance: Decimal
    currency: str


@method("Account")
def get_balance(call: Call) -> Balance:
    """Return the account's balance."""
    units = balances.read(call.db, call.tenant, call.account.id)
    return {"balance": pricing.from_units(units), "currency": call.account.currency}


METHODS: tuple[Any, ...] = (get_balance,)
