"""Imports of files into lists: each is a task of its own, which gives way to everything else again and again."""

import asyncio
import io
import logging
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from tempfile import TemporaryFile
from time import perf_counter
from typing import IO
from weakref import WeakValueDictionary

from sqlalchemy import Connection

from ..domain import csv, numbers
from ..domain.bulk import ImportRow
from ..domain.csv import Columns, EncodingGuess, TableError
from ..services import contact_import
from ..services.contact_import import ImportGoneError, ListGoneError
from ..store import imports
from ..store.database import Store
from ..store.imports import Held
from ..store.tenants import Tenant
from ..store.timeline import Due
from .callbacks.http_client import Courier, FetchError

log = logging.getLogger(__name__)

CHUNK = 200
"""Rows written in one transaction."""

SLICE = 0.002
"""Seconds of computing after which other work gets its turn."""

MOST = 4
"""Files of one tenant fetched and read at once; other imports of it wait."""

HOLD = timedelta(seconds=30)
"""How long a process holds an import without saying again that it still does."""


@dataclass(frozen=True)
class Begun:
    """An import that was taken off the timeline's hands; its contacts are made `at` a moment of the tenant's time."""

    row: Due
    held: Held
    at: datetime


class Imports:
    """The imports under way in this process."""

    def __init__(self, store: Store, courier: Courier, real: Callable[[], datetime]) -> None:
        self._store = store
        self._courier = courier
        self._real = real
        self._under_way: dict[asyncio.Task[None], Begun] = {}
        self._rooms: WeakValueDictionary[int, asyncio.Semaphore] = WeakValueDictionary()
        # One computes or writes at a time, so that many take no more from other calls than one does.
        self._turn = asyncio.Lock()

    def begin(self, db: Connection, tenant: Tenant, row: Due, in_real_time: bool) -> Begun | None:
        """Hold an import that is due, in the transaction that found it; None if it can't be carried out here now.

        Its row stays on the timeline until it has ended, so that another process finds it if this one dies.
        """
        real = self._real()
        held = imports.take(db, tenant.id, row.ref, secrets.token_hex(16), real, real + HOLD)
        if held is None:
            return None
        return Begun(row, held, max(row.due, tenant.clock.now(real)) if in_real_time else row.due)

    def start(self, begun: Sequence[Begun]) -> None:
        """Let imports go on by themselves, when the transaction that holds them is committed."""
        for each in begun:
            task = asyncio.create_task(self._see_to(each), name=f"import {each.held.id}")
            self._under_way[task] = each
            task.add_done_callback(self._under_way.pop)

    async def settle(self, tenant: int) -> bool:
        """Wait for the tenant's imports that are under way; whether there were any."""
        waited = False
        while under_way := self._of(tenant):
            waited = True
            await asyncio.wait(under_way)
        return waited

    async def stop(self) -> None:
        """Leave off, so that the next process can go on at once."""
        under_way = dict(self._under_way)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        for begun in under_way.values():
            await self._store.run(partial(imports.keep, held=begun.held, until=self._real()))

    def _of(self, tenant: int) -> list[asyncio.Task[None]]:
        return [task for task, begun in list(self._under_way.items()) if begun.held.tenant == tenant]

    async def _see_to(self, begun: Begun) -> None:
        keeping = asyncio.create_task(self._keep(begun.held))
        room = self._rooms.setdefault(begun.held.tenant, asyncio.Semaphore(MOST))
        try:
            async with room:
                why = await self._carry_out(begun)
        except ImportGoneError:
            return
        except Exception as fault:
            log.exception("An import failed on our side.")
            why = f"failed here: {type(fault).__name__}"
        finally:
            keeping.cancel()
        try:
            await self._store.run(partial(contact_import.end, held=begun.held, why=why, now=begun.at))
        except Exception:
            # It is begun again when nobody says any more that it is held.
            log.exception("The end of an import can't be noted.")

    async def _keep(self, held: Held) -> None:
        while True:
            await asyncio.sleep(HOLD.total_seconds() / 3)
            await self._store.run(partial(imports.keep, held=held, until=self._real() + HOLD))

    async def _carry_out(self, begun: Begun) -> str:
        """Fetch the file and write its rows; why that failed, or nothing."""
        held = begun.held
        try:
            with TemporaryFile() as kept:
                file = await self._fetch(held.asked.url, kept)
                columns = await self._measure(held, file)
                with file.rows() as rows:
                    await self._pass(rows, 1 + held.done)
                    while await self._write_some(begun, rows, columns):
                        await asyncio.sleep(0)
        except (FetchError, TableError) as why:
            return str(why)
        except ListGoneError:
            return "the list was removed"
        return ""

    async def _fetch(self, url: str, kept: IO[bytes]) -> "File":
        # The whole file first: one that breaks off, or is no table, must leave the list as it was.
        guess = EncodingGuess()

        def take(chunk: bytes) -> None:
            kept.write(chunk)
            guess.feed(chunk)

        await self._courier.fetch(url, take)
        return File(kept, guess.end())

    async def _measure(self, held: Held, file: "File") -> Columns:
        """What the columns are, and how many rows there are, which is noted. Reads the whole file."""
        with file.rows() as rows:
            columns = csv.find_columns(next(rows, []), held.asked.fields)
            length = await self._pass(rows)
        if not await self._store.run(partial(imports.set_length, held=held, rows=length)):
            raise ImportGoneError
        return columns

    async def _pass(self, rows: Iterator[list[str]], most: int | None = None) -> int:
        """Pass over rows, all or so many; how many there were."""
        passed, breath = 0, Breath()
        while (most is None or passed < most) and next(rows, None) is not None:
            passed += 1
            await breath.draw()
        return passed

    async def _write_some(self, begun: Begun, rows: Iterator[list[str]], columns: Columns) -> bool:
        """Write the next rows in one transaction; whether there were any."""
        async with self._turn:
            found, breath = list[ImportRow](), Breath()
            while len(found) < CHUNK and (row := next(rows, None)) is not None:
                found.append(contact_of(row, columns, begun.held.asked.country))
                await breath.draw()
            if found:
                await self._store.run(partial(contact_import.import_rows, held=begun.held, rows=found, now=begun.at))
        return bool(found)


class Breath:
    """Lets other work have its turn when this one has computed for a while."""

    def __init__(self) -> None:
        self._since = perf_counter()

    async def draw(self) -> None:
        if perf_counter() - self._since > SLICE:
            await asyncio.sleep(0)
            self._since = perf_counter()


class File:
    """A fetched file, read row by row as often as needed and never as a whole."""

    def __init__(self, kept: IO[bytes], encoding: str) -> None:
        self._kept = kept
        self._encoding = encoding
        with self._text() as text:
            try:
                self._delimiter = csv.find_delimiter(text.read(csv.HEAD_LENGTH))
            except UnicodeError as why:
                raise TableError(f"it cannot be decoded: {why}") from why

    @contextmanager
    def rows(self) -> Iterator[Iterator[list[str]]]:
        """The rows from the first on; only one such pass may be under way."""
        with self._text() as text:
            yield csv.read_rows(text.readline, self._delimiter)

    @contextmanager
    def _text(self) -> Iterator[io.TextIOWrapper]:
        self._kept.seek(0)
        text = io.TextIOWrapper(self._kept, self._encoding, newline="")
        try:
            yield text
        finally:
            text.detach()  # which else would close the file


def contact_of(row: Sequence[str], columns: Columns, country: str | None) -> ImportRow:
    """A row with its number in international form."""
    line = csv.read_contact(row, columns)
    msisdn = numbers.to_msisdn(line.mobile, country, cached=False)
    return ImportRow(msisdn, line.first_name, line.last_name, line.fields)
