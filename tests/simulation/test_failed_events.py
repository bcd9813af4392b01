"""Events that fail because of an error in the sandbox: kept, in the traffic, and run again."""

import sqlite3
from datetime import timedelta
from typing import Any

import pytest

from sms_sandbox.domain.carrier import DELIVERED, PENDING
from sms_sandbox.journal import queries as traffic
from sms_sandbox.journal.entries import FAILURE
from sms_sandbox.journal.queries import EntryFilter
from sms_sandbox.journal.writer import JournalWriter
from sms_sandbox.simulation.callbacks import attempts
from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import callbacks, deletion, failed_events, recipients, timeline
from sms_sandbox.store.failed_events import FailedEvent
from sms_sandbox.store.paging import FIRST_PAGE
from tests.conftest import FreshTenant
from tests.simulation import queries
from tests.simulation.conftest import Client, Receiver
from tests.store.example_rows import NOON, seconds

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)


def failed(fresh: FreshTenant) -> list[FailedEvent]:
    with fresh.store.begin() as db:
        return list(failed_events.list_page(db, fresh.tenant, FIRST_PAGE).rows)


@pytest.fixture
def _reports_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every report fail, until the test undoes it."""

    def fail(*_: Any) -> None:
        raise ValueError("no such\x00status")

    monkeypatch.setattr(recipients, "find_reporting", fail)


@pytest.mark.usefixtures("_reports_fail")
async def test_an_event_that_fails_is_kept_and_runs_again_with_its_own_time(
    still: FreshTenant, runner: Runner, call: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = JournalWriter(still.store, 100)
    sent = await call.send(2)
    await runner.advance(still.tenant, by=HOUR)
    second, first = failed(still)
    assert (first.id, second.id) == (1, 2)
    assert (first.kind, first.due, first.error) == ("report", NOON + seconds(1), "ValueError: no such\ufffdstatus")
    assert NOON + seconds(1) <= first.failed_at <= NOON + HOUR
    assert {each.status for each in queries.all_recipients(still, sent)} == {PENDING}
    await journal.flush()
    await journal.stop()
    with still.store.begin() as db:
        assert failed_events.count(db) == 2
        entries = traffic.list_next(db, still.tenant, EntryFilter(kind=FAILURE), 10)
    assert [(each.method, each.code, each.error) for each in entries] == [("report", "failed", first.error)] * 2
    assert "/failed-events/1/run" in entries[0].hints[0]

    monkeypatch.undo()
    with still.store.begin() as db:
        for each in (first, second):
            failed_events.run_again(db, still.tenant, each)
    await runner.advance(still.tenant, by=seconds(1))
    assert failed(still) == []
    assert queries.message(still, sent).delivered == 2
    assert {each.reported_at for each in queries.all_recipients(still, sent)} == {NOON + seconds(1)}


@pytest.mark.usefixtures("_reports_fail")
async def test_an_event_that_fails_again_is_kept_again(still: FreshTenant, runner: Runner, call: Client) -> None:
    await call.send()
    await runner.advance(still.tenant, by=HOUR)
    with still.store.begin() as db:
        failed_events.run_again(db, still.tenant, failed_events.list_page(db, still.tenant, FIRST_PAGE).rows[0])
    await runner.advance(still.tenant, by=HOUR)
    assert [each.id for each in failed(still)] == [2]


@pytest.mark.usefixtures("_reports_fail")
async def test_failed_events_are_reset_with_their_messages(still: FreshTenant, runner: Runner, call: Client) -> None:
    await call.send()
    await runner.advance(still.tenant, by=HOUR)
    with still.store.begin() as db:
        deletion.delete_contacts(db, still.tenant)
        assert failed_events.count(db) == 1
        deletion.delete_messages(db, still.tenant)
        assert failed_events.count(db) == 0


async def test_an_event_that_another_process_ran_is_not_kept(still: FreshTenant, call: Client) -> None:
    await call.send()
    with still.store.begin() as db:
        (row,) = timeline.list_due(db, still.tenant, NOON + HOUR, 10)
        timeline.take(db, [row])
        assert failed_events.keep(db, row, "ValueError", NOON) is None
        assert failed_events.count(db) == 0


async def test_a_failed_event_creates_its_callback_when_it_runs_again(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lane of the callback is kept, too."""

    def fail(*_: Any) -> None:
        raise TypeError("an error in the sandbox")

    monkeypatch.setattr(callbacks, "begin_attempt", fail)
    await call.send(dlr_callback=receiver.url())
    await runner.advance(still.tenant, by=HOUR)
    (kept,) = failed(still)
    monkeypatch.undo()
    with still.store.begin() as db:
        failed_events.run_again(db, still.tenant, kept)
        (row,) = timeline.list_due(db, still.tenant, NOON + HOUR, 10)
    assert (row.kind, row.lane) == ("callback", f"{still.tenant} {receiver.url()}")
    await runner.advance(still.tenant, by=seconds(1))
    assert queries.the_callback(still)[0].state == callbacks.DELIVERED


async def test_an_outcome_that_cannot_be_recorded_does_not_delay_others(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its callback is sent again, as its next attempt was planned before."""
    real, failures = callbacks.end_attempt, 2

    def fail(db: Any, outcome: callbacks.Outcome) -> Any:
        nonlocal failures
        if outcome.callback == 1 and failures:
            failures -= 1
            raise ValueError("an error in the sandbox")
        return real(db, outcome)

    monkeypatch.setattr(callbacks, "end_attempt", fail)
    sent = await call.send(3, dlr_callback=receiver.url())
    await runner.advance(still.tenant, by=HOUR)
    assert queries.message(still, sent).delivered == 3
    assert [each.state for each, _ in queries.all_callbacks(still)] == [callbacks.DELIVERED] * 3
    assert len(receiver.requests) == 4


async def test_a_database_that_fails_during_the_stop_raises_no_error(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    def fail(*_: Any, **__: Any) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(attempts, "record_outcomes", fail)
    await call.send(dlr_callback=receiver.url())
    with pytest.raises(sqlite3.OperationalError):
        await runner.advance(still.tenant, by=HOUR)
    await runner.stop()
    assert "callback attempts, which will be sent again, failed" in caplog.text


async def test_the_rows_before_and_after_a_failed_one_run(still: FreshTenant, runner: Runner, call: Client) -> None:
    real = recipients.find_reporting
    with pytest.MonkeyPatch.context() as patch:

        def fail_some(db: Any, keys: list[tuple[int, int]]) -> Any:
            if any(id_ % 3 == 0 for _, id_ in keys):
                raise KeyError("third")
            return real(db, keys)

        patch.setattr(recipients, "find_reporting", fail_some)
        sent = await call.send(9)
        await runner.advance(still.tenant, by=HOUR)
    statuses = [each.status for each in queries.all_recipients(still, sent)]
    assert (statuses.count(DELIVERED), statuses.count(PENDING), len(failed(still))) == (6, 3, 3)
