"""A tenant taken out as one document, and a tenant made of one."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from ..domain import credentials
from ..domain.clock import real_now
from ..services import document_check, tenant_document
from ..store import accounts, schema, tenant_rows, tenants
from ..store.row_check import DocumentError
from ..store.tenant_rows import Tables
from ..store.tenants import NewTenant, Tenant
from .declare import Call, Later, operation
from .errors import ControlError, gone
from .shapes import documents as s
from .shapes.tenants import TenantMade
from .tenants import free, shown, state_of


@operation("GET", "/export")
async def export_tenant(later: Later) -> s.Document:
    """The tenant as one document: settings, clock, and all it has, with the secrets of its accounts.

    The same calls at the same moments make the same document; nothing in it was measured, or tells of this server.
    """
    async with later.desk.runner.clocks.held(later.tenant.id):
        found = await later.desk.store.run(lambda db: exported(db, later.tenant.id, real_now()))
    if found is None:
        raise gone()
    return found


def exported(db: Connection, tenant: int, real: datetime) -> s.Document | None:
    """A tenant as a document, in a transaction of its own; None if it is gone."""
    tenant_rows.begin_snapshot(db)
    found = tenants.read(db, tenant)
    if found is None:
        return None
    clock = shown(found.clock, real)
    kept = s.KeptTenant(
        name=found.name,
        seed=found.seed,
        created=found.created,
        clock=s.KeptClock(clock.now, clock.running),
        profile=found.profile,  # type: ignore[arg-type]
        strict_senders=found.strict_senders,
        delivery_seconds=found.delivery_delay.total_seconds(),
    )
    rows = tenant_document.export(db, tenant)
    return s.Document(tenant_document.FORMAT, tenant_document.VERSION, kept, rows)  # type: ignore[arg-type]


@operation("POST", "/import", status=201, largest=s.LARGEST)
def import_tenant(call: Call, body: s.Import) -> TenantMade:
    """Make a tenant of a document that `GET /export` answered, here or elsewhere: all of it, or nothing.

    Its clock goes on from what it showed, or stands there. A `key` of its own is the first account's; clients whose
    keys are taken here then get new ones.
    """
    document = s.read_document(body.document)
    rows = checked(document)
    schema.hold(call.db)  # so that two callers do not take the same name
    name = free(call, body.name or document.tenant.name)
    first = {"key": body.key, "secret": body.secret}
    rows = {**rows, "accounts": renamed(call.db, rows, {each: value for each, value in first.items() if value})}
    made = restored(call.db, document.tenant, name, rows, call.real)
    own = accounts.first_of(call.db, made.id)
    assert own is not None
    return TenantMade(**state_of(call, made), secret=own.secret or "")


@operation("POST", "/replay", largest=s.LARGEST)
async def replay_tenant(later: Later, body: s.Replay) -> s.Document:
    """Make a document's calls again in a fresh world of the same seed, and answer that world's document.

    Calls and handsets' messages come at their moments, by a clock that stands in between. The world lives for that long
    only and calls nobody: callbacks end as the document says they did. Two replays answer the same bytes.
    """
    found: s.Document = await later.desk.replay(s.read_document(body.document))
    return found


def checked(document: s.Document) -> Tables:
    """The rows of a document, every value looked at. Raises ControlError."""
    try:
        return document_check.check(document.tables)
    except DocumentError as why:
        raise ControlError("invalid", f"{why}.") from why


def renamed(db: Connection, rows: Tables, first: Mapping[str, str]) -> list[dict[str, Any]]:
    """The accounts, with keys that nobody has here; `first` is what the first one gets instead of its own."""
    known = sorted(rows["accounts"], key=lambda row: row["parent"] is not None)
    found = [{**known[0], **first}, *(dict(row) for row in known[1:])]
    for index, row in enumerate(found):
        if accounts.by_key(db, str(row["key"])) is None:
            continue
        if not index or "key" not in first:
            raise ControlError(
                "conflict", f"There is an account with the key {row['key']!r} already; give another `key`."
            )
        row["key"] = credentials.derive_key(first["key"], "client", row["id"])
    return found


def restored(db: Connection, kept: s.KeptTenant, name: str, rows: Tables, real: datetime) -> Tenant:
    """Make a tenant with these settings and rows, its clock as it was."""
    new = NewTenant(
        name=name,
        seed=kept.seed,
        profile=kept.profile,
        delivery_delay=timedelta(seconds=kept.delivery_seconds),
        strict_senders=kept.strict_senders,
        clock=tenant_document.clock_at(kept.clock.now, kept.clock.running, real),
    )
    return tenant_document.restore(db, new, kept.created, rows, real)


OPERATIONS = (export_tenant, import_tenant, replay_tenant)
