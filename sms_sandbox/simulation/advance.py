"""The advance of a clock: every event on the way runs at its own moment.

It ends however much is sent meanwhile: events that calls add during the advance are late, and a limited number of them
is run.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection

from ..domain.clock import LATEST, Clock
from ..store import pending_attempts, tenants, timeline
from ..store.database import Store
from ..store.timeline import Due
from .advance_result import AdvanceResult, BackwardsError, NothingDueError
from .callbacks.attempts import Attempts
from .callbacks.http_client import ATTEMPT_TIMEOUT_SECONDS
from .clocks import Clocks
from .contact_imports import ContactImports
from .due_rows import DueRows

_REST_SECONDS = 0.005
"""Pause if nothing could run."""

_OTHERS_REST_SECONDS = 0.05
"""Pause between two looks at the attempts of other processes."""

_RECORDING_SECONDS = 2.0
"""Time that another process has to record the outcome of an attempt."""

_CONCURRENT_SPAN = timedelta(seconds=1)
"""During an advance, attempts due within this span run concurrently.

It is shorter than the wait before a second attempt, so no attempt can cause another one within the span.
"""

MAX_LATE_EVENTS = 1_000
"""Late events that an advance still runs, because apps answer callbacks with messages. The others run after it."""


class _Move(NamedTuple):
    """An advance: the clock that it moves, and the times between which it does."""

    clock: Clock
    start: datetime
    end: datetime


class Advances:
    """Advances clocks. The caller holds the clock."""

    def __init__(
        self, store: Store, rows: DueRows, attempts: Attempts, imports: ContactImports, passing: asyncio.Lock,
        clocks: Clocks, real: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self._store = store
        self._rows = rows
        self._attempts = attempts
        self._imports = imports
        self._passing = passing
        self._clocks = clocks
        self._real = real

    async def run(self, tenant: int, by: timedelta | None, to: datetime | None, to_next: bool) -> AdvanceResult:
        """Advance a clock, by a span or to a time or to the next event."""
        moves: list[_Move] = []
        result: AdvanceResult | None = None

        def freeze(db: Connection) -> _Move:
            moves[:] = [self._freeze(db, tenant, by, to, to_next)]
            return moves[0]

        try:
            move = await self._store.run(freeze)
            result = AdvanceResult(move.start, move.start)
            async with self._passing:
                pass  # rows taken before the clock was frozen have now started, so the next line can wait for them
            try:
                await self._finish_pending(tenant)
                await self._wait_for_other_processes(tenant)
                await self._run_until(tenant, result, move)
            finally:
                await self._finish_pending(tenant)
        finally:
            for move in moves:  # even if the clock was frozen in a transaction whose end is unknown
                await self._clocks.end_move(tenant, move.clock.moved_to(result.end if result else move.start))
        return result

    def _freeze(
        self, db: Connection, tenant_id: int, by: timedelta | None, to: datetime | None, to_next: bool
    ) -> _Move:
        """Freeze a clock for an advance."""
        tenant = tenants.read(db, tenant_id)
        if tenant is None:
            raise KeyError(tenant_id)
        start = tenant.clock.now(self._real())
        if to_next:
            due = timeline.find_next_due(db, tenant_id)
            if due is None:
                raise NothingDueError("Nothing is due.")
            to = max(start, due)
        end = to if to is not None else start + (by or timedelta())
        if end < start:
            raise BackwardsError(f"The clock shows {start:%Y-%m-%d %H:%M:%S} and cannot go back.")
        if end > LATEST:
            raise ValueError(f"The clock cannot go past {LATEST:%Y-%m-%d}.")
        moved = tenant.clock.moved_to(start)
        tenants.set_clock(db, tenant_id, moved)
        return _Move(moved, start, end)

    async def _finish_pending(self, tenant: int) -> bool:
        """Wait for a tenant's pending imports and attempts in this process. True if there were any."""
        imported = await self._imports.finish(tenant)
        return await self._attempts.finish(tenant) or imported

    async def _wait_for_other_processes(self, tenant: int) -> None:
        """Wait for the attempts that other processes are making, as for those of this one.

        No longer than an attempt can take, because the attempts of a process that died never end.
        """
        longest = timedelta(seconds=ATTEMPT_TIMEOUT_SECONDS + _RECORDING_SECONDS)

        def find(db: Connection) -> bool:
            return pending_attempts.are_any(db, tenant, self._real() - longest)

        while not self._store.embedded and await self._store.run(find):
            await asyncio.sleep(_OTHERS_REST_SECONDS)

    async def _run_until(self, tenant: int, result: AdvanceResult, move: _Move) -> None:
        first_pending: datetime | None = None
        late_room, end = MAX_LATE_EVENTS, move.end
        while True:
            with_late = late_room > 0
            moment = await self._store.run(partial(timeline.find_next_due, tenant=tenant, with_late=with_late))
            if first_pending and (moment is None or moment > end or moment >= first_pending + _CONCURRENT_SPAN):
                await self._attempts.finish(tenant)
                first_pending = None
                continue
            if moment is None or moment > end:
                result.end = end
                result.late = await self._store.run(partial(timeline.count_late, tenant=tenant, until=end))
                return
            if moment > result.end:
                # In a separate transaction, which locks the clock but waits for nothing else.
                moved = move.clock.moved_to(moment)
                await self._store.run(partial(tenants.move_clock, tenant=tenant, clock=moved))
                result.end = moment
            rows = await self._run_due(tenant, moment, with_late)
            # Nothing ran: either every lane is full, or an import is running, whose row stays until it has ended. If
            # another process runs it, there is nothing here to wait for.
            if not rows and not await self._finish_pending(tenant):
                await asyncio.sleep(_REST_SECONDS)
            result.add(rows)
            late_room -= sum(row.is_late for row in rows)
            if first_pending is None and any(row.kind == timeline.CALLBACK for row in rows):
                first_pending = moment
            await asyncio.sleep(0)

    async def _run_due(self, tenant: int, until: datetime, with_late: bool) -> list[Due]:
        def find(db: Connection, limit: int) -> list[Due]:
            return timeline.list_due(db, tenant, until, limit, with_late)

        return await self._rows.run_due(find, None)
