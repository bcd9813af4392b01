"""Tenants, their clocks, and their accounts."""

import secrets
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from msgspec import UNSET

from ..domain import pricing
from ..domain.clock import LATEST, MICROSECOND, Clock
from ..domain.profiles import PROFILES
from ..store import accounts, tenants
from ..store import world as worlds
from ..store.accounts import NewAccount
from ..store.tenants import Tenant
from . import shapes as s
from .declare import Call, Later, operation
from .errors import ControlError

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
    name = body.name or f"t-{secrets.token_hex(8)}"
    key = body.key or f"a{secrets.token_hex(16)[1:]}"
    if name == CURRENT or tenants.by_name(call.db, name) is not None:
        raise ControlError("conflict", f"There is a tenant {name!r} already.")
    if accounts.by_key(call.db, key) is not None:
        raise ControlError("conflict", f"There is an account with the key {key!r} already.")
    if body.frozen_at is not None and (body.frozen_at.tzinfo is None or body.frozen_at >= LATEST):
        raise ControlError("invalid", "frozen_at must be a moment with a time zone, before the year 9000.")
    delay = defaults.delivery_seconds if body.delivery_seconds is None else body.delivery_seconds
    strict = defaults.strict_senders if body.strict_senders is None else body.strict_senders
    new = tenants.NewTenant(
        name=name,
        seed=secrets.token_hex(8) if body.seed is None else body.seed,
        profile=profile,
        delivery_delay=timedelta(seconds=delay),
        strict_senders=strict,
        clock=Clock(frozen_at=body.frozen_at),
    )
    secret = body.secret or secrets.token_hex(16)
    account = NewAccount(key, secret, name=name, throttle=throttle)
    if body.balance is not None:
        account = replace(account, balance=pricing.to_units(Decimal(str(body.balance))))
    made = worlds.found(call.db, new, account, call.real)
    return s.TenantMade(**state_of(call, made), secret=secret)


@operation("GET", "/tenants")
def list_tenants(call: Call, query: s.Slice) -> s.Tenants:
    """Every tenant, oldest first."""
    found = tenants.page(call.db, query.paging)
    rows = [s.TenantState(**state_of(call, each)) for each in found.rows]
    return s.Tenants(s.PageOf(found.info["number"], found.info["count"], found.total), rows)


@operation("GET", "/tenants/{tenant}")
def read_tenant(call: Call, tenant: str) -> s.TenantState:
    """A tenant by its name; `current` is the one the credentials belong to."""
    return s.TenantState(**state_of(call, named(call, tenant)))


@operation("PATCH", "/tenants/{tenant}")
def change_tenant(call: Call, tenant: str, body: s.TenantChange) -> s.TenantState:
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
def delete_tenant(call: Call, tenant: str) -> s.Empty:
    """Delete a tenant and all that belongs to it. The default tenant can only be reset."""
    found = named(call, tenant)
    if found.id == tenants.oldest(call.db):
        raise ControlError("conflict", "The default tenant can't be deleted; reset it instead.")
    tenants.remove(call.db, found.id)
    return s.Empty()


@operation("POST", "/tenants/{tenant}/reset")
def reset_tenant(call: Call, tenant: str) -> s.TenantState:
    """Make a tenant as fresh as it once was: nothing sent, nothing planned, the first account's key kept."""
    found = named(call, tenant)
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
        "clock": s.ClockState(tenant.clock.now(call.real), tenant.clock.frozen_at is None),
        "profile": tenant.profile,
        "strict_senders": tenant.strict_senders,
        "delivery_seconds": tenant.delivery_delay.total_seconds(),
        "key": first.key,
    }


# The clock


@operation("GET", "/clock")
def read_clock(call: Call) -> s.ClockState:
    """What the tenant's clock shows."""
    return s.ClockState(call.now, call.tenant.clock.frozen_at is None or call.tenant.clock.moving)


@operation("POST", "/clock/freeze")
def freeze_clock(call: Call) -> s.ClockState:
    """Let the clock stand still; nothing that is planned happens until it is advanced or goes on."""
    tenants.set_clock(call.db, call.tenant.id, call.tenant.clock.frozen(call.real))
    return s.ClockState(call.now, running=False)


@operation("POST", "/clock/resume")
def resume_clock(call: Call) -> s.ClockState:
    """Let the clock go on from what it shows."""
    running = call.tenant.clock.running(call.real)
    tenants.set_clock(call.db, call.tenant.id, running)
    return s.ClockState(running.now(call.real), running=True)


@operation("POST", "/clock/advance")
async def advance_clock(later: Later, body: s.Advance) -> s.Advanced:
    """Move the clock on. Everything due on the way happens at its own moment, callbacks and their retries included,
    before this answers."""
    span = timedelta(days=body.days, hours=body.hours, minutes=body.minutes, seconds=body.seconds)
    if body.to is not None and span:
        raise ControlError("invalid", "Give either `to` or a span of time, not both.")
    if body.to is None and not span:
        raise ControlError("invalid", "Say how far: `to` a moment, or days, hours, minutes or seconds.")
    if body.to is not None and body.to.tzinfo is None:
        raise ControlError("invalid", "`to` must have a time zone, as in 2030-01-31T12:00:00Z.")
    try:
        ran = await later.desk.runner.advance(later.tenant.id, by=span, to=body.to)
    except KeyError:
        raise ControlError("not_found", "The tenant is gone.") from None
    except (ValueError, OverflowError) as why:
        raise ControlError("invalid", str(why)) from why
    running = later.tenant.clock.frozen_at is None
    happened = [s.Event(each.at, each.kind, each.ref) for each in ran.happened]
    truncated = sum(ran.counts.values()) > len(happened)
    return s.Advanced(ran.start, ran.end, running, dict(ran.counts), happened, truncated)


# The account


@operation("GET", "/account")
def read_account(call: Call) -> s.AccountState:
    """The settings of the account the credentials belong to."""
    found = accounts.read(call.db, call.tenant.id, call.account.id)
    assert found is not None
    return s.AccountState(
        id=found.id,
        key=found.key,
        currency=found.currency,
        balance=float(pricing.from_units(accounts.balance(call.db, found.tenant, found.id))),
        price=float(pricing.from_units(found.price)),
        throttle=found.throttle,
        page_size=found.page_size or PROFILES[found.profile].page_size,
        dlr_url=found.dlr_url,
        reply_url=found.reply_url,
        link_hits_url=found.link_hits_url,
        suspended=found.suspended,
    )


@operation("PATCH", "/account")
def change_account(call: Call, body: s.AccountChange) -> s.AccountState:
    """Change the account's settings: throttle, page size, balance, price per part, default callback URLs."""
    settings: dict[str, Any] = {
        name: value for name in body.__struct_fields__ if (value := getattr(body, name)) is not UNSET
    }
    for name in ("balance", "price"):
        if name in settings:
            settings[name] = pricing.to_units(Decimal(str(settings[name])))
    if "page_size" in settings:
        settings["page_size"] = settings["page_size"] or 0
    if "suspended" in settings:
        settings["suspended"] = int(settings["suspended"])
    if settings:
        accounts.change(call.db, call.tenant.id, call.account.id, settings)
    return read_account.run(call)  # type: ignore[no-any-return]


OPERATIONS = (
    create_tenant, list_tenants, read_tenant, change_tenant, delete_tenant, reset_tenant, read_clock, freeze_clock,
    resume_clock, advance_clock, read_account, change_account,
)  # fmt: skip
