"""The journal writer. It writes entries several times a second, so that recording one costs a call almost nothing."""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from sqlalchemy import Connection

from ..store import tenants
from ..store.connection import PendingEntry
from ..store.database import Store
from ..store.failures import is_database_failure
from ..store.tenant_signal import Listener, TenantSignal
from . import entries
from .buffer import EntryBuffer, TimedEntry
from .entries import NewEntry

log = logging.getLogger(__name__)

WRITE_INTERVAL_SECONDS = 0.1
"""Time that entries wait to be written together. A killed process loses no more of its traffic than that."""

BATCH_SIZE = 50
"""Entries written in one transaction, so that none holds up calls for long. This many are written at once."""

_LARGE_BATCH_SIZE = 500
"""Entries written in one transaction if the oldest would soon be lost."""

_MAX_PENDING_BYTES = 1 << 20
"""Size at which entries are written at once."""

_MAX_DEFERRED_ENTRIES = 15_000
"""Entries that may wait if writing is deferred while calls come fast."""

_MAX_DEFERRED_BYTES = 16 << 20
"""Size of the entries that may wait then."""

RETRY_SECONDS = 1.0
"""Pause after a failure of the database."""

RECHECK_SECONDS = 0.25
"""Time after which a listener should look again, for what other processes wrote and what is not part of the traffic."""


class JournalWriter:
    """Buffers entries, writes them, and wakes who listens. It keeps the last `max_entries` of each tenant."""

    def __init__(self, store: Store, max_entries: int) -> None:
        self.is_closing = False
        """True if the server stops, so that nobody should wait for more."""
        self._store = store
        self._max_entries = max_entries
        self._buffer = EntryBuffer(max_entries if store.volatile else None)
        self._has_entries = asyncio.Event()
        self._is_urgent = asyncio.Event()
        self._write_lock = asyncio.Lock()
        self._written = TenantSignal()
        self._loop = asyncio.get_running_loop()
        self._limits = (
            (_MAX_DEFERRED_ENTRIES, _MAX_DEFERRED_BYTES) if store.volatile else (BATCH_SIZE - 1, _MAX_PENDING_BYTES)
        )
        self._task = asyncio.create_task(self._run(), name="journal")
        store.on_entry = self.add

    def add(self, entry: PendingEntry) -> None:
        """Add an entry. On a shared store this is called from its threads."""
        buffer = self._buffer
        buffer.add(entry)
        if not self._has_entries.is_set():
            self._set(self._has_entries)
        max_entries, max_bytes = self._limits
        if (len(buffer) > max_entries or buffer.weight > max_bytes) and not self._is_urgent.is_set():
            self._set(self._is_urgent)

    def _set(self, event: asyncio.Event) -> None:
        if self._store.embedded:
            event.set()
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(event.set)

    async def _run(self) -> None:
        while not self.is_closing:
            await self._has_entries.wait()
            added_before = self._buffer.added
            if not self._written:
                with suppress(TimeoutError):
                    async with asyncio.timeout(WRITE_INTERVAL_SECONDS):
                        await self._is_urgent.wait()
            if self._should_defer(added_before) or (self.is_closing and self._store.volatile):
                continue  # what ends with the process is not worth writing at its end
            self._has_entries.clear()
            self._is_urgent.clear()
            try:
                await self.flush()
            except Exception:
                log.exception("The traffic could not be written, and waits until the database works again.")
                await asyncio.sleep(RETRY_SECONDS)
                self._has_entries.set()

    def _should_defer(self, added_before: int) -> bool:
        """Return True if calls come so fast that writing is better deferred.

        This is for a volatile store, most of whose entries may never have to be written.
        """
        return (
            self._store.volatile and not self._written and not self._is_urgent.is_set()
            and self._buffer.added - added_before >= BATCH_SIZE
        )  # fmt: skip

    async def flush(self) -> None:
        """Write all entries that were added up to now. Raises the database's failure, and keeps them then."""
        if not self._buffer and not self._write_lock.locked():
            return
        async with self._write_lock:  # so that a batch that is being written is written, too, when this returns
            left = len(self._buffer)
            while left > 0 and self._buffer:
                batch = self._buffer.take(
                    BATCH_SIZE if len(self._buffer) < _MAX_DEFERRED_ENTRIES else _LARGE_BATCH_SIZE
                )
                left -= len(batch)
                self._written.send(await self._write_batch(batch))
                await asyncio.sleep(0)

    def flush_after_loop(self) -> None:
        """Write all entries after the event loop has ended, when nothing else uses the store."""
        while batch := self._buffer.take(BATCH_SIZE):
            try:
                with self._store.begin() as db:
                    self._write(db, batch, self._buffer.take_dropped())
            except Exception:
                log.exception("%d entries of the traffic are lost.", len(batch) + len(self._buffer))
                return

    async def _write_batch(self, batch: Sequence[TimedEntry]) -> set[int]:
        """Write entries in one transaction, and return their tenants."""
        counts = self._buffer.take_dropped()
        try:
            return await self._store.run(lambda db: self._write(db, batch, counts))
        except Exception as error:
            if is_database_failure(error):
                self._buffer.put_back(batch, counts)
                raise
            log.exception("%d entries of the traffic could not be written.", len(batch))
            return set()

    def _write(self, db: Connection, batch: Sequence[TimedEntry], counts: Mapping[int | None, int]) -> set[int]:
        by_tenant: defaultdict[int, list[tuple[int, NewEntry]]] = defaultdict(list)
        dropped: Counter[int] = Counter()
        for named, count in counts.items():
            if (tenant := _find_tenant(db, named)) is not None:
                dropped[tenant] += count
        for added_at, pending in batch:
            try:
                entry: NewEntry = pending.make(*pending.args)
            except Exception:
                log.exception("An entry of the traffic could not be made.")
                continue
            if (tenant := _find_tenant(db, entry.tenant)) is not None:
                by_tenant[tenant].append((added_at, entry))
        for tenant in sorted(by_tenant | dropped):  # in one order, so that no two processes wait for each other
            entries.add(db, tenant, by_tenant.get(tenant, ()), self._max_entries, dropped[tenant])
        return set(by_tenant)

    @contextmanager
    def listen(self, tenant: int) -> Iterator[Listener]:
        """Listen for new entries of a tenant. Older ones must be queried."""
        with self._written.listen(tenant) as listener:
            self._is_urgent.set()
            yield listener

    @property
    def lost_count(self) -> int:
        """The number of entries that were lost, because the database could not follow."""
        return self._buffer.lost_count

    @property
    def listener_count(self) -> int:
        """The number of listeners."""
        return len(self._written)

    def end_waits(self) -> None:
        """Wake every listener, because the server stops."""
        self.is_closing = True
        self._written.send_all()
        self._has_entries.set()
        self._is_urgent.set()

    async def stop(self) -> None:
        """End every wait, and the task that writes."""
        self.end_waits()
        await self._task


def _find_tenant(db: Connection, tenant: int | None) -> int | None:
    return tenants.find_default(db) if tenant is None else tenant
