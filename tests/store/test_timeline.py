"""The timeline: the next events of each tenant, each taken only once."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from sms_sandbox.domain.clock import EPOCH, Clock, to_micros
from sms_sandbox.store import held_events, tenants, timeline
from sms_sandbox.store.database import Store
from sms_sandbox.store.real_time import real_now
from sms_sandbox.store.timeline import Full, Plan
from tests.conftest import FreshTenant
from tests.store.example_rows import NOON, bare, refs, seconds, stand

FAR = NOON + timedelta(days=10_000)


@pytest.fixture
def fresh(store: Store) -> FreshTenant:
    return bare(store, "fresh")


@pytest.fixture
def other(store: Store) -> FreshTenant:
    return bare(store, "other")


def run_at(db: Connection, tenant: int, moment: datetime, real: datetime) -> Clock:
    """Set a tenant's clock so that it runs, and shows `moment` at `real`."""
    clock = Clock(moment - real)
    tenants.set_clock(db, tenant, clock)
    return clock


def test_a_row_is_stored_as_planned(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        stand(db, fresh.tenant)
        timeline.schedule(db, fresh.tenant, [Plan(NOON, "send", 7, {"size": 3, "text": "é"}, "a lane")])
        timeline.schedule(db, fresh.tenant, [])
        (row,) = timeline.list_due(db, fresh.tenant, NOON, 10)
    assert (row.tenant, row.due, row.kind, row.ref, row.data, row.lane) == (
        fresh.tenant, NOON, "send", 7, {"size": 3, "text": "é"}, "a lane",
    )  # fmt: skip


@settings(max_examples=25)
@given(st.lists(st.integers(0, 5), max_size=12), st.integers(0, 5), st.integers(1, 12))
def test_rows_are_taken_by_due_time_then_by_id(fresh: FreshTenant, dues: list[int], until: int, most: int) -> None:
    with fresh.store.begin() as db:
        stand(db, fresh.tenant)
        timeline.take(db, timeline.list_due(db, fresh.tenant, FAR, 100))
        timeline.schedule(
            db, fresh.tenant, [Plan(NOON + seconds(due), "send", index) for index, due in enumerate(dues)]
        )
        expected = [ref for due, ref in sorted((due, ref) for ref, due in enumerate(dues)) if due <= until]
        assert refs(timeline.list_due(db, fresh.tenant, NOON + seconds(until), most)) == expected[:most]
        assert timeline.find_next_due(db, fresh.tenant) == (NOON + seconds(min(dues)) if dues else None)


def test_taken_rows_are_deleted_and_others_stay(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        stand(db, fresh.tenant)
        timeline.schedule(db, fresh.tenant, [Plan(NOON, "send", ref) for ref in range(5)])
        rows = timeline.list_due(db, fresh.tenant, NOON, 10)
        timeline.take(db, rows[1:4])
        timeline.take(db, [])
        assert timeline.list_due(db, fresh.tenant, NOON, 10) == [rows[0], rows[4]]


def test_due_rows_of_all_tenants_come_in_the_order_of_real_time(fresh: FreshTenant, other: FreshTenant) -> None:
    """Each tenant has its own clock. If it is a year ahead, it wakes for what is due in a year."""
    real = real_now()
    with fresh.store.begin() as db:
        run_at(db, fresh.tenant, NOON, real)
        run_at(db, other.tenant, NOON + timedelta(365), real)
        timeline.schedule(db, fresh.tenant, [Plan(NOON + seconds(3), "send", 3), Plan(NOON + seconds(1), "send", 1)])
        timeline.schedule(db, other.tenant, [Plan(NOON + timedelta(365) + seconds(2), "send", 2)])
        assert timeline.find_next_wake(db) == real + seconds(1)
        assert timeline.list_waking(db, real, 10) == []
        assert refs(timeline.list_waking(db, real + seconds(1), 10)) == [1]
        assert refs(timeline.list_waking(db, real + seconds(9), 10)) == [1, 2, 3]
        assert refs(timeline.list_waking(db, real + seconds(9), 2)) == [1, 2]


def test_rows_of_a_frozen_clock_do_not_wake(fresh: FreshTenant, other: FreshTenant) -> None:
    real = real_now()
    with fresh.store.begin() as db:
        stand(db, fresh.tenant)
        timeline.schedule(db, fresh.tenant, [Plan(NOON + seconds(1), "send", 1)])
        assert timeline.find_next_wake(db) is None
        assert timeline.list_waking(db, real + timedelta(10_000), 10) == []
        timeline.schedule(db, other.tenant, [Plan(real, "send", 2)])
        assert refs(timeline.list_waking(db, real + timedelta(10_000), 10)) == [2]


def test_rows_due_at_the_time_of_a_frozen_clock_wake_at_once(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        stand(db, fresh.tenant)
        timeline.schedule(db, fresh.tenant, [Plan(NOON + seconds(1), "send", 2), Plan(NOON, "send", 1)])
        assert timeline.find_next_wake(db) == EPOCH
        assert refs(timeline.list_waking(db, real_now(), 10)) == [1]


def test_events_on_a_clock_that_is_moved_wait_for_its_mover(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        timeline.schedule(db, fresh.tenant, [Plan(NOON - seconds(1), "send", 1)])
        tenants.set_clock(db, fresh.tenant, Clock(frozen_at=NOON, moving=True))
        timeline.schedule(db, fresh.tenant, [Plan(NOON, "send", 2)])
        assert timeline.find_next_wake(db) is None
        assert refs(timeline.list_due(db, fresh.tenant, NOON, 10)) == [1, 2]


def test_rows_follow_the_clock(fresh: FreshTenant, other: FreshTenant) -> None:
    real = real_now()
    with fresh.store.begin() as db:
        timeline.schedule(db, fresh.tenant, [Plan(real + seconds(60), "send", 1)])
        timeline.schedule(db, other.tenant, [Plan(real + seconds(90), "send", 2)])
        tenants.set_clock(db, fresh.tenant, Clock(seconds(59)))
        assert timeline.find_next_wake(db) == real + seconds(1)
        tenants.set_clock(db, fresh.tenant, Clock(frozen_at=real + seconds(30)))
        assert timeline.find_next_wake(db) == real + seconds(90)
        tenants.set_clock(db, fresh.tenant, Clock(frozen_at=real + seconds(60)))
        assert timeline.find_next_wake(db) == EPOCH
        tenants.set_clock(db, fresh.tenant, Clock(frozen_at=real + seconds(60), moving=True))
        assert timeline.find_next_wake(db) == real + seconds(90)
        tenants.set_clock(db, fresh.tenant, Clock())
        assert timeline.find_next_wake(db) == real + seconds(60)


def test_an_advance_wakes_no_rows(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        tenants.set_clock(db, fresh.tenant, Clock(frozen_at=NOON, moving=True))
        timeline.schedule(db, fresh.tenant, [Plan(NOON + seconds(1), "send", 1)])
        tenants.move_clock(db, fresh.tenant, Clock(frozen_at=NOON + seconds(2), moving=True))
        assert timeline.find_next_wake(db) is None


def test_a_listener_is_told_of_new_events(fresh: FreshTenant) -> None:
    heard: list[int] = []
    fresh.store.on_scheduled = heard.append
    real = real_now()
    with fresh.store.begin() as db:
        timeline.schedule(db, fresh.tenant, [Plan(real + seconds(60), "send", 1)])
    with fresh.store.begin() as db:
        stand(db, fresh.tenant, real)
        timeline.schedule(db, fresh.tenant, [Plan(real + seconds(60), "send", 2)])
    with fresh.store.begin() as db:
        tenants.set_clock(db, fresh.tenant, Clock(seconds(30)))
    with fresh.store.begin() as db:
        timeline.reschedule(db, fresh.tenant, "send", 1, real + seconds(40))
    assert heard == [to_micros(real + seconds(after)) for after in (60, 30, 10)]


def test_rows_of_full_addresses_are_skipped(fresh: FreshTenant) -> None:
    real = real_now()
    lanes = ["slow", "", "quick", "slow"]
    with fresh.store.begin() as db:
        timeline.schedule(
            db,
            fresh.tenant,
            [Plan(real + seconds(ref), "callback", ref, lane=lane) for ref, lane in enumerate(lanes)],
        )
        assert refs(timeline.list_waking(db, real + seconds(9), 10, Full(["slow"]))) == [1, 2]
        assert refs(timeline.list_waking(db, real + seconds(9), 10, Full(["slow", "quick"]))) == [1]
        assert timeline.find_next_wake(db, Full(["slow"])) == real + seconds(1)
        assert timeline.find_next_wake(db, Full(["slow", "quick", ""])) is None
        assert timeline.find_next_wake(db) == real


def test_callbacks_of_full_tenants_are_skipped(fresh: FreshTenant, other: FreshTenant) -> None:
    """The number of their lanes does not matter. Their other events are not skipped."""
    real = real_now()
    with fresh.store.begin() as db:
        lanes = [Plan(real, "callback", ref, lane=f"lane {ref}") for ref in range(5_000)]
        timeline.schedule(db, fresh.tenant, [*lanes, Plan(real + seconds(1), "report", 1)])
        timeline.schedule(db, other.tenant, [Plan(real + seconds(2), "callback", 2, lane="theirs")])
        full = Full([], [fresh.tenant])
        assert refs(timeline.list_waking(db, real + seconds(9), 10, full)) == [1, 2]
        assert timeline.find_next_wake(db, full) == real + seconds(1)


def test_events_are_found_moved_and_deleted_by_their_subject(fresh: FreshTenant, other: FreshTenant) -> None:
    with fresh.store.begin() as db:
        stand(db, fresh.tenant)
        stand(db, other.tenant)
        for each_tenant in (fresh, other):
            timeline.schedule(
                db, each_tenant.tenant, [Plan(NOON, "send", 1), Plan(NOON, "report", 1), Plan(NOON, "send", 2)]
            )
        timeline.reschedule(db, fresh.tenant, "send", 1, NOON + seconds(5))
        assert timeline.find_due(db, fresh.tenant, "send", 1) == NOON + seconds(5)
        assert timeline.find_due(db, fresh.tenant, "report", 1) == NOON
        assert timeline.find_due(db, other.tenant, "send", 1) == NOON
        assert timeline.drop(db, fresh.tenant, "send", 1) == 1
        assert timeline.drop(db, fresh.tenant, "send", 1) == 0
        assert timeline.find_due(db, fresh.tenant, "send", 1) is None
        assert [(row.kind, row.ref) for row in timeline.list_due(db, fresh.tenant, FAR, 10)] == [
            ("report", 1), ("send", 2),
        ]  # fmt: skip
        assert len(timeline.list_due(db, other.tenant, FAR, 10)) == 3


def test_a_moved_event_wakes_at_its_new_time(fresh: FreshTenant) -> None:
    real = real_now()
    with fresh.store.begin() as db:
        run_at(db, fresh.tenant, NOON, real)
        timeline.schedule(db, fresh.tenant, [Plan(NOON + seconds(60), "send", 1)])
        timeline.reschedule(db, fresh.tenant, "send", 1, NOON + seconds(5))
        assert timeline.find_next_wake(db) == real + seconds(5)
        stand(db, fresh.tenant)
        timeline.reschedule(db, fresh.tenant, "send", 1, NOON + seconds(9))
        assert timeline.find_next_wake(db) is None
        timeline.reschedule(db, fresh.tenant, "send", 1, NOON)
        assert timeline.find_next_wake(db) == EPOCH


def test_a_sleeping_row_wakes_no_sooner(fresh: FreshTenant) -> None:
    real = real_now()
    with fresh.store.begin() as db:
        run_at(db, fresh.tenant, NOON, real)
        timeline.schedule(db, fresh.tenant, [Plan(NOON, "send", 1), Plan(NOON, "send", 2)])
        held_events.lock(db, fresh.tenant, "send", 1)
        held_events.wake_at(db, fresh.tenant, "send", 1, real + seconds(30))
        assert refs(timeline.list_waking(db, real + seconds(29), 10)) == [2]
        assert refs(timeline.list_waking(db, real + seconds(30), 10)) == [2, 1]
        assert timeline.find_due(db, fresh.tenant, "send", 1) == NOON
