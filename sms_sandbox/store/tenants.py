"""Tenants: isolated sandboxes, each with its own clock and settings."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from msgspec import Struct, field
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from ..domain import faults
from ..domain.clock import EPOCH, MICROSECOND, Clock, from_micros, to_micros
from . import tables
from .paging import Page, Paging, fetch_page
from .statement import Statement
from .tables import tenants as t
from .timeline import announce, build_clock, find_next_due
from .unit_of_work import cached, invalidate, lock_free_tenants, lock_tenant


class Tenant(Struct, frozen=True):
    """An isolated sandbox. `profile` names the provider's behaviour, `delivery_delay` is the carrier's time."""

    id: int
    name: str
    seed: str
    created: datetime
    clock: Clock
    profile: str
    delivery_delay: timedelta
    strict_senders: bool
    faulty: bool
    """True if it has a rule of faults on callbacks."""
    made_by: str
    """The creator: a key or the operator, and the address."""
    last_used: datetime
    """The last call of the API or of control, in real time; some seconds late."""


class NewTenant(Struct, frozen=True):
    """The settings of a tenant to add."""

    name: str
    seed: str
    profile: str = "seed"
    delivery_delay: timedelta = timedelta(seconds=1)
    strict_senders: bool = False
    clock: Clock = field(default_factory=Clock)
    made_by: str = ""


DELETED = "deleted"
"""In `made_by`: a tenant that nobody can reach any more, and whose rows are being deleted."""

IS_THERE = t.c.made_by != bindparam(None, DELETED)

_COLUMNS = (t.c.id, t.c.name, t.c.seed, t.c.created, t.c.clock_offset, t.c.frozen_at, t.c.moving)
_FAULTY = (
    select(tables.rules.c.id).where(tables.rules.c.tenant == t.c.id, tables.rules.c.kind == faults.CALLBACK).exists()
)
_SETTINGS = (t.c.profile, t.c.delivery_delay, t.c.strict_senders, _FAULTY, t.c.made_by, t.c.last_used)
_READ = Statement(select(*_COLUMNS, *_SETTINGS).where(t.c.id == bindparam("tenant"), IS_THERE))
_NAMED = Statement(select(*_COLUMNS, *_SETTINGS).where(t.c.name == bindparam("called"), IS_THERE))
_FIRST = Statement(select(t.c.id).order_by(t.c.id).limit(1))
_ADD = Statement(
    insert(t).values({column.name: bindparam(column.name) for column in t.c if column.name != "id"}).returning(t.c.id)
)
_CLOCK = Statement(
    update(t)
    .where(t.c.id == bindparam("tenant"))
    .values(clock_offset=bindparam("offset_"), frozen_at=bindparam("frozen"), moving=bindparam("moving_"))
)

_FOLLOW = Statement(
    update(tables.timeline)
    .where(tables.timeline.c.tenant == bindparam("tenant_"))
    .values(wake=tables.timeline.c.due - bindparam("offset"))
)
_SLEEP = Statement("UPDATE timeline SET wake = NULL WHERE tenant = :tenant")
_FREEZE = Statement("UPDATE timeline SET wake = CASE WHEN due <= :at THEN 0 ELSE NULL END WHERE tenant = :tenant")

_REMOVE = Statement(delete(t).where(t.c.id == bindparam("tenant")))
_EMPTY = {
    table.name: Statement(delete(table).where(table.c.tenant == bindparam("tenant"))) for table in tables.OF_A_TENANT
}


def add(db: Connection, new: NewTenant, real: datetime) -> Tenant:
    """Add an empty tenant."""
    tenant_id: int = _ADD.value(
        db,
        name=new.name,
        seed=new.seed,
        created=to_micros(new.clock.now(real)),
        clock_offset=new.clock.offset // MICROSECOND,
        frozen_at=new.clock.frozen_at and to_micros(new.clock.frozen_at),
        moving=0,
        profile=new.profile,
        delivery_delay=new.delivery_delay // MICROSECOND,
        strict_senders=int(new.strict_senders),
        version=0,
        state=0,
        throttle="",
        made_by=new.made_by,
        last_used=to_micros(real),
    )
    tenant = read(db, tenant_id)
    assert tenant is not None
    return tenant


def read(db: Connection, tenant: int) -> Tenant | None:
    return _tenant(_READ.one(db, tenant=tenant))


def lock_free(db: Connection, tenants: Collection[int]) -> dict[int, Tenant]:
    """Lock the tenants that no other transaction has locked. Returns them by id."""
    free = lock_free_tenants(db, tenants)
    locked = {tenant: cached(db, tenant, "tenant", partial(read, db, tenant)) for tenant in free}
    return {id_: tenant for id_, tenant in locked.items() if tenant is not None}


def find_by_name(db: Connection, name: str) -> Tenant | None:
    return _tenant(_NAMED.one(db, called=name))


def list_page(db: Connection, paging: Paging) -> Page[Tenant]:
    """Return a page of all tenants, oldest first."""
    return fetch_page(db, select(*_COLUMNS, *_SETTINGS).where(IS_THERE).order_by(t.c.id), paging, _tenant_of)


def find_default(db: Connection) -> int | None:
    """Return the id of the oldest tenant, which is the default one."""
    tenant: int | None = _FIRST.value(db)
    return tenant


def _tenant(row: tuple[Any, ...] | None) -> Tenant | None:
    return None if row is None else _tenant_of(row)


def _tenant_of(row: Sequence[Any]) -> Tenant:
    tenant_id, name, seed, created, offset, frozen_at, moving, profile, delay, strict, faulty, made_by, used = row
    return Tenant(
        tenant_id, name, seed, from_micros(created), build_clock(offset, frozen_at, moving), profile,
        delay * MICROSECOND, bool(strict), bool(faulty), made_by, from_micros(used),
    )  # fmt: skip


def set_clock(db: Connection, tenant: int, clock: Clock) -> None:
    """Set the clock, and adjust the tenant's timeline to it."""
    move_clock(db, tenant, clock)
    _follow_clock(db, tenant, clock)


def _follow_clock(db: Connection, tenant: int, clock: Clock) -> None:
    """Set the `wake` of all the tenant's events by its clock as it is now."""
    if clock.frozen_at is None:
        _FOLLOW.run(db, tenant_=tenant, offset=clock.offset // MICROSECOND)
    elif clock.moving:
        _SLEEP.run(db, tenant=tenant)
    else:
        _FREEZE.run(db, tenant=tenant, at=to_micros(clock.frozen_at))
    first = find_next_due(db, tenant)
    if first is not None:
        announce(db, clock, first)


def move_clock(db: Connection, tenant: int, clock: Clock) -> None:
    """Set a clock that was frozen and still is. The timeline stays as it is."""
    invalidate(db, tenant)
    _CLOCK.run(
        db,
        tenant=tenant,
        offset_=clock.offset // MICROSECOND,
        frozen=clock.frozen_at and to_micros(clock.frozen_at),
        moving_=clock.moving + clock.was_frozen,
    )


def change(db: Connection, tenant: int, settings: Mapping[str, Any]) -> None:
    """Set columns of the tenant: profile, delivery_delay (microseconds), strict_senders (0 or 1)."""
    invalidate(db, tenant)
    db.execute(update(t).where(t.c.id == tenant).values(**settings))


def list_moving(db: Connection) -> list[Tenant]:
    """Return the tenants whose clock an advance is moving, or was when its process died."""
    rows = db.execute(select(*_COLUMNS, *_SETTINGS).where(t.c.moving > 0)).all()
    return [_tenant_of(row) for row in rows]


def empty(db: Connection, tenant: int) -> None:
    """Delete everything that belongs to the tenant, but not the tenant."""
    invalidate(db, tenant)
    for statement in _EMPTY.values():
        statement.run(db, tenant=tenant)


def lock(db: Connection, tenant: int) -> None:
    """Lock the tenant until the transaction ends. Waits for calls and events of it, and holds up new ones."""
    lock_tenant(db, tenant)


def retire(db: Connection, tenant: int) -> bool:
    """Make a tenant unreachable: its keys and its name are free, and nothing of it happens any more.

    False if it is not there. Waits for calls and events of it.
    """
    lock_tenant(db, tenant)
    if read(db, tenant) is None:
        return False
    set_clock(db, tenant, Clock(frozen_at=EPOCH))  # so that nothing is due
    _EMPTY[tables.accounts.name].run(db, tenant=tenant)
    change(db, tenant, {"name": f"deleted {tenant}", "made_by": DELETED})  # a name that somebody gives has no blank
    return True


def list_retired(db: Connection) -> list[int]:
    """Return the tenants whose rows are being deleted, or were when a process ended."""
    return list(db.scalars(select(t.c.id).where(~IS_THERE)))


def remove(db: Connection, tenant: int) -> None:
    """Delete the tenant and everything that belongs to it."""
    empty(db, tenant)
    _REMOVE.run(db, tenant=tenant)
