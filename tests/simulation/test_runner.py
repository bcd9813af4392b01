"""The runner in real time."""

import asyncio
import sqlite3
import time
from datetime import timedelta
from typing import Any

import pytest

from sms_sandbox.domain.carrier import DELIVERED, PENDING
from sms_sandbox.domain.clock import Clock
from sms_sandbox.simulation import runner as runner_module
from sms_sandbox.simulation.callbacks import attempts, shares
from sms_sandbox.simulation.callbacks.http_client import CallbackClient
from sms_sandbox.simulation.callbacks.shares import MAX_PER_LANE
from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import accounts, callbacks, tenants, timeline
from sms_sandbox.store.real_time import real_now
from sms_sandbox.store.timeline import Plan
from tests.conftest import FreshTenant, make_tenant
from tests.simulation import queries
from tests.simulation.conftest import Client, Receiver, RequestCount, clock_of, schedule_unknown, set_clock, until
from tests.store.example_rows import HANDSETS, NOON, seconds

pytestmark = pytest.mark.anyio


async def test_the_runner_delivers_a_message(
    fresh: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    """It is delivered about a second after it was sent: the default delay."""
    await runner.start()
    began = time.monotonic()
    sent = await call.send(dlr_callback=receiver.url())
    await until(lambda: bool(receiver.requests))
    assert time.monotonic() - began >= 0.99
    await until(lambda: queries.the_callback(fresh)[0].state == callbacks.DELIVERED)
    recipient = queries.recipient(fresh, sent)
    assert (recipient.status, recipient.reported_at) == (DELIVERED, recipient.sent_at + seconds(1))
    _, (only,) = queries.the_callback(fresh)
    assert recipient.reported_at is not None
    assert only.at >= recipient.reported_at


async def test_overdue_events_happen_at_the_start(
    quick: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    await call.send(dlr_callback=receiver.url())
    await asyncio.sleep(0.1)
    assert receiver.requests == []
    await runner.start()
    await until(lambda: bool(receiver.requests))


async def test_an_outcome_that_could_not_be_recorded_is_recorded_later(
    quick: FreshTenant, runner: Runner, call: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "RETRY_SECONDS", 0.01)
    noting, failures = attempts.record_outcomes, [sqlite3.OperationalError("no database") for _ in range(2)]

    def note(*args: Any, **more: Any) -> None:
        if failures:
            raise failures.pop()
        noting(*args, **more)

    monkeypatch.setattr(attempts, "record_outcomes", note)
    await runner.start()
    await call.send(dlr_callback=receiver.url())
    await until(
        lambda: queries.all_callbacks(quick) != [] and queries.the_callback(quick)[0].state == callbacks.DELIVERED
    )
    assert failures == []
    _, (only,) = queries.the_callback(quick)
    assert only.status == 200


async def test_a_failed_attempt_is_retried_a_minute_after_it_failed(
    quick: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    await runner.start()
    await call.send(dlr_callback=receiver.url(statuses=[500], delay=0.2))
    await until(lambda: bool(queries.all_callbacks(quick)) and queries.the_callback(quick)[1] != [])
    await until(lambda: queries.the_callback(quick)[1][0].error is not None)
    callback, (only,) = queries.the_callback(quick)
    assert only.latency is not None
    assert only.latency >= 200_000
    assert callback.next_due == only.at + timedelta(microseconds=only.latency, minutes=1)


async def test_an_app_that_hangs_delays_only_its_own_callbacks(
    quick: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    """Its lane fills up; callbacks to other addresses, of this tenant and others, are sent."""
    other = make_tenant(quick.store, "other-key", name="other")
    queries.delay_delivery(other, timedelta())
    await runner.start()
    hanging = receiver.url("/hanging", delay=60)
    to = ",".join(str(61_400_000_000 + number) for number in range(2 * MAX_PER_LANE))
    await call.ok("send-sms", message="Hi", to=to, dlr_callback=hanging)
    await until(lambda: len(receiver.at("/hanging")) == MAX_PER_LANE)
    await call.send(10, dlr_callback=receiver.url("/quick"))
    their = Client(other, "other-key")
    await their.send(dlr_callback=receiver.url("/theirs"))
    await their.http.aclose()
    await until(lambda: (len(receiver.at("/quick")), len(receiver.at("/theirs"))) == (10, 1))
    assert len(receiver.at("/hanging")) == MAX_PER_LANE, "one of those that hang made room"


async def test_attempts_never_exceed_their_limit(
    quick: FreshTenant, runner: Runner, call: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "callback_share", lambda: 6)  # half of it is left to other tenants
    receiver.on_request = count = RequestCount()
    await runner.start()
    await call.send(20, dlr_callback=receiver.url())
    await until(lambda: len(receiver.requests) == 20)
    assert count.largest == 3


async def test_nothing_happens_while_the_clock_is_frozen(
    quick: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    queries.delay_delivery(quick, timedelta(hours=1))
    await runner.start()
    sent = await call.send(dlr_callback=receiver.url())
    await until(lambda: queries.message(quick, sent).status == "sent")
    due = queries.recipient(quick, sent).sent_at + timedelta(hours=1)
    set_clock(quick, Clock(frozen_at=due - seconds(0.3)))
    await asyncio.sleep(0.6)
    assert queries.recipient(quick, sent).status == PENDING
    with quick.store.begin() as db:
        tenants.set_clock(db, quick.tenant, clock_of(db, quick.tenant).running(real_now()))
    await until(lambda: bool(receiver.requests))


async def test_events_due_at_the_frozen_time_happen(still: FreshTenant, runner: Runner, call: Client) -> None:
    await runner.start()
    sent = await call.send()
    await until(lambda: queries.message(still, sent).status == "sent")
    assert queries.recipient(still, sent).status == PENDING


async def test_a_clock_is_moved_while_the_timeline_runs(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    """Everything is done when the advance returns, no matter which runner did it."""
    await runner.start()
    for hour in range(1, 6):
        sent = await call.send(10, dlr_callback=receiver.url(statuses=[500, 200]))
        await runner.advance(still.tenant, to=NOON + timedelta(hours=hour))
        assert queries.message(still, sent).delivered == 10
        assert {each.state for each, _ in queries.all_callbacks(still)} == {callbacks.DELIVERED}
    assert len(receiver.requests) == 51
    for _, made in queries.all_callbacks(still):
        assert [attempt.number for attempt in made] == list(range(1, len(made) + 1))


async def test_a_running_clock_runs_on_after_an_advance(
    fresh: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    await runner.start()
    early = await call.send(dlr_callback=receiver.url())
    ran = await runner.advance(fresh.tenant, by=timedelta(hours=1))
    assert queries.recipient(fresh, early).status == DELIVERED
    assert len(receiver.requests) == 1
    assert sum(ran.counts.values()) >= 2
    queries.delay_delivery(fresh, timedelta())
    await call.send(dlr_callback=receiver.url())
    await until(lambda: len(receiver.requests) == 2)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_a_clock_held_by_a_crashed_process_is_resumed(fresh: FreshTenant, runner: Runner) -> None:
    other, third = (make_tenant(fresh.store, name, name=name) for name in ("other", "third"))
    set_clock(fresh, Clock(frozen_at=NOON, moving=True))
    set_clock(other, Clock(frozen_at=NOON))
    set_clock(third, Clock(frozen_at=NOON).moved_to(NOON + seconds(1)))
    with fresh.store.begin() as db:
        timeline.schedule(db, fresh.tenant, [Plan(NOON + seconds(0.1), "report", 1, {"status": DELIVERED})])
    before = real_now()
    await runner.start()
    with fresh.store.begin() as db:
        clock = clock_of(db, fresh.tenant)
        assert clock_of(db, other.tenant) == Clock(frozen_at=NOON)
        assert clock_of(db, third.tenant) == Clock(frozen_at=NOON + seconds(1))
    assert (clock.frozen_at, clock.moving) == (None, False)
    now = real_now()
    assert NOON <= clock.now(now) <= NOON + (now - before)
    await until(lambda: nothing_planned(fresh))


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_a_clock_that_another_process_may_hold_is_not_resumed(fresh: FreshTenant, runner: Runner) -> None:
    held = Clock(frozen_at=NOON, moving=True)
    set_clock(fresh, held)
    await runner.start()
    with fresh.store.begin() as db:
        assert clock_of(db, fresh.tenant) == held


def nothing_planned(fresh: FreshTenant) -> bool:
    """True if only far events are left, as the renewal of a number."""
    with fresh.store.begin() as db:
        due = timeline.find_next_due(db, fresh.tenant)
        return due is None or due > clock_of(db, fresh.tenant).now(real_now()) + timedelta(hours=1)


async def test_an_event_that_fails_does_not_stop_others(
    quick: FreshTenant, runner: Runner, call: Client, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    schedule_unknown(quick, real_now() - seconds(5), 2)
    sent = await call.send(5, dlr_callback=receiver.url())
    schedule_unknown(quick, real_now(), 1)
    await runner.start()
    await until(lambda: len(receiver.requests) == 5)
    await until(lambda: nothing_planned(quick))
    assert queries.message(quick, sent).delivered == 5
    assert caplog.text.count("is kept among the failed events") == 3


async def test_a_database_that_fails_for_a_while_is_retried(
    quick: FreshTenant, runner: Runner, call: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.setattr(runner_module, "RETRY_SECONDS", 0.05)

    def fail(*_: object) -> None:
        raise OSError("the server is gone")

    for name in ("list_waking", "find_next_wake"):
        monkeypatch.setattr(timeline, name, fail)
    await runner.start()
    await asyncio.sleep(0.2)
    monkeypatch.undo()
    await call.send(dlr_callback=receiver.url())
    await until(lambda: bool(receiver.requests))
    assert "Running events failed because of an error in the sandbox." in caplog.text
    # No row was removed because of it.
    await until(lambda: queries.the_callback(quick)[0].state == callbacks.DELIVERED)


async def test_an_attempt_from_before_a_reset_is_ignored(
    quick: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    """The first callback after a reset has the same id as the first before it."""
    await runner.start()
    await call.send(dlr_callback=receiver.url("/before", delay=0.5))
    await until(lambda: bool(receiver.requests))
    with quick.store.begin() as db:
        tenants.empty(db, quick.tenant)
        accounts.add(db, quick.tenant, accounts.NewAccount("test-key", "test-secret", throttle=0), real_now())
        later = [callbacks.NewCallback(1, "dlr", receiver.url("/after"), "", 1, HANDSETS[0], real_now())]
        made = callbacks.add(db, quick.tenant, later)
        timeline.schedule(db, quick.tenant, [Plan(real_now() + seconds(60), timeline.CALLBACK, made)])
    await asyncio.sleep(0.8)
    callback, attempts = queries.the_callback(quick)
    assert (callback.id, callback.state, attempts) == (1, callbacks.WAITING, [])
    assert callback.next_due is not None


async def test_a_new_event_ends_the_wait_for_a_later_one(quick: FreshTenant, runner: Runner, call: Client) -> None:
    """The next event is due in an hour, which no test waits for."""
    with quick.store.begin() as db:
        timeline.schedule(db, quick.tenant, [Plan(real_now() + timedelta(hours=1), "report", 1, {"status": DELIVERED})])
    await runner.start()
    await asyncio.sleep(0.1)
    sent = await call.send()
    await until(lambda: queries.recipient(quick, sent).status == DELIVERED)


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_two_processes_share_the_work_and_do_it_once(
    quick: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    """Two runners stand for two processes; one finds the other's events by polling."""
    another = Runner(quick.store, CallbackClient())
    await runner.start()
    await another.start()
    sent = [await call.send(20, dlr_callback=receiver.url()) for _ in range(10)]
    await until(lambda: nothing_planned(quick) and len(receiver.requests) >= 200)
    await another.stop()
    await runner.stop()
    assert [queries.message(quick, each).delivered for each in sent] == [20] * 10
    targets = [each.target for each in receiver.requests]
    assert len(targets) == len(set(targets)) == 200
    assert {(each.state, each.attempts) for each, _ in queries.all_callbacks(quick)} == {(callbacks.DELIVERED, 1)}
