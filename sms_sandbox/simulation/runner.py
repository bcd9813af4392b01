"""Runs the timeline: by itself as real time goes on, or up to a moment when a test moves a tenant's clock."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import TypeAlias

from sqlalchemy import Connection

from ..domain.clock import LATEST, Clock, from_micros, real_now
from ..store import imports, tenants, timeline
from ..store.database import Store
from ..store.timeline import Due
from .callbacks.attempts import Flights, begin
from .callbacks.http_client import Courier, Posting
from .clocks import Clocks
from .contact_imports import Begun, Imports
from .events import EVENTS

log = logging.getLogger(__name__)

MOST = 100
"""Rows run in one transaction, so that none holds up calls for long."""

REST = 0.005
"""Seconds between two turns, in which more comes due and is run together."""

GLANCE = 0.25
"""Seconds after which a shared database is looked at again, for what other processes put there."""

PAUSE = 1.0
"""Seconds before the next turn when the database failed."""

TOGETHER = timedelta(seconds=1)
"""Callbacks due within this much of a tenant's time are under way together while its clock is moved. It is less than
the first wait of the ladder, so nothing that one of them causes can be due before another begins."""

MOST_TOLD = 1000

Find: TypeAlias = Callable[[Connection, int], list[Due]]
"""Finds so many rows to run, the same ones each time until they are taken."""


@dataclass(frozen=True)
class Happening:
    """Something that happened while a clock was moved; `ref` is the id the kind tells of."""

    at: datetime
    kind: str
    ref: int


@dataclass
class Advanced:
    """What an advance did: from when to when, how much of each kind, and the first thousand things in order."""

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
        self._real = real
        self._stir = asyncio.Event()
        self._flights = Flights(store, courier, self._stir.set)
        self._imports = Imports(store, courier, real)
        self._sleeps_until: datetime | None = None
        self._turning = asyncio.Lock()
        self.clocks = Clocks(store, real)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    # Running by itself

    async def start(self) -> None:
        """Let go of clocks and imports that a process held when it died, and begin to run what is due."""
        self._loop = asyncio.get_running_loop()
        self._store.on_scheduled = self._hear
        if self._store.embedded:
            await self._store.run(self._release)
        self._task = asyncio.create_task(self._run(), name="timeline")

    async def stop(self) -> None:
        """Finish what is under way, note how it ended, and stop."""
        self._stopping = True
        self._stir.set()
        if self._task is not None:
            await self._task
        await self._imports.stop()
        await self._flights.stop()

    def _release(self, db: Connection) -> None:
        self.clocks.let_go(db)
        imports.release_all(db, self._real())

    def _hear(self, wake: int) -> None:
        """Something is due at `wake`; on a shared store this comes from its threads."""
        if self._sleeps_until is not None and from_micros(wake) >= self._sleeps_until:
            return
        if self._store.embedded:
            self._stir.set()
        elif self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stir.set)

    async def _run(self) -> None:
        while not self._stopping:
            self._stir.clear()
            self._sleeps_until = None
            try:
                await self.clocks.take_over()
                if await self._turn():
                    await asyncio.sleep(REST)
                else:
                    await self._sleep()
            except Exception:
                log.exception("The timeline can't be run; it is tried again.")
                await asyncio.sleep(PAUSE)

    async def _sleep(self) -> None:
        full = self._flights.full
        due = await self._store.run(lambda db: timeline.next_wake(db, full))
        wait = None if due is None else max(0.0, (due - self._real()).total_seconds())
        if not self._store.embedded:
            wait = GLANCE if wait is None else min(wait, GLANCE)
        self._sleeps_until = None if wait is None else self._real() + timedelta(seconds=wait)
        if self._flights.any_landed:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stir.wait(), wait)
        await asyncio.sleep(REST)

    async def _turn(self) -> bool:
        """Note what landed, run what is due, and send off what there is room for; whether anything was run."""
        async with self._turning:
            await self._flights.note_landed()
            room, full, real = self._flights.room, self._flights.full, self._real()
            if room <= 0:
                return False
            return bool(await self._run_due(lambda db, most: timeline.waking(db, real, min(most, room), full), real))

    # Running rows

    async def _run_due(self, find: Find, real: datetime | None) -> list[Due]:
        """Run what is found in one transaction. If that fails run it one by one, and put aside the one at fault."""
        try:
            return await self._attempt(find, MOST, real)
        except Exception:
            log.exception("Events of the timeline failed; they are run one by one.")
        ran: list[Due] = []
        for _ in range(MOST):
            try:
                one = await self._attempt(find, 1, real)
            except Exception:
                log.exception("An event of the timeline failed and is put aside.")
                await self._store.run(lambda db: timeline.take(db, find(db, 1)))
                break
            if not one:
                break
            ran += one
        return ran

    async def _attempt(self, find: Find, most: int, real: datetime | None) -> list[Due]:
        rows, postings, begun = await self._store.run(partial(self._happen, find=find, most=most, real=real))
        self._flights.send_off(postings, in_real_time=real is not None)
        self._imports.start(begun)
        return rows

    def _happen(
        self, db: Connection, find: Find, most: int, real: datetime | None
    ) -> tuple[list[Due], list[Posting], list[Begun]]:
        """Run rows in one transaction; callbacks and imports among them are to be started when it is committed.

        With `real`, a try of a callback is made now, however long ago it was due; without, at its own moment.
        """
        found = list(self._flights.fitting(find(db, most)))
        known = {tenant: tenants.enter(db, tenant) for tenant in sorted({row.tenant for row in found})}
        rows = [row for row in found if known[row.tenant]]
        timeline.take(db, [row for row in rows if row.kind != timeline.IMPORT])
        postings: list[Posting] = []
        begun: list[Begun] = []
        for (tenant_id, kind), group in groupby(rows, key=lambda row: (row.tenant, row.kind)):
            tenant = known[tenant_id]
            assert tenant is not None
            if kind == timeline.CALLBACK:
                postings += [try_ for row in group if (try_ := begin(db, tenant, row, real))]
            elif kind == timeline.IMPORT:
                in_real_time = real is not None
                begun += [one for row in group if (one := self._imports.begin(db, tenant, row, in_real_time))]
            else:
                EVENTS[kind](db, tenant, list(group))
        started = {one.row.id for one in begun}
        return [row for row in rows if row.kind != timeline.IMPORT or row.id in started], postings, begun

    # Moving a clock

    async def advance(self, tenant: int, by: timedelta | None = None, to: datetime | None = None) -> Advanced:
        """Move a tenant's clock on, and run everything on the way at its own moment; callbacks are waited for.

        Raises BackwardsError for a target before the clock, another ValueError for one too far off, KeyError for an
        unknown tenant.
        """
        async with self.clocks.held(tenant):
            before, start, end = await self._store.run(lambda db: self._hold(db, tenant, by, to))
            ran = Advanced(start, start)
            async with self._turning:
                pass  # what was begun before the clock was held is under way by now, and can be waited for
            try:
                await self._settle(tenant)
                await self._walk(tenant, ran, end)
            finally:
                await self._settle(tenant)
                stopped = Clock(before.offset, ran.end)
                stood = before.frozen_at is not None and not before.moving
                after = stopped if stood else stopped.running(self._real())
                await self._store.run(lambda db: tenants.set_clock(db, tenant, after))
        return ran

    def _hold(
        self, db: Connection, tenant: int, by: timedelta | None, to: datetime | None
    ) -> tuple[Clock, datetime, datetime]:
        """Stop a clock that is to be moved; it, what it shows, and what it shall show."""
        found = tenants.read(db, tenant)
        if found is None:
            raise KeyError(tenant)
        start = found.clock.now(self._real())
        end = to if to is not None else start + (by or timedelta())
        if end < start:
            raise BackwardsError(f"The clock shows {start:%Y-%m-%d %H:%M:%S}, and it can't go back.")
        if end > LATEST:
            raise ValueError(f"The clock can't go past {LATEST:%Y-%m-%d}.")
        tenants.set_clock(db, tenant, Clock(found.clock.offset, start, moving=True))
        return found.clock, start, end

    async def _settle(self, tenant: int) -> bool:
        """Wait for what the tenant has under way in this process; whether there was anything."""
        imported = await self._imports.settle(tenant)
        return await self._flights.settle(tenant) or imported

    async def _walk(self, tenant: int, ran: Advanced, end: datetime) -> None:
        first_flying: datetime | None = None
        while True:
            moment = await self._store.run(lambda db: timeline.next_due(db, tenant))
            if first_flying and (moment is None or moment > end or moment >= first_flying + TOGETHER):
                await self._flights.settle(tenant)
                first_flying = None
                continue
            if moment is None or moment > end:
                ran.end = end
                return
            if moment > ran.end:
                # In a transaction of its own, which holds the clock but waits for nothing.
                moved = Clock(frozen_at=moment, moving=True)
                await self._store.run(partial(tenants.move_clock, tenant=tenant, clock=moved))
                ran.end = moment
            until = moment
            rows = await self._run_due(lambda db, most: timeline.due_by(db, tenant, until, most), None)  # noqa: B023
            # Every lane is full, or an import, whose row stays until it has ended, is under way, be it elsewhere.
            if not rows and not await self._settle(tenant):
                await asyncio.sleep(REST)
            ran.note(rows)
            if first_flying is None and any(row.kind == timeline.CALLBACK for row in rows):
                first_flying = moment
            await asyncio.sleep(0)
