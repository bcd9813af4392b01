"""The journal writer. It adds the traffic of a transaction to that transaction, before it is committed.

So what was answered is in the traffic, too. Entries of transactions that only read wait a moment, and are written with
others: a read that had to write would take much longer.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from threading import Lock

from sqlalchemy import Connection

from ..store import tenants
from ..store.database import Store
from ..store.failures import is_database_failure
from ..store.scopes import PendingEntry
from ..store.tenant_signal import Listener
from ..store.unit_of_work import on_rollback, write_traffic
from . import entries
from .entries import NewEntry

log = logging.getLogger(__name__)

WRITE_INTERVAL_SECONDS = 0.1
"""Longest wait of an entry. A killed process loses no more of the traffic of calls that only read."""

_MAX_WAITING_ENTRIES = 50
"""Number of waiting entries at which they are written, so that the transaction stays short."""

MAX_KEPT_ENTRIES = 20_000
"""Entries kept while the database does not work. Of more, the newest are lost, and the log says so."""

MAX_TAKEN_ENTRIES = 500
"""Most waiting entries of a tenant that one transaction writes. After an outage there are thousands."""

RETRY_SECONDS = 1.0
"""Pause after a failure of the database."""

RECHECK_SECONDS = 0.25
"""Time after which a listener should look again.

Other processes write entries without a signal here, and some changes are not part of the traffic.
"""


class JournalWriter:
    """Writes the traffic of a store, and keeps the last `max_entries` of each tenant."""

    def __init__(self, store: Store, max_entries: int) -> None:
        self.is_closing = False
        """True if the server stops, so that nobody should wait for more."""
        self._store = store
        self._max_entries = max_entries
        self._waiting: dict[int | None, list[PendingEntry]] = {}
        """Entries to be written, by tenant; None is the default tenant."""
        self._failed: list[PendingEntry] = []
        """Entries whose transaction failed. No other call's transaction may fail because of them."""
        self._count = 0
        self._lost = self._unlogged_lost = 0
        self._lock = Lock()
        self._has_entries = asyncio.Event()
        self._is_urgent = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._run(), name="journal")
        store.journal = self

    # Called by transactions of the store, on any thread

    def write(self, db: Connection, new: Sequence[PendingEntry], with_waiting: bool = False) -> set[int]:
        """Add entries to the transaction, after those of their tenants that wait. Returns the tenants.

        `with_waiting` adds the entries of all tenants that wait.
        """
        by_tenant: defaultdict[int, list[PendingEntry]] = defaultdict(list)
        for entry in [*self._take_failed(db), *new] if with_waiting else new:
            if (tenant := _find_tenant(db, entry.tenant)) is not None:
                by_tenant[tenant].append(entry)
        if with_waiting:
            for name in list(self._waiting):
                if (tenant := _find_tenant(db, name)) is not None:
                    by_tenant[tenant]
        for tenant in sorted(by_tenant):  # in one order, so that no two processes wait for each other
            pending = by_tenant[tenant]
            if self._waiting:
                pending = [*self._take(db, tenant), *pending]
            made = [(entry.recorded_at, new_entry) for entry in pending if (new_entry := _make(entry))]
            entries.add(db, tenant, made, self._max_entries)
        return set(by_tenant)

    def add_later(self, new: Sequence[PendingEntry]) -> None:
        """Add entries to one of the next transactions."""
        with self._lock:
            if self._count + len(new) > MAX_KEPT_ENTRIES:
                self._lost += len(new)
                self._unlogged_lost += len(new)
                return
            for entry in new:
                self._waiting.setdefault(entry.tenant, []).append(entry)
            self._count += len(new)
        if not self._has_entries.is_set():
            self._set(self._has_entries)
        if (self._count >= _MAX_WAITING_ENTRIES or self._store.traffic) and not self._is_urgent.is_set():
            self._set(self._is_urgent)

    def _take(self, db: Connection, tenant: int) -> list[PendingEntry]:
        """Take the entries of a tenant that wait, in their order. A rollback puts them back."""
        names: list[int | None] = [tenant]
        if None in self._waiting and tenants.find_default(db) == tenant:
            names.append(None)
        taken: list[PendingEntry] = []
        with self._lock:
            for name in names:
                waiting = self._waiting.pop(name, [])
                if rest := waiting[MAX_TAKEN_ENTRIES:]:
                    self._waiting[name] = rest
                taken += waiting[:MAX_TAKEN_ENTRIES]
            self._count -= len(taken)
        taken.sort(key=lambda entry: entry.recorded_at)
        on_rollback(db, partial(self._put_back, taken))
        return taken

    def _take_failed(self, db: Connection) -> list[PendingEntry]:
        with self._lock:
            failed, self._failed = self._failed[:MAX_TAKEN_ENTRIES], self._failed[MAX_TAKEN_ENTRIES:]
            self._count -= len(failed)
        on_rollback(db, partial(self._put_back, failed))
        return failed

    def _put_back(self, taken: Sequence[PendingEntry]) -> None:
        if taken:
            with self._lock:
                self._failed += taken
                self._count += len(taken)
            self._set(self._has_entries)

    def _set(self, event: asyncio.Event) -> None:
        if self._store.embedded:
            event.set()
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(event.set)

    # Waiting entries

    async def _run(self) -> None:
        while not self.is_closing:
            await self._has_entries.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(WRITE_INTERVAL_SECONDS):
                    await self._is_urgent.wait()
            self._has_entries.clear()
            self._is_urgent.clear()
            self._log_lost()
            try:
                await self.flush()
            except Exception as error:  # noqa: BLE001 (logged)
                self._store.log_failure("Writing the traffic", error)
                await asyncio.sleep(RETRY_SECONDS)
                self._has_entries.set()

    async def flush(self) -> None:
        """Write the entries that wait. Raises the database's failure, and keeps them then."""
        for _ in range(0, self._count, MAX_TAKEN_ENTRIES):
            await self._flush_some()

    async def _flush_some(self) -> None:
        names = [*self._waiting, *(entry.tenant for entry in self._failed)]
        try:
            await self._store.run(write_traffic, {name for name in names if name is not None})
        except Exception as error:
            if is_database_failure(error):
                raise
            with self._lock:
                failed, self._failed = self._failed, []
                self._count -= len(failed)
                self._lost += len(failed)
            log.exception("%d entries of the traffic could not be written.", len(failed))

    def _log_lost(self) -> None:
        with self._lock:
            lost, self._unlogged_lost = self._unlogged_lost, 0
        if lost:
            log.error("%d entries of the traffic are lost, because the database does not work.", lost)

    def flush_after_loop(self) -> None:
        """Write all entries after the event loop has ended, when nothing else uses the store."""
        self._log_lost()
        try:
            for _ in range(0, self._count, MAX_TAKEN_ENTRIES):
                with self._store.begin() as db:
                    write_traffic(db)
        except Exception as error:  # noqa: BLE001 (nothing comes after it)
            self._store.log_error(f"The writing of the last {self._count} entries of the traffic", error)

    # Listeners

    @contextmanager
    def listen(self, tenant: int) -> Iterator[Listener]:
        """Listen for new entries of a tenant. Older ones must be queried."""
        with self._store.traffic.listen(tenant) as listener:
            self._is_urgent.set()
            yield listener

    @property
    def lost_count(self) -> int:
        """The number of entries that were lost, because they could not be written."""
        return self._lost

    @property
    def listener_count(self) -> int:
        """The number of listeners."""
        return len(self._store.traffic)

    def end_waits(self) -> None:
        """Wake every listener, because the server stops."""
        self.is_closing = True
        self._store.traffic.send_all()
        self._has_entries.set()
        self._is_urgent.set()

    async def stop(self) -> None:
        """End every wait, and the task that writes."""
        self.end_waits()
        await self._task


def _find_tenant(db: Connection, tenant: int | None) -> int | None:
    return tenants.find_default(db) if tenant is None else tenant


def _make(pending: PendingEntry) -> NewEntry | None:
    try:
        entry: NewEntry = pending.make(*pending.args)
    except Exception:
        log.exception("An entry of the traffic could not be made.")
        return None
    return entry
