"""Nobody sees or changes what is another account's, whichever id they name."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select

from sms_sandbox.api.routes import load_methods
from sms_sandbox.store import tables
from tests.api.acts import execute, neighbours_call
from tests.api.selling import CLUB, HANDSET, RESELLERS_ONLY, client_of, top_up
from tests.conftest import Caller, FreshTenant, make_tenant

FILLED = {"message": "Hi", "to": HANDSET, "from": HANDSET, "msisdn": HANDSET, "mobile": HANDSET, "countrycode": "AU"}
IDS = {"list_id", "message_id", "id", "client_id", "keyword_id", "number"}
TAKING_IDS = sorted(method.name for method in load_methods().values() if IDS & set(method.params))
LEASED = "61491570120"


def kept(fresh: FreshTenant) -> Mapping[str, Any]:
    """All rows of the tenant, but those that count."""
    with fresh.store.begin() as db:
        return {
            table.name: sorted(map(str, db.execute(select(table).filter_by(tenant=fresh.tenant)).all()))
            for table in tables.OF_A_TENANT
            if table.name not in ("counters", "throttle")
        }


@pytest.mark.parametrize("method", TAKING_IDS)
def test_nobody_reaches_what_is_anothers(call: Caller, fresh: FreshTenant, method: str) -> None:
    """A client's things, asked for by id: by another client, by its reseller, by another one, by another tenant."""
    gym, owner = client_of(fresh, call)
    top_up(fresh, gym, "50")
    on = owner.ok("add-list", name="Gym friends")["id"]
    owner.ok("add-to-list", list_id=on, msisdn=HANDSET, first_name="Gymnast")
    message = owner.ok("send-sms", message="Gym news", list_id=on, send_at="2100-01-01")["message_id"]
    transaction = call.ok("get-transactions", client_id=gym)["transactions"][0]["id"]
    execute(
        fresh, "UPDATE numbers SET account = :gym, status = 'active' WHERE tenant = :tenant AND number = :number",
        gym=gym, tenant=fresh.tenant, number=LEASED,
    )  # fmt: skip
    ids = {
        "list_id": on, "message_id": message, "client_id": gym, "keyword_id": 1, "number": LEASED,
        "id": transaction if method == "get-transaction" else message,
    }  # fmt: skip
    declared = load_methods()[method]
    given = {name: ids[name] for name in declared.params if name in IDS}
    given |= {name: FILLED.get(name.rstrip("_"), "x") for name in declared.required if name not in given}
    if "list_id" in given and method == "send-sms":
        given["to"] = ""
    snoops = [Caller(fresh.store, made["apikey"], made["apisecret"]) for made in [call.ok("add-client", **CLUB)]]
    snoops.append(neighbours_call(fresh))
    if method not in RESELLERS_ONLY:
        snoops.append(call)
    make_tenant(fresh.store, "stranger-key", "stranger-secret", name="stranger")
    snoops.append(Caller(fresh.store, "stranger-key", "stranger-secret"))
    before = kept(fresh)
    for snoop in snoops:
        reply = snoop(method, **given)
        assert reply["error"]["code"] != "FAILED"
        assert not any(word in json.dumps(reply) for word in ("Gym", "gym@", HANDSET)), reply
        assert kept(fresh) == before, reply
