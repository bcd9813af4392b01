"""The journal's buffer: what is noted is written some times a second, so that noting costs a call next to nothing."""

import asyncio
import logging
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection

from . import entries, tenants
from .engine import Note, Store
from .entries import NewEntry

log = logging.getLogger(__name__)

EVERY = 0.1
"""Seconds that notes wait to be written together. A killed process loses no more than that of the journal."""

TOGETHER = 50
"""Notes written in one transaction, so that none holds up calls for long. So many that wait are written at once."""

HEAVY = 1 << 20
"""So many bytes that wait are, too."""

MOST_WAITING = 20_000
"""Notes kept for a database that can't follow; the oldest beyond are lost, and the log says how many."""

GLANCE = 0.25
"""Seconds after which somebody who waits looks again, for what other processes wrote and for what is not noted."""


class Listener:
    """Somebody who waits for what is new in a tenant's journal."""

    def __init__(self) -> None:
        self._stirred = asyncio.Event()

    def stir(self) -> None:
        self._stirred.set()

    async def wait(self, seconds: float) -> None:
        """Wait until something may be new, or the time is over."""
        await _set_within(self._stirred, seconds)
        self._stirred.clear()


class Journal:
    """Takes notes, writes them down, and tells those who listen. Of each tenant's entries it keeps the last `most`."""

    def __init__(self, store: Store, most: int) -> None:
        self.closing = False
        """Whether the server stops, so that nobody should wait for more."""
        self._store = store
        self._most = most
        self._waiting: deque[tuple[int, Note]] = deque()
        self._weight = 0
        self._lost = 0
        self._noted = asyncio.Event()
        self._pressing = asyncio.Event()
        self._writing = asyncio.Lock()
        self._listeners: defaultdict[int, set[Listener]] = defaultdict(set)
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._run(), name="journal")
        store.on_noted = self.note

    def note(self, note: Note) -> None:
        """Take a note; on a shared store this comes from its threads, too."""
        self._waiting.append((time.time_ns() // 1000, note))
        self._weight += note[0]
        if not self._noted.is_set():
            self._set(self._noted)
        if (len(self._waiting) >= TOGETHER or self._weight > HEAVY) and not self._pressing.is_set():
            self._set(self._pressing)
        if len(self._waiting) > MOST_WAITING:
            self._waiting.popleft()
            self._lost += 1

    def _set(self, event: asyncio.Event) -> None:
        if self._store.embedded:
            event.set()
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(event.set)

    async def _run(self) -> None:
        while not self.closing:
            await self._noted.wait()
            if not self._listeners:
                await _set_within(self._pressing, EVERY)
            self._noted.clear()
            self._pressing.clear()
            await self.flush()

    async def flush(self) -> None:
        """Write down all that was noted up to now."""
        if not self._waiting and not self._writing.locked():
            return
        async with self._writing:  # so that what somebody else is writing is written, too, when this returns
            left = len(self._waiting)
            while left > 0 and self._waiting:
                notes = self._take()
                left -= len(notes)
                self._tell(await self._store.call(self._write_out, notes))
                await asyncio.sleep(0)

    def flush_at_once(self) -> None:
        """The same, from outside of an event loop, when nothing else uses the store any more."""
        while notes := self._take():
            self._write_out(notes)

    def _take(self) -> list[tuple[int, Note]]:
        if self._lost:
            log.warning("%d entries of the traffic are lost, as the database could not follow.", self._lost)
            self._lost = 0
        notes = [self._waiting.popleft() for _ in range(min(TOGETHER, len(self._waiting)))]
        self._weight = 0 if not self._waiting else self._weight - sum(note[0] for _, note in notes)
        return notes

    def _write_out(self, notes: list[tuple[int, Note]]) -> set[int]:
        """Write notes in one transaction; the tenants they are of."""
        try:
            with self._store.begin() as db:
                return self._write(db, notes)
        except Exception:
            log.exception("%d entries of the traffic could not be written.", len(notes))
            return set()

    def _write(self, db: Connection, notes: list[tuple[int, Note]]) -> set[int]:
        found: defaultdict[int, list[tuple[int, NewEntry]]] = defaultdict(list)
        for noted_at, (_, make, args) in notes:
            try:
                entry: NewEntry = make(*args)
            except Exception:
                log.exception("An entry of the traffic could not be made.")
                continue
            tenant = tenants.oldest(db) if entry.tenant is None else entry.tenant
            if tenant is not None:
                found[tenant].append((noted_at, entry))
        for tenant in sorted(found):  # in the same order everywhere, so that no two processes wait for each other
            entries.add(db, tenant, found[tenant], self._most)
        return set(found)

    # Listening

    @contextmanager
    def listen(self, tenant: int) -> Iterator[Listener]:
        """Listen for what is new of a tenant; what was noted before is to be asked for."""
        listener = Listener()
        self._listeners[tenant].add(listener)
        self._pressing.set()
        try:
            yield listener
        finally:
            self._listeners[tenant].discard(listener)
            if not self._listeners[tenant]:
                del self._listeners[tenant]

    @property
    def listening(self) -> int:
        """How many listen."""
        return sum(map(len, self._listeners.values()))

    def _tell(self, written: set[int]) -> None:
        for tenant in written & self._listeners.keys():
            for listener in self._listeners[tenant]:
                listener.stir()

    async def stop(self) -> None:
        """Let nobody wait any more."""
        self.closing = True
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.stir()
        self._noted.set()
        self._pressing.set()
        await self._task


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    """Wait until an event is set, or the time is over. A wait_for could lose that the task was cancelled meanwhile."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
