"""Operations on tenants."""

import secrets
from collections.abc import Collection
from datetime import UTC, timedelta
from functools import partial
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace
from sqlalchemy import Connection

from ..domain.clock import MICROSECOND, Clock
from ..domain.profiles import PROFILES
from ..services import new_tenant, reset
from ..services.access import ANOTHER_TENANT
from ..services.bulk_deletion import delete_most
from ..services.tenant_deletion import delete_rows
from ..store import accounts, schema, tenant_use, tenants
from ..store.accounts import Account, NewAccount
from ..store.paging import Paging
from ..store.tenants import Tenant
from .clock import clock_at
from .conversion import page_info, paging_of, shape_of, to_units
from .declare import Call, LongCall, operation
from .errors import ControlError
from .shapes import tenants as shapes
from .shapes.primitives import CURRENT, Empty, Name, PageQuery

_BYTES_PER_ROW = 180
"""Measured in SQLite files with 10,000 and 100,000 messages, indexes included."""


@operation("POST", "/tenants", status=201, needs_operator=True)
def create_tenant(call: Call, body: shapes.NewTenant) -> shapes.CreatedTenant:
    """Create a tenant: an account with a balance of 1,000.00, a number, a shared number, and numbers to lease."""
    defaults = call.context.defaults
    profile = body.profile or defaults.profile
    throttle = body.throttle if body.throttle is not None else PROFILES[profile].throttle
    if body.throttle is None and body.profile is None:
        throttle = defaults.throttle
    key = body.key or f"a{secrets.token_hex(16)[1:]}"
    schema.lock(call.db)  # so that two callers do not take the same name
    defaults.quotas.check_tenants(call.db)
    name = check_free_name(call, body.name or f"t-{secrets.token_hex(8)}")
    if accounts.find_by_key(call.db, key) is not None:
        raise ControlError("conflict", f"There is an account with the key {key!r} already.")
    delay = defaults.delivery_delay if body.delivery_seconds is None else timedelta(seconds=body.delivery_seconds)
    strict = defaults.strict_senders if body.strict_senders is None else body.strict_senders
    new = tenants.NewTenant(
        name=name,
        seed=secrets.token_hex(8) if body.seed is None else body.seed,
        profile=profile,
        delivery_delay=delay,
        strict_senders=strict,
        made_by=call.caller.by,
        clock=Clock(frozen_at=body.frozen_at and body.frozen_at.astimezone(UTC)),  # months have the days of UTC
    )
    secret = body.secret or secrets.token_hex(16)
    check_secrets(call, secret)
    account = NewAccount(
        key, secret, name=name, throttle=throttle,
        dlr_url=body.dlr_url, reply_url=body.reply_url, link_hits_url=body.link_hits_url,
    )  # fmt: skip
    if body.balance is not None:
        account = replace(account, balance=to_units(body.balance))
    return created_tenant(call, new_tenant.create(call.db, new, account, call.real))


def check_secrets(call: Call, *given: object) -> None:
    """Raise ControlError for the published secret, where other machines can call."""
    refused = call.context.defaults.refused_secret
    if refused is not None and refused in given:
        raise ControlError("invalid", f"The secret {refused} is published, and other machines can call.")


def check_free_name(call: Call, name: str) -> str:
    """Return the name. Raises ControlError if a tenant has it."""
    if name == CURRENT or tenants.find_by_name(call.db, name) is not None:
        raise ControlError("conflict", f"There is a tenant {name!r} already.")
    return name


@operation("GET", "/tenants", needs_operator=True)
async def list_tenants(call: LongCall, query: PageQuery) -> shapes.Tenants:
    """List all tenants, oldest first.

    Each has who made it, when it was last used, and how much it holds.
    """
    # Counting takes long if there is much, and calls of the API need not wait for it.
    return await call.context.store.run_aside(partial(_list, call, paging_of(query)))


@operation("GET", "/tenants/{tenant}")
def read_tenant(call: Call, tenant: Name) -> shapes.Tenant:
    """Return a tenant by its name. `current` is the tenant of the credentials."""
    return _tenant(call, _find(call, tenant))


@operation("PATCH", "/tenants/{tenant}")
def change_tenant(call: Call, tenant: Name, body: shapes.TenantChange) -> shapes.Tenant:
    """Change a tenant's settings. What was planned before stays as it was planned."""
    row = _find(call, tenant)
    settings: dict[str, Any] = {}
    if body.profile is not UNSET:
        settings["profile"] = body.profile
    if body.strict_senders is not UNSET:
        settings["strict_senders"] = int(body.strict_senders)
    if body.delivery_seconds is not UNSET:
        settings["delivery_delay"] = timedelta(seconds=body.delivery_seconds) // MICROSECOND
    if settings:
        tenants.change(call.db, row.id, settings)
    return _tenant(call, _find(call, row.name))


@operation("DELETE", "/tenants/{tenant}", needs_operator=True)
async def delete_tenant(call: LongCall, tenant: Name) -> Empty:
    """Delete a tenant with all its data. The default tenant can only be reset."""
    await delete_rows(call.context.store, await call.transact(lambda call: _retire(call, tenant)))
    return Empty()


@operation("POST", "/tenants/{tenant}/reset")
async def reset_tenant(call: LongCall, tenant: Name, body: shapes.Reset) -> shapes.Tenant:
    """Reset a tenant to its first state: nothing sent, nothing planned. The first account keeps its key and throttle.

    A frozen clock stays where it is. With `kinds` only these are emptied, and ids continue.
    """
    row = await call.transact(lambda call: _find(call, tenant))
    async with call.context.runner.clocks.hold(row.id):
        await delete_most(call.context.store, row.id, body.kinds)
        if body.kinds is None:
            return await call.transact_exclusively(lambda call: _start_afresh(call, tenant))
        return await call.transact_exclusively(lambda call: _empty(call, tenant, body.kinds or ()))


def _list(long: LongCall, paging: Paging, db: Connection) -> shapes.Tenants:
    call = Call(long.context, long.caller, long.urls, db)
    page = tenants.list_page(db, paging)
    held = tenant_use.count_held(db, [row.id for row in page.rows])
    listed = [
        shape_of(
            shapes.ListedTenant,
            row,
            **_fields(call, row),
            messages=held[row.id].messages,
            rows=held[row.id].rows,
            approximate_bytes=held[row.id].rows * _BYTES_PER_ROW,
        )
        for row in page.rows
    ]
    return shapes.Tenants(page_info(page), listed)


def created_tenant(call: Call, row: Tenant) -> shapes.CreatedTenant:
    """Return a new tenant, with the secret of its first account."""
    return shape_of(shapes.CreatedTenant, row, **_fields(call, row), secret=_first_account(call, row).secret or "")


def _find(call: Call, name: str) -> Tenant:
    if name not in (CURRENT, call.tenant.name) and not call.caller.is_operator:
        # The same for every name, so that nobody learns which tenants exist.
        raise ControlError("forbidden", ANOTHER_TENANT)
    row = tenants.read(call.db, call.tenant.id) if name == CURRENT else tenants.find_by_name(call.db, name)
    if row is None:
        raise _unknown(name)
    return row


def _unknown(name: str) -> ControlError:
    return ControlError("not_found", f"There is no tenant {name!r}.")


def _find_removable(call: Call, name: str) -> Tenant:
    row = _find(call, name)
    if row.id == tenants.find_default(call.db):
        raise ControlError("conflict", "The default tenant can't be deleted; reset it instead.")
    return row


def _retire(call: Call, name: str) -> int:
    row = _find_removable(call, name)
    if not tenants.retire(call.db, row.id):
        raise _unknown(name)
    return row.id


def _empty(call: Call, name: str, kinds: Collection[str]) -> shapes.Tenant:
    reset.reset(call.db, _find(call, name), kinds, call.real)
    return _tenant(call, _find(call, name))


def _start_afresh(call: Call, name: str) -> shapes.Tenant:
    row = _find(call, name)
    first = _first_account(call, row)
    tenants.empty(call.db, row.id)
    clock = Clock(frozen_at=row.clock.frozen_at) if row.clock.is_frozen else Clock()
    tenants.set_clock(call.db, row.id, clock)
    account = NewAccount(first.key, first.secret, name=row.name, throttle=first.throttle)
    new_tenant.fill(call.db, row, account, clock.now(call.real))
    return _tenant(call, _find(call, row.name))


def _tenant(call: Call, row: Tenant) -> shapes.Tenant:
    return shape_of(shapes.Tenant, row, **_fields(call, row))


def _fields(call: Call, row: Tenant) -> dict[str, Any]:
    """Return the fields of a tenant's shape that differ from its row."""
    return {
        "clock": clock_at(row.clock, call.real),
        "delivery_seconds": row.delivery_delay.total_seconds(),
        "key": _first_account(call, row).key,
    }


def _first_account(call: Call, row: Tenant) -> Account:
    account = accounts.find_first(call.db, row.id)
    assert account is not None
    return account


OPERATIONS = (create_tenant, list_tenants, read_tenant, change_tenant, delete_tenant, reset_tenant)
