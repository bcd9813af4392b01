"""A commit that may have been done is not repeated."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import Connection

from sms_sandbox.store import ids
from sms_sandbox.store.patient_connection import PatientConnection
from tests.conftest import FreshTenant
from tests.timing import DEADLINE_SECONDS

BUSY = "cannot exit pipeline mode while busy"


@contextmanager
def cut_after_commit(_: PatientConnection) -> Iterator[None]:
    """Commit, and fail as psycopg does when the session ends before all results have come."""
    yield
    raise psycopg.OperationalError(BUSY)


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_work_is_not_repeated_if_the_session_ended_during_its_commit(
    fresh: FreshTenant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    may_go_on = threading.Event()
    runs = []

    def hold(_: Connection) -> None:
        may_go_on.wait(DEADLINE_SECONDS)

    def take(db: Connection) -> int:
        runs.append(1)
        return ids.take(db, fresh.tenant, "message")

    async def run() -> None:
        await fresh.store.run(take)
        with monkeypatch.context() as cut:
            cut.setattr(PatientConnection, "pipeline", cut_after_commit)
            works = [fresh.store.run(work) for work in (hold, take, take)]  # the two go into one transaction
            may_go_on.set()
            results = await asyncio.gather(*works, return_exceptions=True)
        assert [str(result) for result in results[1:]] == [BUSY, BUSY]
        assert await fresh.store.run(take) == ids.FIRST["message"] + 3

    asyncio.run(run())
    assert len(runs) == 4
    # A server that other tests share may have met the cut, too.
    assert [each for each in caplog.messages if "Running events" not in each] == []
