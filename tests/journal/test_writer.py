"""The journal's buffer: what is record is written soon, in order, and told to those who listen."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from sms_sandbox.journal import entries, queries, writer
from sms_sandbox.journal.buffer import MAX_PENDING_ENTRIES, SLACK_ENTRIES
from sms_sandbox.journal.entries import NewEntry, build_entry, to_pending
from sms_sandbox.journal.queries import EntryFilter
from sms_sandbox.journal.writer import BATCH_SIZE, WRITE_INTERVAL_SECONDS, JournalWriter
from sms_sandbox.store.connection import PendingEntry
from sms_sandbox.store.database import Store
from sms_sandbox.store.unit_of_work import record
from tests.conftest import FreshTenant, make_tenant

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


async def test_what_is_noted_is_written_in_order_when_somebody_reads(
    fresh: FreshTenant, journal: JournalWriter
) -> None:
    for index in range(500):
        journal.add(entry(fresh, str(index)))
    await journal.flush()
    assert texts(fresh) == [str(index) for index in range(500)]


async def test_it_is_written_by_itself_soon_after(fresh: FreshTenant, journal: JournalWriter) -> None:
    journal.add(entry(fresh, "a"))
    async with asyncio.timeout(10):
        while not texts(fresh):
            await asyncio.sleep(0.02)


async def test_what_a_transaction_notes_is_noted_when_it_is_committed(
    fresh: FreshTenant, journal: JournalWriter
) -> None:
    with fresh.store.begin() as db:
        record(db, entry(fresh, "committed"))
    with suppress(KeyError), fresh.store.begin() as db:
        record(db, entry(fresh, "undone"))
        record(db, entry(fresh, "noted anyway"), even_if_rolled_back=True)
        raise KeyError
    with fresh.store.begin() as db:
        pass
    await journal.flush()
    assert texts(fresh) == ["committed", "noted anyway"]


async def test_what_waits_is_written_at_the_end(fresh: FreshTenant, journal: JournalWriter) -> None:
    await journal.stop()
    for index in range(450):
        journal.add(entry(fresh, str(index)))
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
        journal.add(entry(fresh, str(index)))
    async with asyncio.timeout(10):
        while failures >= 0 or not texts(fresh):
            await asyncio.sleep(0.02)
    assert texts(fresh) == ["0", "1", "2"]
    assert "waits until the database works again" in caplog.text


async def test_who_listens_is_told_of_its_tenant_alone(fresh: FreshTenant, journal: JournalWriter) -> None:
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
    journal.add(entry(other, "for the second"))
    await second
    order.append("noting")
    journal.add(entry(fresh, "for the first"))
    await first
    assert order == ["second", "noting", "first"]
    assert journal.listener_count == 0


async def test_nobody_waits_when_it_stops(fresh: FreshTenant, journal: JournalWriter) -> None:
    with journal.listen(fresh.tenant) as listener:
        waiting = asyncio.create_task(listener.wait(60))
        await asyncio.sleep(0)
        await journal.stop()
        async with asyncio.timeout(10):
            await waiting
    assert journal.is_closing


async def test_an_entry_that_can_not_be_made_costs_no_other(
    fresh: FreshTenant, journal: JournalWriter, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> NewEntry:
        raise ValueError

    journal.add(PendingEntry(fresh.tenant, 10, fail, ()))
    journal.add(entry(fresh, "whole"))
    with caplog.at_level(logging.CRITICAL):
        await journal.flush()
    assert texts(fresh) == ["whole"]


async def test_a_database_that_fails_is_told_of_and_noting_goes_on(
    fresh: FreshTenant, journal: JournalWriter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("sms_sandbox.journal.entries.add", lambda *_: 1 / 0)
        journal.add(entry(fresh, "lost"))
        await journal.flush()
    assert "1 entries of the traffic could not be written." in caplog.text
    caplog.clear()
    journal.add(entry(fresh, "kept"))
    await journal.flush()
    assert texts(fresh) == ["kept"]


async def test_more_than_can_wait_is_counted_and_what_nobody_could_have_read_is_not_lost(
    fresh: FreshTenant, journal: JournalWriter, caplog: pytest.LogCaptureFixture
) -> None:
    await journal.stop()
    many = MAX_PENDING_ENTRIES + SLACK_ENTRIES + 1
    for _ in range(many):
        journal.add(PendingEntry(fresh.tenant, 1, build_entry, (fresh.tenant, None, "call")))
    journal.flush_after_loop()
    lost = 0 if fresh.store.volatile else SLACK_ENTRIES + 1
    assert (f"{lost} entries of the traffic are lost" in caplog.text) == bool(lost)
    with fresh.store.begin() as db:
        assert queries.find_last_id(db, fresh.tenant) == many
        assert queries.count(db, fresh.tenant, EntryFilter()) == 1000
        assert queries.count_dropped(db, fresh.tenant) == many - 1000


async def test_a_burst_of_all_that_a_long_journal_wants_is_not_lost(
    fresh: FreshTenant, caplog: pytest.LogCaptureFixture
) -> None:
    """As when time passes for many messages: a hundred reports a turn of the event loop, and no end of them."""
    long = JournalWriter(fresh.store, 1_000_000)
    for _ in range(450):
        for _ in range(100):
            long.add(PendingEntry(fresh.tenant, 1, build_entry, (fresh.tenant, None, "report")))
        await asyncio.sleep(0)
    await long.flush()
    await long.stop()
    with fresh.store.begin() as db:
        lost = queries.count_dropped(db, fresh.tenant)
        assert queries.count(db, fresh.tenant, EntryFilter()) + lost == 45_000
    assert lost == 0 or not fresh.store.volatile
    assert bool(lost) == ("entries of the traffic are lost" in caplog.text)


async def test_while_calls_come_fast_a_store_in_memory_puts_writing_off(
    fresh: FreshTenant, journal: JournalWriter
) -> None:
    """Other stores write on, so that a killed process loses little; and once it is quiet, so does this one."""
    for _ in range(10):
        for index in range(BATCH_SIZE):
            journal.add(entry(fresh, str(index)))
        await asyncio.sleep(
            WRITE_INTERVAL_SECONDS / 4
        )  # so that some come in every span the journal looks at, however slow this is
    assert bool(texts(fresh)) != fresh.store.volatile
    async with asyncio.timeout(10):
        while len(texts(fresh)) < 10 * BATCH_SIZE:
            await asyncio.sleep(0.02)


async def test_who_listens_is_told_however_fast_calls_come(fresh: FreshTenant, journal: JournalWriter) -> None:
    with journal.listen(fresh.tenant) as listener:
        for index in range(BATCH_SIZE * 3):
            journal.add(entry(fresh, str(index)))
        await listener.wait(30)
        assert texts(fresh)


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_two_processes_write_one_journal(fresh: FreshTenant, journal: JournalWriter, postgres_url: str) -> None:
    from sms_sandbox.store.schema import open_store

    beside: Store = open_store(postgres_url)
    other = JournalWriter(beside, 1000)
    for index in range(300):
        journal.add(entry(fresh, f"a {index}"))
        other.add(entry(fresh, f"b {index}"))
    await asyncio.gather(journal.flush(), other.flush())
    with fresh.store.begin() as db:
        read = queries.list_next(db, fresh.tenant, EntryFilter(), 1000)
    assert [each.id for each in read] == list(range(1, 601))
    for who in "ab":
        assert [each.text for each in read if each.text[0] == who] == [f"{who} {index}" for index in range(300)]
    await other.stop()
    beside.close()
