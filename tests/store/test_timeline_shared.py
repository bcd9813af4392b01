"""The timeline where several work on it at once, which only a shared database allows."""

import threading

import pytest

from sms_sandbox.domain.clock import Clock
from sms_sandbox.store import held_events, tenants, timeline
from sms_sandbox.store.database import Store
from sms_sandbox.store.real_time import real_now
from sms_sandbox.store.timeline import Plan
from tests.conftest import FreshTenant
from tests.store.example_rows import bare, refs, seconds, stand

pytestmark = pytest.mark.parametrize("store", ["postgresql"], indirect=True)


@pytest.fixture
def fresh(store: Store) -> FreshTenant:
    return bare(store, "fresh")


@pytest.fixture
def other(store: Store) -> FreshTenant:
    return bare(store, "other")


def test_four_threads_take_each_row_exactly_once(fresh: FreshTenant) -> None:
    real = real_now()
    with fresh.store.begin() as db:
        timeline.schedule(db, fresh.tenant, [Plan(real, "send", ref) for ref in range(400)])
    taken: list[int] = []
    ready = threading.Barrier(4)

    def work() -> None:
        ready.wait(10)
        idle = 0
        while idle < 3:
            with fresh.store.begin() as db:
                rows = timeline.list_waking(db, real, 7)
                timeline.take(db, rows)
                taken.extend(refs(rows))
            idle = 0 if rows else idle + 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(400))


def test_a_clock_that_is_set_while_something_is_planned_is_followed(fresh: FreshTenant) -> None:
    """A new row gets the right `wake` if the clock is set before its commit.

    The clock was frozen when the row was planned and runs again, or the other way round.
    """
    real = real_now()
    for clock, wakes in ((Clock(), real + seconds(60)), (Clock(frozen_at=real), None)):
        with fresh.store.begin() as db:
            tenants.set_clock(db, fresh.tenant, Clock(frozen_at=real) if wakes else Clock())
            timeline.drop(db, fresh.tenant, "send", 1)
        begun = threading.Event()

        def set_clock(clock: Clock = clock, begun: threading.Event = begun) -> None:
            with fresh.store.begin() as db:
                begun.set()
                tenants.set_clock(db, fresh.tenant, clock)

        setting = threading.Thread(target=set_clock)
        with fresh.store.begin() as db:
            timeline.schedule(db, fresh.tenant, [Plan(real + seconds(60), "send", 1)])
            setting.start()
            begun.wait(10)
            setting.join(0.1)
            assert setting.is_alive()
        setting.join(10)
        with fresh.store.begin() as db:
            assert timeline.find_next_wake(db) == wakes


def test_setting_a_clock_waits_for_its_lock(fresh: FreshTenant, other: FreshTenant) -> None:
    with fresh.store.begin() as keeping:
        timeline.lock_clocks(keeping, [other.tenant, fresh.tenant, -1])
        setting = threading.Thread(target=lambda: _freeze(fresh))
        setting.start()
        setting.join(0.1)
        assert setting.is_alive()
    setting.join(10)
    assert not setting.is_alive()


def _freeze(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        stand(db, fresh.tenant)


def test_locked_rows_are_not_taken(fresh: FreshTenant) -> None:
    real = real_now()
    with fresh.store.begin() as db:
        timeline.schedule(db, fresh.tenant, [Plan(real, "send", 1), Plan(real, "send", 2)])
    with fresh.store.begin() as holding:
        held_events.lock(holding, fresh.tenant, "send", 1)
        with fresh.store.begin() as db:
            assert refs(timeline.list_waking(db, real, 10)) == [2]
