"""The operation that streams the traffic of all tenants, for the operator."""

import asyncio
import time
from collections.abc import AsyncIterator, MutableMapping

from sqlalchemy import Connection

from ..journal import queries
from ..journal.writer import RECHECK_SECONDS
from .declare import LongCall, StreamEvent, operation
from .event_feeds import IDLE_FACTOR
from .event_streams import HEARTBEAT_SECONDS, STREAM_BATCH_ROWS
from .shapes import traffic as shapes
from .traffic import build_entry, check_capacity


@operation("GET", "/events/all", needs_operator=True)
async def stream_all_events(call: LongCall) -> AsyncIterator[StreamEvent]:
    """Stream the traffic entries of all tenants as they are made, as Server-Sent Events.

    The first event is `begin`, which counts the tenants. The others are named by the kind of their entry; their data is
    the entry and the name of its tenant. Entries of a tenant that is deleted at once may be missing, and a stream that
    broke is not resumed.
    """
    store, journal = call.context.store, call.context.journal
    check_capacity(call)
    with journal.listen(call.tenant.id) as listener:
        await journal.flush()
        positions = {end.tenant: (end.began, end.last) for end in await store.run(queries.list_ends)}
        yield StreamEvent("")
        yield StreamEvent("begin", shapes.BeginOfTraffic(len(positions)))
        quiet_since = time.monotonic()
        while not journal.is_closing:
            began = time.monotonic()
            await journal.flush()
            events = await store.run(lambda db: _read_new(db, positions))
            for event in events:
                yield event
            now = time.monotonic()
            if events:
                quiet_since = now
            elif now - quiet_since > HEARTBEAT_SECONDS:
                quiet_since = now
                yield StreamEvent("")
            await asyncio.sleep(min(IDLE_FACTOR * (now - began), RECHECK_SECONDS))
            # The listener is woken for the caller's own tenant only. The others are queried.
            await listener.wait(RECHECK_SECONDS)


def _read_new(db: Connection, positions: MutableMapping[int, tuple[int, int]]) -> list[StreamEvent]:
    """Return the new entries of each tenant, and move its position after them.

    A position is when the tenant's ids began, and the id of the last entry.
    """
    events: list[StreamEvent] = []
    ends = queries.list_ends(db)
    for end in ends:
        began, position = positions.get(end.tenant, (end.began, 0))
        if end.began != began:  # the tenant was reset
            position = 0
        if end.last > position:
            rows, position, _ = queries.list_new(db, end.tenant, position, end.last, STREAM_BATCH_ROWS)
            events += [
                StreamEvent(row.kind, shapes.TenantEntry(end.name, build_entry(row))) for row in rows
            ]  # fmt: skip
        positions[end.tenant] = end.began, position
    for gone in positions.keys() - {end.tenant for end in ends}:
        del positions[gone]
    return events


OPERATIONS = (stream_all_events,)
