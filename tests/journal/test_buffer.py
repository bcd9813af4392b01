"""Pending traffic entries: they are bounded, and drop what the journal would drop."""

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sms_sandbox.journal import buffer, queries
from sms_sandbox.journal.buffer import EntryBuffer
from sms_sandbox.journal.entries import build_entry, to_pending
from sms_sandbox.journal.queries import EntryFilter
from sms_sandbox.journal.writer import JournalWriter
from sms_sandbox.store.connection import PendingEntry
from sms_sandbox.store.schema import open_store
from tests.conftest import make_tenant


def note(tenant: int | None, weight: int = 1) -> PendingEntry:
    return PendingEntry(tenant, weight, lambda: None, ())


@pytest.fixture
def tight(monkeypatch: pytest.MonkeyPatch) -> Callable[[int | None], EntryBuffer]:
    """A buffer for ten entries, and for two of each tenant if these are bounded."""
    monkeypatch.setattr(buffer, "MAX_PENDING_ENTRIES", 10)
    monkeypatch.setattr(buffer, "SLACK_ENTRIES", 3)
    return EntryBuffer


def test_notes_come_out_in_order_and_weigh_what_they_weigh(tight: Callable[[int | None], EntryBuffer]) -> None:
    waiting = tight(None)
    for weight in (1, 10, 100):
        waiting.add(note(1, weight))
    assert (len(waiting), waiting.weight, waiting.added) == (3, 111, 3)
    assert [each.weight for _, each in waiting.take(2)] == [1, 10]
    assert (len(waiting), waiting.weight, waiting.added) == (1, 100, 3)
    assert len(waiting.take(2)) == 1
    assert waiting.take(2) == []


def test_the_oldest_are_lost_where_all_are_wanted(
    tight: Callable[[int | None], EntryBuffer], caplog: pytest.LogCaptureFixture
) -> None:
    waiting = tight(None)
    for weight in range(14):
        waiting.add(note(1, weight))
    kept = [each.weight for _, each in waiting.take(100)]
    assert kept == list(range(4, 14))
    assert "4 entries of the traffic are lost" in caplog.text
    assert waiting.weight == 0
    assert waiting.take_dropped() == {1: 4}


def test_a_tenant_s_oldest_are_left_out_and_counted(
    tight: Callable[[int | None], EntryBuffer], caplog: pytest.LogCaptureFixture
) -> None:
    waiting = tight(2)
    waiting.add(note(2, 50))
    for weight in range(5):
        waiting.add(note(1, weight))
    assert waiting.take_dropped() == {1: 3}
    assert waiting.take_dropped() == Counter()
    assert [(each.tenant, each.weight) for _, each in waiting.take(100)] == [(2, 50), (1, 3), (1, 4)]
    assert caplog.text == ""


def test_nobody_s_notes_are_lost_to_another_s_before_there_are_too_many(
    tight: Callable[[int | None], EntryBuffer], caplog: pytest.LogCaptureFixture
) -> None:
    waiting = tight(2)
    for tenant in range(7):
        for _ in range(2):
            waiting.add(note(tenant))
    assert len(waiting.take(100)) <= 10
    assert "entries of the traffic are lost" in caplog.text


MOST = 4

NOTES = st.lists(st.sampled_from([0, 0, 0, 1, "write"]), max_size=60)


@settings(max_examples=40)
@given(NOTES)
def test_a_journal_in_memory_holds_what_one_that_writes_everything_would(steps: list[int | str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(buffer, "SLACK_ENTRIES", 3)
        asyncio.run(check_journal(steps))


async def check_journal(steps: list[int | str]) -> None:
    store = open_store("sqlite://")
    tenants = [make_tenant(store, f"key-{name}", "secret", name=name) for name in ("default", "other")]
    journal = JournalWriter(store, MOST)
    await journal.stop()  # so that it writes when it is asked to, and only then
    noted: list[list[str]] = [[], []]
    for number, step in enumerate([*steps, "write"]):
        if isinstance(step, str):
            await journal.flush()
        else:
            noted[step].append(str(number))
            journal.add(to_pending(build_entry(tenants[step].tenant, None, "call", text=str(number))))
    for tenant, texts in zip(tenants, noted, strict=True):
        with store.begin() as db:
            entries = queries.list_next(db, tenant.tenant, EntryFilter(), 1000)
            assert [each.text for each in entries] == texts[-MOST:]
            assert [each.id for each in entries] == list(range(1, len(texts) + 1))[-MOST:]
            assert queries.find_last_id(db, tenant.tenant) == len(texts)
            assert queries.count_dropped(db, tenant.tenant) == max(len(texts) - MOST, 0)
    store.close()
