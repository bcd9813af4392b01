"""Isolation: no account can see or change another account's data by its id."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from sms_sandbox.api.routes import load_methods
from sms_sandbox.store import tables
from tests.api.clients import CLUB, HANDSET, RESELLERS_ONLY, client_of, top_up
from tests.api.tenant_setup import add_other_caller, execute_sql
from tests.conftest import Caller, FreshTenant, make_tenant

FILLED = {"message": "Hi", "to": HANDSET, "from": HANDSET, "msisdn": HANDSET, "mobile": HANDSET, "countrycode": "AU"}
IDS = {"list_id", "message_id", "id", "client_id", "keyword_id", "number"}
TAKING_IDS = sorted(method.name for method in load_methods().values() if IDS & set(method.params))
LEASED = "61491570120"


def stored_rows(fresh: FreshTenant) -> Mapping[str, Any]:
    """Return all rows of the tenant, except counters."""
    with fresh.store.begin() as db:
        return {
            table.name: sorted(map(str, db.execute(select(table).filter_by(tenant=fresh.tenant)).all()))
            for table in tables.OF_A_TENANT
            if table.name not in ("counters", "throttle")
        }


def test_data_of_other_accounts_cannot_be_reached(call: Caller, fresh: FreshTenant) -> None:
    """Four others ask for a client's data by id, with each method.

    They are another client, the reseller, another reseller and another tenant.
    """
    gym, owner = client_of(fresh, call)
    top_up(fresh, gym, "50")
    list_id = owner.ok("add-list", name="Gym friends")["id"]
    owner.ok("add-to-list", list_id=list_id, msisdn=HANDSET, first_name="Gymnast")
    message = owner.ok("send-sms", message="Gym news", list_id=list_id, send_at="2100-01-01")["message_id"]
    transaction = call.ok("get-transactions", client_id=gym)["transactions"][0]["id"]
    execute_sql(
        fresh, "UPDATE numbers SET account = :gym, status = 'active' WHERE tenant = :tenant AND number = :number",
        gym=gym, tenant=fresh.tenant, number=LEASED,
    )  # fmt: skip
    ids = {
        "list_id": list_id, "message_id": message, "client_id": gym, "keyword_id": 1, "number": LEASED, "id": message,
    }  # fmt: skip
    club = call.ok("add-client", **CLUB)
    snoops = [Caller(fresh.store, club["apikey"], club["apisecret"]), add_other_caller(fresh)]
    make_tenant(fresh.store, "stranger-key", "stranger-secret", name="stranger")
    snoops.append(Caller(fresh.store, "stranger-key", "stranger-secret"))
    before = stored_rows(fresh)
    problems = []
    for method in TAKING_IDS:
        given = parameters(method, ids | ({"id": transaction} if method == "get-transaction" else {}))
        for snoop in [*snoops, *([] if method in RESELLERS_ONLY else [call])]:
            reply = snoop(method, **given)
            after = stored_rows(fresh)
            leaks = any(word in json.dumps(reply) for word in ("Gym", "gym@", HANDSET))
            if reply["error"]["code"] == "FAILED" or leaks or after != before:
                problems.append((method, reply))
            before = after
    assert problems == []


def parameters(method: str, ids: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ids that a method takes, and values for its other required parameters."""
    declared = load_methods()[method]
    given = {name: ids[name] for name in declared.params if name in IDS}
    given |= {name: FILLED.get(name.rstrip("_"), "x") for name in declared.required if name not in given}
    if "list_id" in given and method == "send-sms":
        given["to"] = ""
    return given
