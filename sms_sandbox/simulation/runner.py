"""The runner of the timeline: in real time, and when a clock is advanced."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import Connection

from ..domain.clock import from_micros
from ..domain.histogram import Histogram
from ..store import imports, timeline
from ..store.database import Store
from ..store.real_time import real_now
from ..store.vacuum import TimelineVacuum
from .advance import Advances
from .advance_result import AdvanceResult
from .callbacks.attempts import Attempts
from .callbacks.http_client import CallbackClient
from .clocks import Clocks
from .contact_imports import ContactImports
from .due_rows import ROWS_PER_TRANSACTION, DueRows

log = logging.getLogger(__name__)

_REST_SECONDS = 0.002
"""Pause between two passes. More rows become due in it, and are run together."""

_SHARED_REST_SECONDS = 0.02
"""Pause between two passes on a shared database, where a pass costs several round trips."""

_MANY_ROWS = ROWS_PER_TRANSACTION // 2
"""Rows of a pass after which there is no pause, because more are due already."""

_POLL_SECONDS = 0.25
"""Time between two passes on a shared database, where other processes add rows."""

RETRY_SECONDS = 1.0
"""Pause before the next pass after a failure of the database. Each further one is twice as long."""

_MAX_RETRY_SECONDS = 8.0
"""Longest pause after a failure of the database."""


class Runner:
    """Runs the due rows of the timeline, and starts callback attempts and imports."""

    def __init__(self, store: Store, client: CallbackClient, real: Callable[[], datetime] = real_now) -> None:
        self._store = store
        self._real = real
        self._wake = asyncio.Event()
        self._attempts = Attempts(store, client, self._wake.set)
        self._imports = ContactImports(store, client, real)
        self._rows = DueRows(store, self._attempts, self._imports, real)
        self._vacuum = TimelineVacuum(store)
        self._sleeps_until: datetime | None = None
        self._passing = asyncio.Lock()
        self.clocks = Clocks(store, real)
        self._advances = Advances(store, self._rows, self._attempts, self._imports, self._passing, self.clocks, real)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    @property
    def lateness(self) -> Mapping[str, Histogram]:
        """The lateness of events that ran, in microseconds, by kind."""
        return self._rows.lateness

    @property
    def attempts(self) -> Attempts:
        """The callback attempts of this process."""
        return self._attempts

    # Running in real time

    async def start(self) -> None:
        """Release clocks and imports that a dead process held, and begin to run due rows."""
        self._loop = asyncio.get_running_loop()
        self._store.on_scheduled = self._on_scheduled
        if self._store.embedded:
            await self._store.run(self._release)
        self._task = asyncio.create_task(self._run(), name="timeline")

    async def stop(self) -> None:
        """Stop running rows, and end the pending imports and attempts."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task
        await self._imports.stop()
        await self._attempts.stop()
        await self._vacuum.stop()

    def _release(self, db: Connection) -> None:
        self.clocks.resume_all(db)
        imports.release_all(db, self._real())

    def _on_scheduled(self, wake: int) -> None:
        """Wake the runner for a row due at `wake`. On a shared store, other threads call this."""
        if self._sleeps_until is not None and from_micros(wake) >= self._sleeps_until:
            return
        if self._store.embedded:
            self._wake.set()
        elif self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    async def _run(self) -> None:
        pause = RETRY_SECONDS
        while not self._stopping:
            self._wake.clear()
            self._sleeps_until = None
            try:
                await self.clocks.resume_abandoned()
                ran = await self._pass()
                if not ran:
                    await self._sleep()
                elif ran < _MANY_ROWS:
                    await asyncio.sleep(self._rest)
                pause = RETRY_SECONDS
            except Exception as error:  # noqa: BLE001 (it is tried again)
                self._store.log_error("Running events", error)
                await self._pause(pause)
                pause = min(2 * pause, _MAX_RETRY_SECONDS)

    @property
    def _rest(self) -> float:
        """Return the pause before the next pass.

        It is short while attempts end, because other callbacks wait for their places.
        """
        has_attempts = self._attempts.pending_count > 0 or self._attempts.any_ended
        return _REST_SECONDS if self._store.embedded or has_attempts else _SHARED_REST_SECONDS

    async def _pause(self, seconds: float) -> None:
        """Wait, but not when the server stops."""
        until = asyncio.get_running_loop().time() + seconds
        while not self._stopping and (left := until - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(min(left, RETRY_SECONDS))

    async def _sleep(self) -> None:
        full = self._attempts.full
        due = await self._store.run(lambda db: timeline.find_next_wake(db, full))
        wait = None if due is None else max(0.0, (due - self._real()).total_seconds())
        if not self._store.embedded:
            wait = _POLL_SECONDS if wait is None else min(wait, _POLL_SECONDS)
        self._sleeps_until = None if wait is None else self._real() + timedelta(seconds=wait)
        if self._attempts.any_ended:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), wait)
        await asyncio.sleep(self._rest)

    async def _pass(self) -> int:
        """Record ended attempts, and run due rows as far as there is room for attempts. Returns how many ran."""
        async with self._passing:
            await self._attempts.record_ended()
            room, full, real = self._attempts.room, self._attempts.full, self._real()
            if room <= 0:
                return 0
            ran = await self._rows.run_due(
                lambda db, limit: timeline.list_waking(db, real, min(limit, room), full), real
            )
            self._vacuum.note(len(ran))
            return len(ran)

    # Advancing a clock

    async def advance(
        self, tenant: int, by: timedelta | None = None, to: datetime | None = None, *, to_next: bool = False
    ) -> AdvanceResult:
        """Advance a tenant's clock, and run every event on the way at its own moment.

        With `to_next`, the target is the time of the next event. Waits for the callback attempts and imports that this
        starts. Raises BackwardsError for a target before the clock, NothingDueError without any event, another
        ValueError for a target too far ahead, KeyError for an unknown tenant.
        """
        async with self.clocks.hold(tenant):
            try:
                return await self._advances.run(tenant, by, to, to_next)
            except Exception:
                self._wake.set()  # if the database has failed, the clock is set later
                raise
