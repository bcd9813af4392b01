"""Operations that export a tenant as one document, and make a tenant of a document."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Raw
from msgspec.structs import replace
from sqlalchemy import Connection

from ..domain import credentials
from ..services import document_check, tenant_document
from ..services.document_secrets import hide_secrets
from ..services.tenant_document import FORMAT, VERSION
from ..store import accounts, schema, tenant_rows, tenants
from ..store.real_time import real_now
from ..store.row_check import DocumentError
from ..store.tenant_rows import Tables
from ..store.tenants import NewTenant, Tenant
from .clock import clock_at
from .conversion import shape_of
from .declare import Call, LongCall, explain_patterns, operation
from .errors import ControlError, gone
from .shapes import documents as shapes
from .shapes.tenants import CreatedTenant
from .tenants import check_free_name, check_secrets, created_tenant


@operation("GET", "/export")
async def export_tenant(call: LongCall, query: shapes.ExportOptions) -> shapes.Document:
    """Export the tenant as one document: settings, clock and all data.

    Secrets of accounts and in URLs are replaced by … unless `with_secrets` is true, which imports and replays need. The
    same calls at the same times give the same document: it holds nothing that
    was measured, and nothing about this server.
    """
    async with call.context.runner.clocks.hold(call.tenant.id):
        document = await call.context.store.run_aside(lambda db: export_document(db, call.tenant.id, real_now()))
    if document is None:
        raise gone()
    if not query.with_secrets:
        return replace(document, tables=hide_secrets(document.tables), has_secrets=False)
    return document


@operation("POST", "/import", status=201, max_body=shapes.MAX_DOCUMENT_BYTES, needs_operator=True)
def import_tenant(call: Call, body: shapes.Import) -> CreatedTenant:
    """Create a tenant from an exported document: all of it, or nothing.

    The document may come from another server. The clock continues from the time it showed, or stays frozen. `key` is
    the key of the first account. Clients whose keys are taken here get new ones if `key` is given.
    """
    document = _read_document(body.document)
    rows = check_document(document)
    schema.lock(call.db)  # so that two callers do not take the same name
    quotas = call.context.defaults.quotas
    quotas.check_tenants(call.db)
    quotas.check_rows({table: len(table_rows) for table, table_rows in rows.items()})
    name = check_free_name(call, body.name or document.tenant.name)
    changes = {field: value for field, value in (("key", body.key), ("secret", body.secret)) if value}
    rows = {**rows, "accounts": _accounts(call.db, rows, changes)}
    check_secrets(call, *(row["secret"] for row in rows["accounts"]))
    return created_tenant(call, _restore(call, document.tenant, name, rows))


@operation("POST", "/replay", max_body=shapes.MAX_DOCUMENT_BYTES, is_recorded=False)
async def replay_tenant(call: LongCall, body: shapes.Replay) -> shapes.Document:
    """Make the calls of a document again, and return the resulting document.

    The calls are made in a new tenant of the same seed. Calls and handsets' messages happen at their times, on a clock
    that is frozen in between. The tenant exists only for the replay and sends no callbacks: they end as the document
    says they did. Two replays return the same bytes.
    """
    document: shapes.Document = await call.context.replay(_read_document(body.document))
    return document


def _read_document(raw: Raw) -> shapes.Document:
    """Decode a document. Raises ControlError if its format or version is not supported."""
    try:
        header = msgspec.json.decode(raw, type=shapes.DocumentHeader)
        if header.format != FORMAT:
            raise ControlError("invalid", f"document.format is {header.format[:80]!r}, not {FORMAT!r}.")
        if header.version != VERSION:
            raise ControlError("invalid", f"document.version is {header.version}; only {VERSION} is supported.")
        if not header.has_secrets:
            raise ControlError("invalid", "The document has no secrets; export it again with `with_secrets`.")
        return msgspec.json.decode(raw, type=shapes.Document)
    except RecursionError as why:
        raise ControlError("invalid", "The document is nested too deep.") from why
    except msgspec.ValidationError as why:
        raise ControlError("invalid", f"{explain_patterns(str(why)).replace('`$', '`document')}.") from why


def check_document(document: shapes.Document) -> Tables:
    """Check every value of a document and return its rows by table. Raises ControlError."""
    try:
        return document_check.check(document.tables)
    except DocumentError as why:
        raise ControlError("invalid", f"{why}.") from why


def export_document(db: Connection, tenant: int, real: datetime) -> shapes.Document | None:
    """Export a tenant in a transaction of its own. None if the tenant is gone."""
    tenant_rows.begin_snapshot(db)
    row = tenants.read(db, tenant)
    if row is None:
        return None
    clock = clock_at(row.clock, real)
    settings = shape_of(
        shapes.DocumentTenant,
        row,
        clock=shapes.DocumentClock(clock.now, clock.running),
        delivery_seconds=row.delivery_delay.total_seconds(),
    )
    rows = tenant_document.export(db, tenant)
    return shapes.Document(FORMAT, VERSION, settings, rows)  # type: ignore[arg-type]


def _accounts(db: Connection, rows: Tables, changes: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the accounts with keys that are free here. `changes` are new values for the first account."""
    oldest, *others = sorted(rows["accounts"], key=lambda row: row["parent"] is not None)
    renamed = [{**oldest, **changes}, *(dict(row) for row in others)]
    for index, row in enumerate(renamed):
        if accounts.find_by_key(db, str(row["key"])) is None:
            continue
        if not index or "key" not in changes:
            raise ControlError(
                "conflict", f"There is an account with the key {row['key']!r} already; give another `key`."
            )
        row["key"] = credentials.derive_key(changes["key"], "client", row["id"])
    return renamed


def _restore(call: Call, settings: shapes.DocumentTenant, name: str, rows: Tables) -> Tenant:
    """Create a tenant with these settings and rows, and its clock as it was."""
    new = NewTenant(
        name=name,
        seed=settings.seed,
        profile=settings.profile,
        delivery_delay=timedelta(seconds=settings.delivery_seconds),
        strict_senders=settings.strict_senders,
        clock=tenant_document.build_clock(settings.clock.now, settings.clock.running, call.real),
        made_by=call.caller.by,
    )
    return tenant_document.restore(call.db, new, settings.created, rows, call.real)


OPERATIONS = (export_tenant, import_tenant, replay_tenant)
