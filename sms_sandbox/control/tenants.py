"""Tenants and their clocks."""

import secrets
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec import UNSET

from ..domain import pricing
from ..domain.clock import MICROSECOND, Clock
from ..domain.profiles import PROFILES
from ..services import new_tenant as worlds
from ..services import reset
from ..store import accounts, schema, tenants
from ..store.accounts import NewAccount
from ..store.tenants import Tenant
from .declare import Call, Later, operation
from .errors import ControlError, gone
from .shapes import tenants as s
from .shapes.primitives import Empty, Name, Slice, page_of

CURRENT = "current"
"""In the place of a tenant's name: the one the credentials belong to."""


@operation("POST", "/tenants", status=201)
def create_tenant(call: Call, body: s.NewTenant) -> s.TenantMade:
    """Make a world of its own: an account with 1,000.00, a number, a shared number, and numbers to lease."""
    defaults = call.desk.defaults
    profile = body.profile or defaults.profile
    throttle = body.throttle if body.throttle is not None else PROFILES[profile].throttle
    if body.throttle is None and body.profile is None:
        throttle = defaults.throttle
    key = body.key or f"a{secrets.token_hex(16)[1:]}"
    schema.hold(call.db)  # so that two callers do not take the same name
    name = free(call, body.name or f"t-{secrets.token_hex(8)}")
    if accounts.by_key(call.db, key) is not None:
        raise ControlError("conflict", f"There is an account with the key {key!r} already.")
    delay = defaults.delivery_delay if body.delivery_seconds is None else timedelta(seconds=body.delivery_seconds)
    strict = defaults.strict_senders if body.strict_senders is None else body.strict_senders
    new = tenants.NewTenant(
        name=name,
        seed=secrets.token_hex(8) if body.seed is None else body.seed,
        profile=profile,
        delivery_delay=delay,
        strict_senders=strict,
        clock=Clock(frozen_at=body.frozen_at and body.frozen_at.astimezone(UTC)),  # by whose days months are counted
    )
    secret = body.secret or secrets.token_hex(16)
    account = NewAccount(key, secret, name=name, throttle=throttle)
    if body.balance is not None:
        account = replace(account, balance=pricing.to_units(Decimal(str(body.balance))))
    made = worlds.found(call.db, new, account, call.real)
    return s.TenantMade(**state_of(call, made), secret=secret)


def free(call: Call, name: str) -> str:
    """A name that a tenant may have; ControlError where one has it."""
    if name == CURRENT or tenants.by_name(call.db, name) is not None:
        raise ControlError("conflict", f"There is a tenant {name!r} already.")
    return name


@operation("GET", "/tenants")
def list_tenants(call: Call, query: Slice) -> s.Tenants:
    """Every tenant, oldest first."""
    found = tenants.page(call.db, query.paging)
    return s.Tenants(page_of(found), [s.TenantState(**state_of(call, each)) for each in found.rows])


@operation("GET", "/tenants/{tenant}")
def read_tenant(call: Call, tenant: Name) -> s.TenantState:
    """A tenant by its name; `current` is the one the credentials belong to."""
    return s.TenantState(**state_of(call, named(call, tenant)))


@operation("PATCH", "/tenants/{tenant}")
def change_tenant(call: Call, tenant: Name, body: s.TenantChange) -> s.TenantState:
    """Change a tenant's settings; what was planned before stays as it was planned."""
    found = named(call, tenant)
    settings: dict[str, Any] = {}
    if body.profile is not UNSET:
        settings["profile"] = body.profile
    if body.strict_senders is not UNSET:
        settings["strict_senders"] = int(body.strict_senders)
    if body.delivery_seconds is not UNSET:
        settings["delivery_delay"] = timedelta(seconds=body.delivery_seconds) // MICROSECOND
    if settings:
        tenants.change(call.db, found.id, settings)
    return s.TenantState(**state_of(call, named(call, found.name)))


@operation("DELETE", "/tenants/{tenant}")
async def delete_tenant(later: Later, tenant: Name) -> Empty:
    """Delete a tenant and all that belongs to it. The default tenant can only be reset."""
    return await later.insist(lambda call: remove(call, tenant))


def remove(call: Call, name: str) -> Empty:
    found = named(call, name)
    if found.id == tenants.oldest(call.db):
        raise ControlError("conflict", "The default tenant can't be deleted; reset it instead.")
    tenants.remove(call.db, found.id)
    return Empty()


@operation("POST", "/tenants/{tenant}/reset")
async def reset_tenant(later: Later, tenant: Name, body: s.Reset) -> s.TenantState:
    """Make a tenant as fresh as it once was: nothing sent, nothing planned, the first account's key and throttle kept.

    A clock that stands still stays where it stands. With `kinds` only these are emptied, and ids are counted on."""
    found = await later.do(lambda call: named(call, tenant))
    async with later.desk.runner.clocks.held(found.id):
        if body.kinds is None:
            return await later.insist(lambda call: start_afresh(call, tenant))
        return await later.insist(lambda call: empty(call, tenant, body.kinds or ()))


def empty(call: Call, name: str, kinds: Collection[str]) -> s.TenantState:
    reset.reset(call.db, named(call, name), kinds, call.real)
    return s.TenantState(**state_of(call, named(call, name)))


def start_afresh(call: Call, name: str) -> s.TenantState:
    found = named(call, name)
    first = accounts.first_of(call.db, found.id)
    assert first is not None
    tenants.empty(call.db, found.id)
    clock = Clock() if found.clock.frozen_at is None or found.clock.moving else found.clock
    tenants.set_clock(call.db, found.id, clock)
    worlds.settle(
        call.db, found, NewAccount(first.key, first.secret, name=found.name, throttle=first.throttle),
        clock.now(call.real),
    )  # fmt: skip
    return s.TenantState(**state_of(call, named(call, found.name)))


def named(call: Call, name: str) -> Tenant:
    """The tenant of that name."""
    found = tenants.read(call.db, call.tenant.id) if name == CURRENT else tenants.by_name(call.db, name)
    if found is None:
        raise ControlError("not_found", f"There is no tenant {name!r}.")
    return found


def state_of(call: Call, tenant: Tenant) -> dict[str, Any]:
    first = accounts.first_of(call.db, tenant.id)
    assert first is not None
    return {
        "name": tenant.name,
        "seed": tenant.seed,
        "created": tenant.created,
        "clock": shown(tenant.clock, call.real),
        "profile": tenant.profile,
        "strict_senders": tenant.strict_senders,
        "delivery_seconds": tenant.delivery_delay.total_seconds(),
        "key": first.key,
    }


# The clock


@operation("GET", "/clock")
def read_clock(call: Call) -> s.ClockState:
    """What the tenant's clock shows."""
    return shown(call.tenant.clock, call.real)


def shown(clock: Clock, real: datetime) -> s.ClockState:
    return s.ClockState(clock.now(real), clock.frozen_at is None or clock.moving)


@operation("POST", "/clock/freeze")
async def freeze_clock(later: Later) -> s.ClockState:
    """Let the clock stand still. What is due by then still happens, and nothing after it until the clock is advanced
    or goes on."""
    return await set_clock(later, Clock.frozen)


@operation("POST", "/clock/resume")
async def resume_clock(later: Later) -> s.ClockState:
    """Let the clock go on from what it shows."""
    return await set_clock(later, Clock.running)


async def set_clock(later: Later, change: Callable[[Clock, datetime], Clock]) -> s.ClockState:
    """Set the clock, when no advance moves it any more."""

    def in_transaction(call: Call) -> s.ClockState:
        clock = change(call.tenant.clock, call.real)
        tenants.set_clock(call.db, call.tenant.id, clock)
        return shown(clock, call.real)

    async with later.desk.runner.clocks.held(later.tenant.id):
        return await later.do(in_transaction)


@operation("POST", "/clock/advance")
async def advance_clock(later: Later, body: s.Advance) -> s.Advanced:
    """Move the clock on. Everything due on the way happens at its own moment, callbacks and their retries included,
    before this answers."""
    to = body.to and body.to.astimezone(UTC)
    try:
        ran = await later.desk.runner.advance(later.tenant.id, by=body.span, to=to)
    except KeyError:
        raise gone() from None
    except (ValueError, OverflowError) as why:
        raise ControlError("invalid", str(why)) from why
    clock = await later.do(read_clock.run)
    happened = [s.Event(each.at, each.kind, each.ref) for each in ran.happened]
    truncated = sum(ran.counts.values()) > len(happened)
    return s.Advanced(ran.start, ran.end, clock.running, dict(ran.counts), happened, truncated)


OPERATIONS = (
    create_tenant, list_tenants, read_tenant, change_tenant, delete_tenant, reset_tenant, read_clock, freeze_clock,
    resume_clock, advance_clock,
)  # fmt: skip
