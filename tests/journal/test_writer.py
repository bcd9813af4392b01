"""The journal: the entries of a transaction are written with it, in order, and wake listeners."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection

from sms_sandbox.journal import entries, queries, writer
from sms_sandbox.journal.entries import NewEntry, build_entry, to_pending
from sms_sandbox.journal.queries import EntryFilter
from sms_sandbox.journal.writer import JournalWriter
from sms_sandbox.store import ids, opt_outs
from sms_sandbox.store.database import Store
from sms_sandbox.store.schema import open_store
from sms_sandbox.store.scopes import PendingEntry
from sms_sandbox.store.unit_of_work import record, scope
from tests.conftest import FreshTenant, make_tenant
from tests.store.example_rows import HANDSETS
from tests.timing import DEADLINE_SECONDS

pytestmark = pytest.mark.anyio


@pytest.fixture
async def journal(fresh: FreshTenant) -> AsyncIterator[JournalWriter]:
    made = JournalWriter(fresh.store, 1000)
    yield made
    await made.stop()


def entry(fresh: FreshTenant, text: str) -> PendingEntry:
    return to_pending(build_entry(fresh.tenant, None, "call", text=text))


def texts(fresh: FreshTenant) -> list[str]:
    with fresh.store.begin() as db:
        return [each.text for each in queries.list_next(db, fresh.tenant, EntryFilter(), 100_000)]


def write(db: Connection, fresh: FreshTenant, text: str) -> None:
    """Change something, and record it."""
    ids.take(db, fresh.tenant, "message")
    record(db, entry(fresh, text))


async def read(fresh: FreshTenant, text: str) -> None:
    """Record a transaction that changes nothing else."""
    await fresh.store.run(lambda db: record(db, entry(fresh, text)))


async def test_recorded_entries_are_committed_with_their_transaction(
    fresh: FreshTenant, journal: JournalWriter
) -> None:
    with fresh.store.begin() as db:
        write(db, fresh, "committed")
    assert texts(fresh) == ["committed"]
    with suppress(KeyError), fresh.store.begin() as db:
        write(db, fresh, "undone")
        record(db, entry(fresh, "kept anyway"), even_if_rolled_back=True)
        raise KeyError
    with fresh.store.begin() as db:
        with suppress(KeyError), scope(db):
            write(db, fresh, "undone in a scope")
            raise KeyError
        write(db, fresh, "after it")
    await journal.flush()
    assert texts(fresh) == ["committed", "kept anyway", "after it"]


async def test_a_direct_statement_counts_as_a_change(fresh: FreshTenant, journal: JournalWriter) -> None:
    with fresh.store.begin() as db:
        opt_outs.add(db, fresh.tenant, fresh.account.id, HANDSETS[0])
        record(db, entry(fresh, "opted out"))
    assert texts(fresh) == ["opted out"]


async def test_entries_of_reads_are_written_soon_after(fresh: FreshTenant, journal: JournalWriter) -> None:
    await read(fresh, "read")
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not texts(fresh):
            await asyncio.sleep(0.02)


async def test_reads_and_writes_stay_in_their_order(fresh: FreshTenant, journal: JournalWriter) -> None:
    for index in range(0, 300, 3):
        await read(fresh, str(index))
        await read(fresh, str(index + 1))
        await fresh.store.run(partial(write, fresh=fresh, text=str(index + 2)))
    await journal.flush()
    assert texts(fresh) == [str(index) for index in range(300)]


async def test_the_default_tenants_entries_stay_in_their_order(fresh: FreshTenant, journal: JournalWriter) -> None:
    unknown = build_entry(None, None, "call", text="by nobody known")
    await read(fresh, "first")
    await asyncio.sleep(0.001)
    await fresh.store.run(lambda db: record(db, to_pending(unknown)))
    await asyncio.sleep(0.001)
    await read(fresh, "third")
    await journal.flush()
    assert texts(fresh) == ["first", "by nobody known", "third"]


async def test_pending_entries_are_written_at_the_end(fresh: FreshTenant, journal: JournalWriter) -> None:
    await journal.stop()
    for index in range(450):
        journal.add_later([entry(fresh, str(index))])
    journal.flush_after_loop()
    assert len(texts(fresh)) == 450


async def test_entries_wait_until_the_database_works_again(
    fresh: FreshTenant, journal: JournalWriter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.02)
    failures = 3
    add = entries.add

    def fail(*args: Any) -> None:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise sqlite3.OperationalError("database or disk is full")
        add(*args)

    monkeypatch.setattr(entries, "add", fail)
    for index in range(3):
        await read(fresh, str(index))
    async with asyncio.timeout(DEADLINE_SECONDS):
        while failures >= 0 or not texts(fresh):
            await asyncio.sleep(0.02)
    assert texts(fresh) == ["0", "1", "2"]
    assert "Writing the traffic failed, because the database did" in caplog.text


async def test_many_waiting_entries_are_written_in_pieces(
    fresh: FreshTenant, journal: JournalWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an outage, one call must not pay for the traffic of a minute."""
    monkeypatch.setattr(writer, "MAX_TAKEN_ENTRIES", 10)
    journal.add_later([entry(fresh, str(number)) for number in range(95)])
    with fresh.store.begin() as db:
        write(db, fresh, "call")
    assert texts(fresh) == [*map(str, range(10)), "call"]
    await journal.flush()
    assert texts(fresh) == [*map(str, range(10)), "call", *map(str, range(10, 95))]


async def test_a_failed_transaction_does_not_lose_pending_entries(
    fresh: FreshTenant, journal: JournalWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    await read(fresh, "waits")
    with monkeypatch.context() as broken:
        broken.setattr(entries, "add", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await fresh.store.run(lambda db: write(db, fresh, "undone"))
        await fresh.store.run(lambda db: ids.take(db, fresh.tenant, "list"))
    await journal.flush()
    assert texts(fresh) == ["waits"]
    with fresh.store.begin() as db:
        assert ids.take(db, fresh.tenant, "message") == ids.FIRST["message"]


async def test_an_entry_that_no_database_takes_is_lost_alone(
    fresh: FreshTenant, journal: JournalWriter, caplog: pytest.LogCaptureFixture
) -> None:
    poison = NewEntry(fresh.tenant, None, *([object()] * 17))  # type: ignore[arg-type]
    await fresh.store.run(lambda db: record(db, to_pending(poison)))
    with suppress(Exception):  # the call that meets it first
        await fresh.store.run(lambda db: write(db, fresh, "met it"))
    await fresh.store.run(lambda db: write(db, fresh, "later"))
    async with asyncio.timeout(DEADLINE_SECONDS):
        while "1 entries of the traffic could not be written." not in caplog.text:
            await asyncio.sleep(0.02)
    await fresh.store.run(lambda db: write(db, fresh, "last"))
    await journal.flush()
    assert texts(fresh)[-2:] == ["later", "last"]


async def test_too_many_pending_entries_are_lost_and_logged(
    fresh: FreshTenant, journal: JournalWriter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(writer, "MAX_KEPT_ENTRIES", 3)
    await journal.stop()
    for index in range(5):
        journal.add_later([entry(fresh, str(index))])
    journal.flush_after_loop()
    assert texts(fresh) == ["0", "1", "2"]
    assert [each for each in caplog.messages if "are lost" in each] == [
        "2 entries of the traffic are lost, because the database does not work."
    ]


async def test_a_listener_is_woken_by_its_own_tenant_only(fresh: FreshTenant, journal: JournalWriter) -> None:
    other = make_tenant(fresh.store, "other", "secret", name="other")
    order: list[str] = []

    async def listen(fresh: FreshTenant, name: str) -> None:
        with journal.listen(fresh.tenant) as listener:
            await listener.wait(30)
            order.append(name)

    first = asyncio.create_task(listen(fresh, "first"))
    second = asyncio.create_task(listen(other, "second"))
    await asyncio.sleep(0)
    assert journal.listener_count == 2
    await fresh.store.run(lambda db: write(db, other, "for the second"))
    await second
    order.append("recording")
    await read(fresh, "for the first")
    await first
    assert order == ["second", "recording", "first"]
    assert journal.listener_count == 0


async def test_a_stop_ends_all_waits(fresh: FreshTenant, journal: JournalWriter) -> None:
    with journal.listen(fresh.tenant) as listener:
        waiting = asyncio.create_task(listener.wait(60))
        await asyncio.sleep(0)
        await journal.stop()
        async with asyncio.timeout(DEADLINE_SECONDS):
            await waiting
    assert journal.is_closing


async def test_an_entry_that_cannot_be_built_does_not_lose_others(
    fresh: FreshTenant, journal: JournalWriter, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> NewEntry:
        raise ValueError

    with fresh.store.begin() as db:
        record(db, PendingEntry(fresh.tenant, 2**60, fail, ()))
        write(db, fresh, "whole")
    assert texts(fresh) == ["whole"]
    assert "could not be made" in caplog.text


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_two_processes_write_one_journal(fresh: FreshTenant, journal: JournalWriter, postgres_url: str) -> None:
    beside: Store = open_store(postgres_url)
    other = JournalWriter(beside, 1000)
    for index in range(300):
        journal.add_later([entry(fresh, f"a {index}")])
        other.add_later([entry(fresh, f"b {index}")])
    await asyncio.gather(journal.flush(), other.flush())
    await asyncio.gather(journal.flush(), other.flush())
    with fresh.store.begin() as db:
        rows = queries.list_next(db, fresh.tenant, EntryFilter(), 1000)
    assert [each.id for each in rows] == list(range(1, 601))
    for letter in "ab":
        assert [each.text for each in rows if each.text[0] == letter] == [f"{letter} {index}" for index in range(300)]
    await other.stop()
    beside.close()
