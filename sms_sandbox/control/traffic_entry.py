"""Traffic entries of control calls, which tell who changed a tenant."""

from collections.abc import Mapping
from typing import Any

import msgspec

from ..domain.redaction import HIDDEN, is_secret_name, redact, redact_url
from ..journal.entries import CONTROL, NewEntry, build_entry
from ..services.access import Caller
from ..store.tenants import Tenant
from .declare import Operation

_MAX_SHOWN_BYTES = 1 << 20
"""Largest body whose values an entry shows. Those of documents are left out."""


def build_control_entry(
    operation: Operation, caller: Caller, tenant: Tenant, path: str, arguments: Mapping[str, Any], took: int
) -> NewEntry:
    """Return the entry of a call that succeeded. `tenant` is the one it changed, and `took` is microseconds."""
    return build_entry(
        tenant=tenant.id,
        at=None,
        kind=CONTROL,
        account=caller.account.id if caller.account.tenant == tenant.id else 0,
        method=operation.name,
        code="ok",
        status=operation.status,
        took=took,
        verb=operation.verb,
        url=path,
        text=caller.by,
        request=_show(operation, arguments, caller.account.secret or ""),
    )


def _show(operation: Operation, arguments: Mapping[str, Any], secret: str) -> dict[str, str]:
    """Return the values of the body that were given, without secrets."""
    if "body" not in arguments or operation.max_body > _MAX_SHOWN_BYTES:
        return {}
    body = arguments["body"]
    values: dict[str, Any] = msgspec.to_builtins(body)
    for field in msgspec.structs.fields(body):
        if field.default is not msgspec.NODEFAULT and values.get(field.encode_name) == field.default:
            del values[field.encode_name]
    return {name: _show_value(name, value, secret) for name, value in values.items() if value not in (None, [], {})}


def _show_value(name: str, value: object, secret: str) -> str:
    if is_secret_name(name):
        return HIDDEN
    if isinstance(value, str):
        return redact_url(value, secret) if "://" in value else redact(value, secret)
    if isinstance(value, dict | list):
        return redact(msgspec.json.encode(value).decode(), secret)
    return str(value).lower() if isinstance(value, bool) else str(value)
