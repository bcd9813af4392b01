"""Runs the timeline: by itself as real time goes on, or up to a moment when a test moves a tenant's clock."""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby

from sqlalchemy import Connection

from ..domain import callbacks as rules
from ..domain.clock import Clock, from_micros, real_now
from ..store import callbacks, tenants, timeline
from ..store.callbacks import KIND, Outcome
from ..store.engine import Store
from ..store.tenants import Tenant
from ..store.timeline import Due, Plan
from .courier import Courier, Posting
from .events import EVENTS, weight

log = logging.getLogger(__name__)

MOST = 200
"""Rows run in one transaction, so that none holds up calls for long."""

HEAVY = 1000
"""Recipients' worth of work in one transaction."""

LANE = 32
"""Tries under way at once to one address."""

FLYING = 1000
"""Tries under way at once in all."""

REST = 0.005
"""Seconds between two turns, in which more comes due and is run together."""

GLANCE = 0.25
"""Seconds after which a shared database is looked at again, for what other processes put there."""

TOGETHER = timedelta(seconds=1)
"""Callbacks due within this much of a tenant's time are under way together while its clock is moved. It is less than
the first wait of the ladder, so nothing that one of them causes can be due before another begins."""

MOST_TOLD = 1000


@dataclass(frozen=True)
class Happening:
    """Something that happened while a clock was moved; `ref` is the id the kind tells of."""

    at: datetime
    kind: str
    ref: int


@dataclass
class Advanced:
    """What an advance did: how much of each kind, and the first thousand things in order."""

    start: datetime
    end: datetime
    counts: Counter[str] = field(default_factory=Counter)
    happened: list[Happening] = field(default_factory=list)

    def note(self, rows: Sequence[Due]) -> None:
        for row in rows:
            self.counts[row.kind] += 1
            if len(self.happened) < MOST_TOLD:
                self.happened.append(Happening(row.due, row.kind, row.ref))


class BackwardsError(ValueError):
    """A clock can't go back."""


class Runner:
    """The one thing that runs what is due, and posts the callbacks that come of it."""

    def __init__(self, store: Store, courier: Courier, real: Callable[[], datetime] = real_now) -> None:
        self._store = store
        self._courier = courier
        self._real = real
        self._flying: defaultdict[int, set[asyncio.Task[None]]] = defaultdict(set)
        self._lanes: Counter[str] = Counter()
        self._landed: list[tuple[Outcome, datetime]] = []
        self._stir = asyncio.Event()
        self._sleeps_until: datetime | None = None
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    # Running by itself

    async def start(self) -> None:
        """Let go of clocks that a process held when it died, and begin to run what is due."""
        self._loop = asyncio.get_running_loop()
        self._store.on_scheduled = self._hear
        if self._store.embedded:
            await self._store.run(self._release)
        self._task = asyncio.create_task(self._run(), name="timeline")

    async def stop(self) -> None:
        """Finish what is under way, note how it ended, and stop."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        under_way = [task for tasks in self._flying.values() for task in tasks]
        if under_way:
            await asyncio.wait(under_way, timeout=1)
        await self._note_landed()
        await self._courier.close()

    def _release(self, db: Connection) -> None:
        for tenant in tenants.moving(db):
            tenants.set_clock(db, tenant.id, tenant.clock.running(self._real()))

    def _hear(self, wake: int) -> None:
        """Something is due at `wake`; on a shared store this comes from its threads."""
        if self._sleeps_until is not None and from_micros(wake) >= self._sleeps_until:
            return
        if self._store.embedded:
            self._stir.set()
        elif self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stir.set)

    async def _run(self) -> None:
        most = MOST
        while True:
            self._stir.clear()
            self._sleeps_until = None
            try:
                ran = await self._turn(most)
                most = MOST
            except Exception:
                if most == 1:
                    raise
                # One row is at fault; take them one by one, so that it can be found and put aside.
                log.exception("A turn of the timeline failed; trying again row by row.")
                most = 1
                continue
            if ran:
                await asyncio.sleep(REST)
                continue
            await self._sleep()

    async def _sleep(self) -> None:
        full = self._full()
        due = await self._store.run(lambda db: timeline.next_wake(db, full))
        wait = None if due is None else max(0.0, (due - self._real()).total_seconds())
        if not self._store.embedded:
            wait = GLANCE if wait is None else min(wait, GLANCE)
        self._sleeps_until = None if wait is None else self._real() + timedelta(seconds=wait)
        if self._landed:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stir.wait(), wait)
        await asyncio.sleep(REST)

    def _full(self) -> list[str]:
        return [lane for lane, flying in self._lanes.items() if flying >= LANE]

    async def _turn(self, most: int) -> bool:
        """Note what landed, run what is due, and send off what there is room for; whether anything was run."""
        await self._note_landed()
        room = FLYING - sum(self._lanes.values())
        if room <= 0:
            return False
        full, real = self._full(), self._real()

        def take(db: Connection) -> tuple[list[Due], list[Posting]]:
            rows = list(self._fitting(timeline.waking(db, real, min(most, room), full)))
            return rows, self._happen(db, rows, real)

        if most == 1:
            return await self._turn_of_one(take, full)
        rows, postings = await self._store.run(take)
        self._send_off(postings, self._real)
        return bool(rows)

    async def _turn_of_one(
        self, take: Callable[[Connection], tuple[list[Due], list[Posting]]], full: Sequence[str]
    ) -> bool:
        try:
            rows, postings = await self._store.run(take)
        except Exception:
            log.exception("An event of the timeline failed and is put aside.")
            real = self._real()
            await self._store.run(lambda db: timeline.take(db, timeline.waking(db, real, 1, full)))
            return True
        self._send_off(postings, self._real)
        return bool(rows)

    def _fitting(self, rows: Sequence[Due]) -> Iterator[Due]:
        """As many of the rows as one transaction should run, and as their lanes have room for."""
        weighs, lanes = 0, Counter(self._lanes)
        for row in rows:
            if row.lane and lanes[row.lane] >= LANE:
                continue
            weighs += weight(row)
            if weighs > HEAVY and weighs != weight(row):
                return
            lanes[row.lane] += 1
            yield row

    def _happen(self, db: Connection, rows: Sequence[Due], real: datetime | None) -> list[Posting]:
        """Run rows in one transaction; the callbacks among them are to be posted when it is committed.

        With `real`, a try of a callback is made now, however long ago it was due; without, at its own moment.
        """
        timeline.take(db, rows)
        known: dict[int, Tenant | None] = {}
        postings: list[Posting] = []
        for (tenant_id, kind), group in groupby(rows, key=lambda row: (row.tenant, row.kind)):
            if tenant_id not in known:
                known[tenant_id] = tenants.read(db, tenant_id)
            tenant = known[tenant_id]
            if tenant is None:
                continue
            if kind == KIND:
                postings += [try_ for row in group if (try_ := begin(db, tenant, row, real))]
            else:
                EVENTS[kind](db, tenant, list(group))
        return postings

    def _send_off(self, postings: Sequence[Posting], real: Callable[[], datetime] | None) -> None:
        for posting in postings:
            self._lanes[posting.lane] += 1
            task = asyncio.create_task(self._post(posting, real is not None))
            self._flying[posting.tenant].add(task)
            task.add_done_callback(self._flying[posting.tenant].discard)

    async def _post(self, posting: Posting, in_real_time: bool) -> None:
        try:
            outcome = await self._courier.post(posting)
        except Exception:
            # The callback stands on its next rung already, so it will be tried again.
            log.exception("A try of a callback failed on our side.")
            return
        finally:
            self._lanes[posting.lane] -= 1
            if not self._lanes[posting.lane]:
                del self._lanes[posting.lane]
        took = timedelta(microseconds=outcome.latency) if in_real_time else timedelta()
        self._landed.append((outcome, posting.at + took))
        self._stir.set()

    async def _note_landed(self) -> None:
        landed, self._landed = self._landed, []
        if landed:
            await self._store.run(lambda db: note(db, landed))

    # Moving a clock

    async def advance(self, tenant: int, by: timedelta | None = None, to: datetime | None = None) -> Advanced:
        """Move a tenant's clock on, and run everything on the way at its own moment; callbacks are waited for.

        Raises BackwardsError for a target before the clock, KeyError for an unknown tenant.
        """
        async with self._locks[tenant]:
            ran, clock = await self._store.run(lambda db: self._hold(db, tenant, by, to))
            try:
                await self._settle(tenant)
                await self._walk(tenant, ran)
            finally:
                await self._settle(tenant)
                frozen = Clock(clock.offset, ran.end)
                after = frozen if clock.frozen_at is not None else frozen.running(self._real())
                await self._store.run(lambda db: tenants.set_clock(db, tenant, after))
        return ran

    def _hold(self, db: Connection, tenant: int, by: timedelta | None, to: datetime | None) -> tuple[Advanced, Clock]:
        found = tenants.read(db, tenant)
        if found is None:
            raise KeyError(tenant)
        start = found.clock.now(self._real())
        end = to if to is not None else start + (by or timedelta())
        if end < start:
            raise BackwardsError(f"The clock shows {start:%Y-%m-%d %H:%M:%S}, and it can't go back.")
        moving = found.clock.frozen_at is None
        tenants.set_clock(db, tenant, Clock(found.clock.offset, start, moving))
        return Advanced(start, end), found.clock

    async def _walk(self, tenant: int, ran: Advanced) -> None:
        first_flying: datetime | None = None
        while True:
            moment = await self._store.run(lambda db: timeline.next_due(db, tenant))
            beyond = moment is None or moment > ran.end
            if first_flying and (beyond or moment >= first_flying + TOGETHER):  # type: ignore[operator]
                await self._settle(tenant)
                first_flying = None
                continue
            if beyond:
                return
            assert moment is not None
            rows, postings = await self._store.run(partial(self._step, tenant=tenant, moment=moment))
            if not rows:  # every lane is full
                await self._settle(tenant)
            ran.note(rows)
            self._send_off(postings, None)
            if postings and first_flying is None:
                first_flying = moment
            await asyncio.sleep(0)

    def _step(self, db: Connection, tenant: int, moment: datetime) -> tuple[list[Due], list[Posting]]:
        found = tenants.read(db, tenant)
        if found is None:
            return [], []
        now = found.clock.now(moment)
        if moment > now:
            tenants.move_clock(db, tenant, Clock(found.clock.offset, moment, found.clock.moving))
        rows = list(self._fitting(timeline.due_by(db, tenant, moment, MOST)))
        return rows, self._happen(db, rows, None)

    async def _settle(self, tenant: int) -> None:
        """Wait for the tenant's tries that are under way, and note how they ended."""
        while under_way := self._flying[tenant]:
            await asyncio.wait(under_way)
        await self._note_landed()


def begin(db: Connection, tenant: Tenant, row: Due, real: datetime | None) -> Posting | None:
    """Put a callback on its next rung, so that a crash can cost a try twice but none, and note that a try begins."""
    at = row.due if real is None else max(row.due, tenant.clock.now(real))
    begun = callbacks.begin_try(db, tenant.id, row.ref, at)
    if begun is None:
        return None
    number, url, signature = begun
    wait = None if row.data.get("once") else rules.next_wait(number)
    if wait is not None:
        timeline.schedule(db, tenant.id, [Plan(at + wait, KIND, row.ref, lane=row.lane)])
    return Posting(tenant.id, row.ref, number, url, signature, at, row.lane)


def note(db: Connection, landed: Sequence[tuple[Outcome, datetime]]) -> None:
    """Note how tries ended: after a good one no more are to come, after a bad one the wait begins when it failed."""
    callbacks.end_tries(db, [outcome for outcome, _ in landed])
    for outcome, ended in landed:
        tenant, callback = outcome.tenant, outcome.callback
        if outcome.error is None:
            timeline.drop(db, tenant, KIND, callback)
            callbacks.set_state(db, tenant, callback, callbacks.DELIVERED)
            continue
        due = timeline.due_of(db, tenant, KIND, callback)
        wait = rules.next_wait(outcome.number)
        if due is None:
            callbacks.set_state(db, tenant, callback, callbacks.GIVEN_UP)
        elif wait is not None:
            timeline.retime(db, tenant, KIND, callback, ended + wait)
