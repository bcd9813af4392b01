"""The vacuum of the timeline on PostgreSQL."""

import asyncio

import pytest
from sqlalchemy import text

from sms_sandbox.store import vacuum
from sms_sandbox.store.database import Store
from sms_sandbox.store.vacuum import TimelineVacuum
from tests.conftest import FreshTenant
from tests.timing import DEADLINE_SECONDS

pytestmark = pytest.mark.anyio


async def vacuums(store: Store) -> int:
    """Return how often the timeline was vacuumed."""
    query = text("SELECT vacuum_count FROM pg_stat_user_tables WHERE relname = 'timeline'")
    return int(await store.run(lambda db: db.scalar(query)) or 0)


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_the_timeline_is_vacuumed_after_many_events(fresh: FreshTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vacuum, "_EVENTS", 100)
    before = await vacuums(fresh.store)
    timeline = TimelineVacuum(fresh.store)
    timeline.note(99)
    await timeline.stop()
    assert await vacuums(fresh.store) == before
    timeline.note(1)
    await timeline.stop()
    async with asyncio.timeout(DEADLINE_SECONDS):
        while await vacuums(fresh.store) == before:  # PostgreSQL counts it a moment later
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_a_vacuum_that_the_database_refuses_is_logged(
    fresh: FreshTenant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(vacuum, "_EVENTS", 1)
    monkeypatch.setattr(vacuum, "_VACUUM", text("SELECT pg_terminate_backend(pg_backend_pid())"))
    timeline = TimelineVacuum(fresh.store)
    timeline.note(1)
    await timeline.stop()
    fresh.store.failure_log.flush()
    assert "The vacuum of the timeline failed, because the database did" in caplog.text


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_sqlite_needs_no_vacuum(fresh: FreshTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vacuum, "_EVENTS", 1)
    timeline = TimelineVacuum(fresh.store)
    timeline.note(1)
    assert timeline._task is None
