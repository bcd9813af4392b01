"""What exchanges of more than one chapter need before they are replayed."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sms_sandbox.store import contacts
from tests.api.acts import execute
from tests.api.spelling import parsed
from tests.conftest import Caller, FreshTenant

Line = dict[str, Any]
Params = dict[str, Any]
Prepare = Callable[[Caller, FreshTenant, Line], Params]
"""Makes what an exchange needs, and answers with its parameters, fit for what was made."""

HANDSET = "61491570128"
NAMES = {"first_name": "First", "last_name": "Last"}


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


def captured(line: Line) -> datetime:
    return moment(line["captured"])


def as_it_is(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    return dict(line["params"])


def lease(fresh: FreshTenant, number: str) -> None:
    leased = "UPDATE numbers SET account = :account, status = 'active' WHERE tenant = :tenant AND number = :number"
    execute(fresh, leased, account=fresh.account.id, tenant=fresh.tenant, number=number)


def send(call: Caller, **params: Any) -> int:
    return int(call.ok("send-sms", **{"message": "hi", "to": HANDSET, **params})["message_id"])


def add_list(call: Caller, *fields: str) -> int:
    """A list with these custom fields."""
    slots = {f"field_{slot}": name for slot, name in enumerate(fields, 1)}
    return int(call.ok("add-list", name="a list", **slots)["id"])


def told_list(fresh: FreshTenant, name: str, fields: Any, automatic: bool = False) -> int:
    """A list as a reply tells of it, its fields in either of the two styles; an `automatic` one a keyword made."""
    named = {each["name"]: each["value"] for each in fields} if isinstance(fields, list) else dict(fields)
    slots = {slot.removeprefix("field_"): value for slot, value in named.items()}
    with fresh.store.begin() as db:
        created = None if automatic else fresh.account.clock.now(datetime.now(UTC))
        return contacts.add_list(db, fresh.tenant, fresh.account.id, name, slots, created).id


def field_names(body: Any) -> list[str]:
    """The names of the custom fields a reply tells of."""
    if not isinstance(body, dict):
        return [each.tag for each in parsed(body).iterfind("fields/*")]
    return [each["name"] if isinstance(each, dict) else each for each in body.get("fields", [])]
