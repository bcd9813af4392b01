"""Faults for API calls, and results of calls that met them."""

from typing import Any

from sms_sandbox.domain.faults import Fault
from sms_sandbox.domain.rule_match import Match, Turns
from sms_sandbox.store import rules
from sms_sandbox.store.rules import NewRule
from tests.conftest import Caller, FreshTenant

TO = "61491570156"


def add_fault(fresh: FreshTenant, match: Match | None = None, turns: Turns | None = None, **what: Any) -> int:
    """Add a fault for API calls, and return its id."""
    new = NewRule(rules.API, match or Match(), turns or Turns(), Fault("api", **what).given_fields())
    with fresh.store.begin() as db:
        return rules.add(db, fresh.tenant, new)


def code(call: Caller, method: str = "get-balance", **params: Any) -> str:
    return str(call(method, **params)["error"]["code"])


def balance(call: Caller) -> float:
    return float(call.ok("get-balance")["balance"])
