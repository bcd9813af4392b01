"""Preparation that recorded exchanges of several chapters share."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sms_sandbox.store import contacts
from tests.api.tenant_setup import execute_sql
from tests.api.xml_values import parse_xml
from tests.conftest import Caller, FreshTenant

Line = dict[str, Any]
Params = dict[str, Any]
Prepare = Callable[[Caller, FreshTenant, Line], Params]
"""Prepares the tenant for an exchange, and returns the exchange's parameters for it."""

HANDSET = "61491570128"
NAMES = {"first_name": "First", "last_name": "Last"}


def parse_time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


def captured_at(line: Line) -> datetime:
    return parse_time(line["captured"])


def keep_params(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    return dict(line["params"])


def lease(fresh: FreshTenant, number: str) -> None:
    leased = "UPDATE numbers SET account = :account, status = 'active' WHERE tenant = :tenant AND number = :number"
    execute_sql(fresh, leased, account=fresh.account.id, tenant=fresh.tenant, number=number)


def send(call: Caller, **params: Any) -> int:
    return int(call.ok("send-sms", **{"message": "hi", "to": HANDSET, **params})["message_id"])


def add_list(call: Caller, *fields: str) -> int:
    """Add a list with these custom fields."""
    slots = {f"field_{slot}": name for slot, name in enumerate(fields, 1)}
    return int(call.ok("add-list", name="a list", **slots)["id"])


def add_list_from(fresh: FreshTenant, name: str, fields: Any, automatic: bool = False) -> int:
    """Add a list as a response shows it, with fields in either style.

    An `automatic` list is one that a keyword added.
    """
    named = {each["name"]: each["value"] for each in fields} if isinstance(fields, list) else dict(fields)
    slots = {slot.removeprefix("field_"): value for slot, value in named.items()}
    with fresh.store.begin() as db:
        created = None if automatic else fresh.account.clock.now(datetime.now(UTC))
        return contacts.add_list(db, fresh.tenant, fresh.account.id, name, slots, created).id


def field_names(body: Any) -> list[str]:
    """Return the names of the custom fields in a response."""
    if not isinstance(body, dict):
        return [each.tag for each in parse_xml(body).iterfind("fields/*")]
    return [each["name"] if isinstance(each, dict) else each for each in body.get("fields", [])]
