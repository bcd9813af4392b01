"""Tries of callbacks under way: how many there may be, how each begins, and what comes of how it ended."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from ...domain.callbacks import next_wait
from ...store import callbacks, timeline
from ...store.callbacks import Outcome
from ...store.database import Store
from ...store.tenants import Tenant
from ...store.timeline import Due, Plan
from ..events import HEAVIEST, weight
from ..traffic_entries import note_attempt
from . import fault_injection
from .http_client import Courier, Posting

log = logging.getLogger(__name__)

LANE = 32
"""Tries under way at once to one address."""

FLYING = 1000
"""Tries under way at once in all."""

PARTING = 1.0
"""Seconds that tries get to end when everything stops."""


class Flights:
    """The tries under way. `on_landing` is called whenever one has ended, and `note_landed` writes it down."""

    def __init__(self, store: Store, courier: Courier, on_landing: Callable[[], None]) -> None:
        self._store = store
        self._courier = courier
        self._on_landing = on_landing
        self._flying: dict[int, set[asyncio.Task[None]]] = {}
        self._lanes: Counter[str] = Counter()
        self._landed: list[tuple[Outcome, datetime]] = []
        self._noting = asyncio.Lock()

    @property
    def room(self) -> int:
        """How many more tries there may be."""
        return FLYING - sum(self._lanes.values())

    @property
    def full(self) -> list[str]:
        """Lanes on which nothing may begin."""
        return [lane for lane, flying in self._lanes.items() if flying >= LANE]

    @property
    def any_landed(self) -> bool:
        """Whether an end waits to be noted."""
        return bool(self._landed)

    def fitting(self, rows: Sequence[Due]) -> Iterator[Due]:
        """As many of the rows as one transaction should run, and as their lanes have room for."""
        weighs, lanes = 0, dict(self._lanes)
        for row in rows:
            flying = lanes.get(row.lane, 0) if row.lane else 0
            if flying >= LANE:
                continue
            heavy = weight(row)
            weighs += heavy
            if weighs > HEAVIEST and weighs != heavy:
                return
            lanes[row.lane] = flying + 1
            yield row

    def send_off(self, postings: Sequence[Posting], in_real_time: bool) -> None:
        """Let tries begin. One made in real time takes its time by its tenant's clock as well."""
        for posting in postings:
            self._lanes[posting.lane] += 1
            task = asyncio.create_task(self._post(posting, in_real_time))
            self._flying.setdefault(posting.tenant, set()).add(task)
            task.add_done_callback(partial(self._forget, posting.tenant))

    def _forget(self, tenant: int, task: "asyncio.Task[None]") -> None:
        self._flying[tenant].discard(task)
        if not self._flying[tenant]:
            del self._flying[tenant]

    async def _post(self, posting: Posting, in_real_time: bool) -> None:
        try:
            outcome = await self._send(posting)
        except Exception as why:
            log.exception("A try of a callback failed on our side.")
            outcome = Outcome(
                posting.tenant, posting.callback, posting.number, posting.at, None, f"failed here: {why}", 0, ""
            )
        finally:
            self._lanes[posting.lane] -= 1
            if not self._lanes[posting.lane]:
                del self._lanes[posting.lane]
        took = timedelta(microseconds=outcome.latency) if in_real_time else timedelta()
        self._landed.append((outcome, posting.at + took))
        self._on_landing()

    async def _send(self, posting: Posting) -> Outcome:
        """Send a try; how the first sending of it ended. One that failed tells of its fault, if it met one."""
        if posting.twice:
            outcome, _ = await asyncio.gather(self._courier.post(posting), self._courier.post(posting))
        else:
            outcome = await self._courier.post(posting)
        return (
            replace(outcome, error=f"{outcome.error} ({posting.rule})") if outcome.error and posting.rule else outcome
        )

    async def settle(self, tenant: int) -> bool:
        """Wait for the tenant's tries that are under way, and note how they ended; whether there were any."""
        waited = False
        while under_way := self._flying.get(tenant):
            waited = True
            await asyncio.wait(list(under_way))
        await self.note_landed()
        return waited

    async def note_landed(self) -> None:
        """Note how tries ended that did since the last time. What can't be noted is kept for the next."""
        async with self._noting:  # so that what somebody else is noting is noted, too, when this returns
            landed, self._landed = self._landed, []
            if not landed:
                return
            try:
                await self._store.run(lambda db: note(db, landed))
            except Exception:
                self._landed = [*landed, *self._landed]  # for the next time, when the database may answer again
                raise

    async def stop(self) -> None:
        """Give what is under way a moment to end, and note how it did."""
        under_way = [task for tasks in self._flying.values() for task in tasks]
        if under_way:
            _, late = await asyncio.wait(under_way, timeout=PARTING)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self.note_landed()
        await self._courier.close()


def begin(db: Connection, tenant: Tenant, row: Due, real: datetime | None) -> Posting | None:
    """Put a callback on its next rung, so that a crash can cost a try twice but none, and note that a try begins.

    With `real` the try is made now, however long ago it was due; without, at its own moment. None if it is gone, or a
    fault keeps it from leaving, or puts it off.
    """
    at = row.due if real is None else max(row.due, tenant.clock.now(real))
    mishap = fault_injection.meeting(db, tenant, row, at)
    if mishap and mishap.wait:
        late = Plan(at + mishap.wait, timeline.CALLBACK, row.ref, {**row.data, **mishap.data}, row.lane)
        timeline.schedule(db, tenant.id, [late])
        return None
    begun = callbacks.begin_attempt(db, tenant.id, row.ref, at)
    if begun is None:
        return None
    number, url, signature = begun
    wait = None if row.data.get("once") else next_wait(number)
    if wait is not None:
        timeline.schedule(db, tenant.id, [Plan(at + wait, timeline.CALLBACK, row.ref, lane=row.lane)])
    posting = Posting(tenant.id, row.ref, number, url, signature, at, row.lane)
    if mishap is None:
        return posting
    if mishap.effect == "drop":
        note(db, [(Outcome(tenant.id, row.ref, number, at, None, f"dropped by {mishap.name}", 0, ""), at)])
        return None
    return fault_injection.applied(db, mishap, posting)


def note(db: Connection, landed: Sequence[tuple[Outcome, datetime]]) -> None:
    """Note how tries ended: after a good one no more are to come, after a bad one the wait begins when it failed."""
    timeline.keep_clocks(db, (outcome.tenant for outcome, _ in landed))
    for outcome, ended in landed:
        tenant, callback = outcome.tenant, outcome.callback
        if not callbacks.end_attempt(db, outcome):
            continue
        note_attempt(db, outcome)
        if outcome.error is None:
            timeline.drop(db, tenant, timeline.CALLBACK, callback)
            callbacks.set_state(db, tenant, callback, callbacks.DELIVERED)
            continue
        wait = next_wait(outcome.number)
        if timeline.due_of(db, tenant, timeline.CALLBACK, callback) is None:
            callbacks.set_state(db, tenant, callback, callbacks.GIVEN_UP)
        elif wait is not None:
            timeline.retime(db, tenant, timeline.CALLBACK, callback, ended + wait)
