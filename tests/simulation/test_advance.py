"""Advancing a clock runs every event on the way, and no others."""

import asyncio
import sqlite3
from datetime import datetime, timedelta

import pytest

from sms_sandbox.domain.carrier import PENDING
from sms_sandbox.domain.clock import LATEST, Clock
from sms_sandbox.simulation.advance_result import BackwardsError
from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import accounts, callbacks, failed_events, tenants, timeline
from sms_sandbox.store.paging import FIRST_PAGE
from sms_sandbox.store.real_time import real_now
from tests.conftest import FreshTenant, make_tenant
from tests.simulation import queries
from tests.simulation.conftest import Client, Receiver, Request, clock_of, schedule_unknown, set_clock
from tests.store.example_rows import NOON, seconds

pytestmark = pytest.mark.anyio

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LADDER = [MINUTE, 5 * MINUTE, HOUR, DAY]


def now_of(fresh: FreshTenant) -> datetime:
    with fresh.store.begin() as db:
        return clock_of(db, fresh.tenant).now(real_now())


async def test_a_frozen_clock_is_frozen_again_after_an_advance(still: FreshTenant, runner: Runner) -> None:
    ran = await runner.advance(still.tenant, by=HOUR)
    assert (ran.start, ran.end, ran.counts, ran.events) == (NOON, NOON + HOUR, {}, [])
    with still.store.begin() as db:
        assert clock_of(db, still.tenant) == Clock(frozen_at=NOON + HOUR)


async def test_a_running_clock_runs_on_after_an_advance(fresh: FreshTenant, runner: Runner) -> None:
    before = real_now()
    await runner.advance(fresh.tenant, by=HOUR)
    with fresh.store.begin() as db:
        clock = clock_of(db, fresh.tenant)
    assert (clock.frozen_at, clock.moving) == (None, False)
    assert HOUR - (real_now() - before) <= clock.offset <= HOUR


async def test_a_clock_held_by_a_process_that_died_runs_after_it_is_moved(fresh: FreshTenant, runner: Runner) -> None:
    before = real_now()
    set_clock(fresh, Clock(frozen_at=NOON, moving=True))
    await runner.advance(fresh.tenant, by=HOUR)
    with fresh.store.begin() as db:
        clock = clock_of(db, fresh.tenant)
    assert (clock.frozen_at, clock.moving) == (None, False)
    now = real_now()
    assert NOON + HOUR <= clock.now(now) <= NOON + HOUR + (now - before)


async def test_a_frozen_clock_held_by_a_process_that_died_is_frozen_after_it_is_moved(
    fresh: FreshTenant, runner: Runner
) -> None:
    set_clock(fresh, Clock(frozen_at=NOON).moved_to(NOON))
    await runner.advance(fresh.tenant, by=HOUR)
    with fresh.store.begin() as db:
        assert clock_of(db, fresh.tenant) == Clock(frozen_at=NOON + HOUR)


async def test_a_frozen_clock_is_stored_as_frozen_while_an_advance_moves_it(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    seen: list[Clock] = []

    async def look(_: object) -> None:
        with still.store.begin() as db:
            seen.append(clock_of(db, still.tenant))

    receiver.on_request = look
    await call.send(dlr_callback=receiver.url())
    await runner.advance(still.tenant, by=HOUR)
    (clock,) = seen
    assert (clock.moving, clock.is_frozen) == (True, True)


async def test_an_advance_to_an_impossible_time_is_refused(still: FreshTenant, runner: Runner) -> None:
    with pytest.raises(BackwardsError):
        await runner.advance(still.tenant, to=NOON - seconds(1))
    with pytest.raises(BackwardsError):
        await runner.advance(still.tenant, by=-seconds(1))
    with pytest.raises(ValueError, match="cannot go past"):
        await runner.advance(still.tenant, to=LATEST + seconds(1))
    with pytest.raises(KeyError):
        await runner.advance(still.tenant + 1, by=seconds(1))
    assert now_of(still) == NOON
    await runner.advance(still.tenant)
    assert now_of(still) == NOON


async def test_a_clock_with_events_can_advance_to_its_limit(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    set_clock(still, Clock(frozen_at=LATEST - 2 * DAY))
    await call.send(dlr_callback=receiver.url(statuses=[500]), send_at="8999-12-30 12:00:00")
    await runner.advance(still.tenant, to=LATEST)
    callback, attempts = queries.the_callback(still)
    assert (callback.state, len(attempts)) == (callbacks.GIVEN_UP, 5)
    queries.set_account(still, balance=1_000_000)  # the number's renewals used it up
    await call.send(dlr_callback=receiver.url())
    assert now_of(still) == LATEST


async def test_clocks_of_other_tenants_do_not_move_during_an_advance(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    other = make_tenant(still.store, "other-key", name="other")
    set_clock(other, Clock(frozen_at=NOON))
    their = Client(other, "other-key")
    theirs = await their.send(dlr_callback=receiver.url("/theirs"))
    await their.http.aclose()
    await call.send(dlr_callback=receiver.url("/ours"))
    await runner.advance(still.tenant, by=HOUR)
    assert (len(receiver.at("/ours")), len(receiver.at("/theirs"))) == (1, 0)
    assert now_of(other) == NOON
    assert queries.recipient(other, theirs).status == PENDING


async def test_two_advances_follow_each_other(still: FreshTenant, runner: Runner, call: Client) -> None:
    await call.send()
    both = await asyncio.gather(*(runner.advance(still.tenant, by=HOUR) for _ in range(2)))
    assert sorted((each.start, each.end) for each in both) == [
        (NOON, NOON + HOUR), (NOON + HOUR, NOON + 2 * HOUR),
    ]  # fmt: skip
    assert sum(each.counts["report"] for each in both) == 1


async def test_an_event_that_fails_is_kept_and_the_others_happen(
    still: FreshTenant, runner: Runner, call: Client, caplog: pytest.LogCaptureFixture
) -> None:
    schedule_unknown(still, NOON + seconds(1), 2)
    sent = await call.send(5)
    await runner.advance(still.tenant, by=HOUR)
    assert queries.message(still, sent).delivered == 5
    assert caplog.text.count("is kept among the failed events") == 2
    with still.store.begin() as db:
        assert timeline.list_due(db, still.tenant, NOON + HOUR, 10) == []
        assert failed_events.list_page(db, still.tenant, FIRST_PAGE).total == 2
    assert now_of(still) == NOON + HOUR


async def test_an_interrupted_advance_leaves_the_clock_where_it_was(
    still: FreshTenant, runner: Runner, call: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events that did not run are still scheduled."""
    await call.send()
    monkeypatch.setattr(timeline, "take", broken)
    with pytest.raises(sqlite3.OperationalError):
        await runner.advance(still.tenant, by=HOUR)
    monkeypatch.undo()
    assert now_of(still) == NOON + seconds(1)
    ran = await runner.advance(still.tenant, by=HOUR)
    assert ran.counts == {"report": 1}


def broken(*_: object) -> None:
    raise sqlite3.OperationalError("disk I/O error")


async def test_an_advance_ends_when_its_tenant_is_deleted(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    async def on_request(_: Request) -> None:
        with still.store.begin() as db:
            tenants.remove(db, still.tenant)

    receiver.on_request = on_request
    await call.send(dlr_callback=receiver.url(statuses=[500]))
    ran = await runner.advance(still.tenant, by=HOUR)
    assert ran.counts["callback"] == 1
    with still.store.begin() as db:
        assert tenants.read(db, still.tenant) is None
        assert accounts.find_first(db, still.tenant) is None
        assert timeline.find_next_due(db, still.tenant) is None
