"""The journal's buffer: what is noted is written some times a second, so that noting costs a call next to nothing."""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from sqlalchemy import Connection

from ..store import tenants
from ..store.database import Store
from ..store.unit_of_work import PendingEntry
from . import entries
from .buffer import Backlog, Waiting
from .entries import NewEntry

log = logging.getLogger(__name__)

EVERY = 0.1
"""Seconds that notes wait to be written together. A killed process loses no more than that of the journal."""

TOGETHER = 50
"""Notes written in one transaction, so that none holds up calls for long. So many that wait are written at once."""

MANY = 500
"""Notes written in one where so many wait that the oldest would soon be lost."""

HEAVY = 1 << 20
"""So many bytes that wait are, too."""

MOST_PUT_OFF = 15_000
"""So many wait at most where writing is put off while calls come fast."""

MOST_HEAVY = 16 << 20
"""So many bytes, too."""

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
        self._backlog = Backlog(most if store.volatile else None)
        self._noted = asyncio.Event()
        self._pressing = asyncio.Event()
        self._writing = asyncio.Lock()
        self._listeners: defaultdict[int, set[Listener]] = defaultdict(set)
        self._loop = asyncio.get_running_loop()
        self._limits = (MOST_PUT_OFF, MOST_HEAVY) if store.volatile else (TOGETHER - 1, HEAVY)
        self._task = asyncio.create_task(self._run(), name="journal")
        store.on_entry = self.note

    def note(self, note: PendingEntry) -> None:
        """Take a note; on a shared store this comes from its threads, too."""
        backlog = self._backlog
        backlog.add(note)
        if not self._noted.is_set():
            self._set(self._noted)
        most, heaviest = self._limits
        if (len(backlog) > most or backlog.weight > heaviest) and not self._pressing.is_set():
            self._set(self._pressing)

    def _set(self, event: asyncio.Event) -> None:
        if self._store.embedded:
            event.set()
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(event.set)

    async def _run(self) -> None:
        while not self.closing:
            await self._noted.wait()
            before = self._backlog.taken
            if not self._listeners:
                await _set_within(self._pressing, EVERY)
            if self._is_busy(before) or (self.closing and self._store.volatile):
                continue  # what ends with the process is not worth the time at its end
            self._noted.clear()
            self._pressing.clear()
            await self.flush()

    def _is_busy(self, before: int) -> bool:
        """Whether calls come so fast, since there were so many, that writing is better put off until they do no more.

        That is for what ends with the process: the most of it may never have to be written.
        """
        return (
            self._store.volatile and not self._listeners and not self._pressing.is_set()
            and self._backlog.taken - before >= TOGETHER
        )  # fmt: skip

    async def flush(self) -> None:
        """Write down all that was noted up to now."""
        if not self._backlog and not self._writing.locked():
            return
        async with self._writing:  # so that what somebody else is writing is written, too, when this returns
            left = len(self._backlog)
            while left > 0 and self._backlog:
                notes = self._backlog.take(TOGETHER if len(self._backlog) < MOST_PUT_OFF else MANY)
                left -= len(notes)
                self._tell(await self._store.call(self._write_out, notes))
                await asyncio.sleep(0)

    def flush_at_once(self) -> None:
        """The same, from outside of an event loop, when nothing else uses the store any more."""
        while notes := self._backlog.take(TOGETHER):
            self._write_out(notes)

    def _write_out(self, notes: Sequence[Waiting]) -> set[int]:
        """Write notes in one transaction; the tenants they are of."""
        try:
            with self._store.begin() as db:
                return self._write(db, notes)
        except Exception:
            log.exception("%d entries of the traffic could not be written.", len(notes))
            return set()

    def _write(self, db: Connection, notes: Sequence[Waiting]) -> set[int]:
        found: defaultdict[int, list[tuple[int, NewEntry]]] = defaultdict(list)
        left_out: Counter[int] = Counter()
        for whose, count in self._backlog.take_left_out().items():
            if (tenant := _tenant(db, whose)) is not None:
                left_out[tenant] += count
        for noted_at, note in notes:
            try:
                entry: NewEntry = note.make(*note.args)
            except Exception:
                log.exception("An entry of the traffic could not be made.")
                continue
            if (tenant := _tenant(db, entry.tenant)) is not None:
                found[tenant].append((noted_at, entry))
        for tenant in sorted(found | left_out):  # so that no two processes wait for each other
            entries.add(db, tenant, found.get(tenant, ()), self._most, left_out[tenant])
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

    def end_waits(self) -> None:
        """End every wait for news, because the server stops."""
        self.closing = True
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.stir()
        self._noted.set()
        self._pressing.set()

    async def stop(self) -> None:
        """End every wait, and the task that writes."""
        self.end_waits()
        await self._task


def _tenant(db: Connection, named: int | None) -> int | None:
    return tenants.oldest(db) if named is None else named


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    """Wait until an event is set, or the time is over. A wait_for could lose that the task was cancelled meanwhile."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
