"""The operation that streams traffic entries as they are made."""

import time
from collections.abc import AsyncIterator, Hashable
from functools import partial

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from ..journal import queries
from ..store import rules, tenants
from ..store.real_time import real_now
from ..store.tenants import Tenant
from .clock import clock_at
from .declare import Call, LongCall, StreamEvent, operation
from .errors import gone
from .event_feeds import MAX_WAITING_EVENTS, Batch, ReadNext
from .server_sent_events import spell
from .shapes import traffic as shapes
from .traffic import build_entry, build_filter, check_capacity

HEARTBEAT_SECONDS = 15.0
"""Time between two comments on a quiet stream. They show clients that it is alive."""

STREAM_BATCH_ROWS = 100
"""Entries of a stream that are read at once."""


@operation("GET", "/events")
async def stream_events(call: LongCall, query: shapes.EventFilter) -> AsyncIterator[StreamEvent]:
    """Stream traffic entries as they are made, as Server-Sent Events.

    The event is the kind, the data is the entry as JSON, and the id is the entry's id. A stream is resumed behind an
    id by the header Last-Event-ID or by `after`. The event `dropped` counts entries that were dropped before they
    could be sent. With `changes`, the event `changed` says that the clock, the rules or the faults changed, or that
    the tenant was reset. The event `too-slow` ends a stream for which too many events wait, because it is not read; it
    can be resumed.
    """
    store, journal, tenant = call.context.store, call.context.journal, call.tenant.id
    check_capacity(call)
    read = _reads(tenant, query)
    await journal.flush()
    newest, settings = await call.transact(partial(_read_start, query=query))
    wanted = msgspec.json.encode(replace(query, after=None))
    async with call.context.feeds.read(store, journal, tenant, wanted, (newest, settings), read) as (reader, begins_at):
        yield StreamEvent("")
        if query.after is not None:
            reader.position = query.after
            while reader.position < begins_at or reader.position > newest:
                await journal.flush()
                batch = await store.run(lambda db: read(db, reader.position))
                yield StreamEvent("", spelled=b"".join(reader.take(batch)))
                if batch.is_last:
                    break
        quiet_since = time.monotonic()
        while not reader.is_over or reader.has_events:
            events = await reader.next(quiet_since + HEARTBEAT_SECONDS - time.monotonic())
            if events or time.monotonic() >= quiet_since + HEARTBEAT_SECONDS:
                quiet_since = time.monotonic()
                yield StreamEvent("", spelled=events)
        if reader.is_too_slow:
            yield StreamEvent("too-slow", shapes.TooSlow(MAX_WAITING_EVENTS))


def _read_start(call: Call, query: shapes.EventFilter) -> tuple[int, Hashable]:
    """Return the id of the last entry, and the settings at that moment."""
    ends = queries.find_bounds(call.db, call.tenant.id)
    return ends.last, _read_settings(call.db, call.tenant, ends) if query.changes else None


def _read_settings(db: Connection, tenant: Tenant, ends: queries.Bounds) -> Hashable:
    return tenant.clock, rules.read_state(db, tenant.id), ends.cleared


def _reads(tenant: int, query: shapes.EventFilter) -> ReadNext:
    """Return the function that reads the next entries of a tenant for a filter."""
    build_filter(query.match(0), query.kind)  # so that a wrong one is refused before the stream begins

    def read(db: Connection, position: int) -> Batch:
        row = tenants.read(db, tenant)
        if row is None:
            raise gone()
        ends = queries.find_bounds(db, tenant)
        begins_anew = ends.last < position  # the tenant was reset
        if begins_anew:
            position = 0
        dropped = 0 if ends.first is None else max(0, ends.first - 1 - max(position, ends.cleared))
        rows = queries.list_next(db, tenant, build_filter(query.match(position), query.kind), STREAM_BATCH_ROWS)
        events = [(row.id, spell(StreamEvent(row.kind, build_entry(row), row.id))) for row in rows]
        if dropped:
            events.insert(0, (0, spell(StreamEvent("dropped", shapes.DroppedEntries(dropped)))))
        is_last = len(rows) < STREAM_BATCH_ROWS
        position = ends.last if is_last else rows[-1].id
        if not query.changes:
            return Batch(position, events, begins_anew, is_last)
        changed = StreamEvent("changed", shapes.ChangedTenant(clock_at(row.clock, real_now())))
        return Batch(position, events, begins_anew, is_last, _read_settings(db, row, ends), spell(changed))

    return read


OPERATIONS = (stream_events,)
