"""The operation that streams traffic entries as they are made."""

import asyncio
import time
from collections.abc import AsyncIterator, Hashable
from functools import cached_property, partial

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from ..journal import queries
from ..journal.entry_matcher import build_matcher
from ..store import rules, tenants
from ..store.real_time import real_now
from ..store.tenants import Tenant
from .clock import clock_at
from .declare import Call, LongCall, StreamEvent, operation
from .errors import gone
from .event_feeds import MAX_WAITING_EVENTS, Batch, Choose, News, Position, ReadNext, Start
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

    The event is the kind, the data is the entry as JSON, and the id is the entry's id. A stream is resumed after an id
    by the header Last-Event-ID or by `after`. The event `dropped` counts entries that were dropped before they
    could be sent. With `changes`, the event `changed` says that the clock, the rules or the faults changed, or that
    the tenant was reset. The event `too-slow` ends a stream for which too many events wait, because it is not read; it
    can be resumed.
    """
    store, journal, tenant = call.context.store, call.context.journal, call.tenant.id
    check_capacity(call)
    read, choose = _entry_reader(tenant), _entry_chooser(query)
    await journal.flush()
    start = await call.transact(partial(_read_start, query=query))
    wanted = msgspec.json.encode(replace(query, after=None))
    async with call.context.feeds.read(store, journal, tenant, wanted, start, read, choose) as (reader, feed_at):
        yield StreamEvent("")
        if query.after is not None:
            # A later id than the newest is from before a reset.
            reader.position = Position(start.position.began, query.after if query.after <= start.position.last else 0)
            while reader.position.began == feed_at.began and reader.position.last < feed_at.last:
                await journal.flush()
                news = await store.run(lambda db: read(db, reader.position, False))
                if events := b"".join(reader.take(choose(news))):
                    yield StreamEvent("", spelled=events)
                if news.is_last:
                    break
                await asyncio.sleep(0)  # other calls are served, even if many entries do not match
        quiet_since = time.monotonic()
        while not reader.is_over or reader.has_events:
            events = await reader.next(quiet_since + HEARTBEAT_SECONDS - time.monotonic())
            if events or time.monotonic() >= quiet_since + HEARTBEAT_SECONDS:
                quiet_since = time.monotonic()
                yield StreamEvent("", spelled=events)
        if reader.is_too_slow:
            yield StreamEvent("too-slow", shapes.TooSlow(MAX_WAITING_EVENTS))


def _read_start(call: Call, query: shapes.EventFilter) -> Start:
    """Return the position after the last entry, and the settings at that moment."""
    ends = queries.find_bounds(call.db, call.tenant.id)
    settings = _read_settings(call.db, call.tenant, ends) if query.changes else None
    return Start(Position(ends.began, ends.last), settings)


def _read_settings(db: Connection, tenant: Tenant, ends: queries.Bounds) -> Hashable:
    return tenant.clock, rules.read_state(db, tenant.id), ends.cleared, ends.began


class _NewEntry:
    """A new entry, spelled when the first stream wants it."""

    def __init__(self, entry: queries.Entry) -> None:
        self.entry = entry

    @cached_property
    def spelled(self) -> bytes:
        """The event as it is sent."""
        return spell(StreamEvent(self.entry.kind, build_entry(self.entry), self.entry.id))


def _entry_reader(tenant: int) -> ReadNext:
    """Return the function that reads the next entries of a tenant."""

    def read(db: Connection, position: Position, with_settings: bool) -> News:
        row = tenants.read(db, tenant)
        if row is None:
            raise gone()
        ends = queries.find_bounds(db, tenant)
        last = position.last if position.began == ends.began else 0  # the tenant was reset
        dropped = 0 if ends.first is None else max(0, ends.first - 1 - max(last, ends.cleared))
        rows, last, is_last = queries.list_new(db, tenant, last, ends.last, STREAM_BATCH_ROWS)
        changed = StreamEvent("changed", shapes.ChangedTenant(clock_at(row.clock, real_now())))
        return News(
            [_NewEntry(each) for each in rows], Position(ends.began, last), is_last, dropped,
            _read_settings(db, row, ends) if with_settings else None, spell(changed) if with_settings else b"",
        )  # fmt: skip

    return read


def _entry_chooser(query: shapes.EventFilter) -> Choose:
    """Return the function that chooses the entries for a filter. Raises ControlError if its number can't be read."""
    fits = build_matcher(build_filter(query.match(0), query.kind))

    def choose(news: News) -> Batch:
        events = [(each.entry.id, each.spelled) for each in news.entries if fits(each.entry)]
        if news.dropped:
            events.insert(0, (0, spell(StreamEvent("dropped", shapes.DroppedEntries(news.dropped)))))
        if not query.changes:
            return Batch(news.position, events)
        return Batch(news.position, events, news.settings, news.changed)

    return choose


OPERATIONS = (stream_events,)
