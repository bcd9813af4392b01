"""Imports of contact files. Each is a task that often pauses, so that it does not delay calls."""

import asyncio
import io
import logging
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from tempfile import TemporaryFile
from time import perf_counter
from typing import IO
from weakref import WeakValueDictionary

from msgspec import Struct
from sqlalchemy import Connection

from ..domain import csv, numbers
from ..domain.bulk import ImportRow
from ..domain.csv import Columns, EncodingGuess, TableError
from ..services import contact_import
from ..services.contact_import import ImportGoneError, ListGoneError
from ..store import imports
from ..store.database import Store
from ..store.failures import is_database_failure
from ..store.imports import Held
from ..store.tenants import Tenant
from ..store.timeline import Due
from .callbacks.http_client import CallbackClient, FetchError

log = logging.getLogger(__name__)

ROWS_PER_TRANSACTION = 200

YIELD_AFTER_SECONDS = 0.002
"""Computing time after which a task lets others run."""

MAX_FILES_PER_TENANT = 4
"""Files of one tenant that are fetched and read at the same time. Further imports wait."""

RETRY_SECONDS = 1.0
"""First pause after a failure of the database. Each further one is twice as long."""

LEASE = timedelta(seconds=30)
"""Time for which a process holds an import, unless it renews the lease."""


class StartedImport(Struct, frozen=True):
    """An import that this process holds. Its contacts are created `at` this time on the tenant's clock."""

    row: Due
    held: Held
    at: datetime


class ContactImports:
    """The running imports of this process."""

    def __init__(self, store: Store, client: CallbackClient, real: Callable[[], datetime]) -> None:
        self._store = store
        self._client = client
        self._real = real
        self._running: dict[asyncio.Task[None], StartedImport] = {}
        self._limits: WeakValueDictionary[int, asyncio.Semaphore] = WeakValueDictionary()
        # Only one import computes or writes at a time, so that many do not delay calls more than one does.
        self._turn = asyncio.Lock()

    def begin(self, db: Connection, tenant: Tenant, row: Due, in_real_time: bool) -> StartedImport | None:
        """Hold an import that is due. None if another process holds it, or if it is gone.

        Its row stays on the timeline until the import has ended, so that another process finds it if this one dies.
        """
        real = self._real()
        held = imports.acquire(db, tenant.id, row.ref, secrets.token_hex(16), real, real + LEASE)
        if held is None:
            return None
        return StartedImport(row, held, max(row.due, tenant.clock.now(real)) if in_real_time else row.due)

    def start(self, started: Sequence[StartedImport]) -> None:
        """Run imports in the background. Call this after the commit of the transaction that holds them."""
        for job in started:
            task = asyncio.create_task(self._run(job), name=f"import {job.held.id}")
            self._running[task] = job
            task.add_done_callback(self._running.pop)

    async def finish(self, tenant: int) -> bool:
        """Wait for a tenant's running imports. True if there were any."""
        waited = False
        while tasks := [task for task, job in self._running.items() if job.held.tenant == tenant]:
            waited = True
            await asyncio.wait(tasks)
        return waited

    async def stop(self) -> None:
        """Cancel all imports and end their leases, so that another process can resume them."""
        running = dict(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for job in running.values():
            try:
                await self._store.run(partial(imports.extend, held=job.held, until=self._real()))
            except Exception as error:  # noqa: BLE001 (it is resumed when its lease has run out)
                self._store.log_error("The release of an import", error)

    async def _run(self, job: StartedImport) -> None:
        renewal = asyncio.create_task(self._renew_lease(job.held))
        limit = self._limits.setdefault(job.held.tenant, asyncio.Semaphore(MAX_FILES_PER_TENANT))
        try:
            async with limit:
                error = await self._import(job)
        except ImportGoneError:
            return
        except Exception as failure:
            if is_database_failure(failure):
                await self._release_later(job.held, failure)
                return
            log.exception("An import failed because of an error in the sandbox.")
            error = f"failed here: {type(failure).__name__}"
        finally:
            renewal.cancel()
        try:
            await self._store.run(partial(contact_import.end, held=job.held, why=error, now=job.at))
        except Exception as failure:
            if is_database_failure(failure):
                await self._release_later(job.held, failure)
                return
            # The lease will run out, and then the import is resumed.
            log.exception("The end of an import could not be recorded.")

    async def _release_later(self, held: Held, failure: Exception) -> None:
        """Release an import when the database works again, so that it is resumed."""
        self._store.log_failure("An import, which will be resumed,", failure)
        wait = RETRY_SECONDS
        while True:
            await asyncio.sleep(wait)
            try:
                await self._store.run(partial(imports.extend, held=held, until=self._real()))
            except Exception as error:
                if not is_database_failure(error):
                    raise
                wait = min(2 * wait, LEASE.total_seconds())
            else:
                return

    async def _renew_lease(self, held: Held) -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            try:
                await self._store.run(partial(imports.extend, held=held, until=self._real() + LEASE))
            except Exception as error:  # noqa: BLE001 (it is tried again)
                self._store.log_error("The renewal of an import's lease", error)

    async def _import(self, job: StartedImport) -> str:
        """Fetch the file and write its rows. Return an error for the user, or an empty text."""
        held = job.held
        try:
            with TemporaryFile() as content:
                file = await self._fetch(held.asked.url, content)
                columns = await self._measure(held, file)
                with file.rows() as rows:
                    await self._skip(rows, 1 + held.done)
                    while await self._write_some(job, rows, columns):
                        await asyncio.sleep(0)
        except (FetchError, TableError) as error:
            return str(error)
        except ListGoneError:
            return "the list was removed"
        return ""

    async def _fetch(self, url: str, content: IO[bytes]) -> "_ContactFile":
        # Fetch the whole file first: an incomplete or malformed one must not change the list.
        guess = EncodingGuess()

        def take(chunk: bytes) -> None:
            content.write(chunk)
            guess.feed(chunk)

        await self._client.fetch(url, take)
        return _ContactFile(content, guess.end())

    async def _measure(self, held: Held, file: "_ContactFile") -> Columns:
        """Find the columns, and record the number of rows. Reads the whole file."""
        with file.rows() as rows:
            columns = csv.find_columns(next(rows, []), held.asked.fields)
            count = await self._skip(rows)
        if not await self._store.run(partial(imports.set_length, held=held, rows=count)):
            raise ImportGoneError
        return columns

    async def _skip(self, rows: Iterator[list[str]], limit: int | None = None) -> int:
        """Skip all rows, or up to a limit, and return their number."""
        skipped, time_slice = 0, TimeSlice()
        while (limit is None or skipped < limit) and next(rows, None) is not None:
            skipped += 1
            await time_slice.pause_if_over()
        return skipped

    async def _write_some(self, job: StartedImport, rows: Iterator[list[str]], columns: Columns) -> bool:
        """Write the next rows in one transaction. True if there were any."""
        async with self._turn:
            contacts, time_slice = list[ImportRow](), TimeSlice()
            while len(contacts) < ROWS_PER_TRANSACTION and (row := next(rows, None)) is not None:
                contacts.append(_to_contact(row, columns, job.held.asked.country))
                await time_slice.pause_if_over()
            if contacts:
                await self._store.run(partial(contact_import.import_rows, held=job.held, rows=contacts, now=job.at))
        return bool(contacts)


class TimeSlice:
    """A limit for the time that a task computes before it lets others run."""

    def __init__(self) -> None:
        self._since = perf_counter()

    async def pause_if_over(self) -> None:
        """Pause for other tasks if this one has computed for long enough."""
        if perf_counter() - self._since > YIELD_AFTER_SECONDS:
            await asyncio.sleep(0)
            self._since = perf_counter()


class _ContactFile:
    """A fetched file, which is read row by row and never loaded as a whole."""

    def __init__(self, content: IO[bytes], encoding: str) -> None:
        self._content = content
        self._encoding = encoding
        with self._text() as text:
            try:
                self._delimiter = csv.find_delimiter(text.read(csv.HEAD_LENGTH))
            except UnicodeError as error:
                raise TableError(f"it cannot be decoded: {error}") from error

    @contextmanager
    def rows(self) -> Iterator[Iterator[list[str]]]:
        """Read the rows from the start. Only one block may read at a time."""
        with self._text() as text:
            yield csv.read_rows(text.readline, self._delimiter)

    @contextmanager
    def _text(self) -> Iterator[io.TextIOWrapper]:
        self._content.seek(0)
        text = io.TextIOWrapper(self._content, self._encoding, newline="")
        try:
            yield text
        finally:
            text.detach()  # or closing the wrapper would close the file


def _to_contact(row: Sequence[str], columns: Columns, country: str | None) -> ImportRow:
    """Convert a row, with its number in international form."""
    contact = csv.read_contact(row, columns)
    msisdn = numbers.to_msisdn(contact.mobile, country, cached=False)
    return ImportRow(msisdn, contact.first_name, contact.last_name, contact.fields)
