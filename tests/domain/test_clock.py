"""Laws of moments and clocks."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.domain.clock import EPOCH, LATEST, Clock, from_micros, month_after, to_micros
from sms_sandbox.store.real_time import real_now

moments = st.datetimes(datetime(1900, 1, 1), datetime(8000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
spans = st.timedeltas(timedelta(days=-30_000), timedelta(days=30_000))
standing = st.builds(Clock, spans, moments, st.booleans())
running = st.builds(Clock, spans)
clocks = standing | running


@given(moments)
def test_a_moment_survives_storage(moment: datetime) -> None:
    assert from_micros(to_micros(moment)) == moment


@given(st.integers(-(10**15), 10**17))
def test_microseconds_survive_being_a_moment(micros: int) -> None:
    assert to_micros(from_micros(micros)) == micros


@given(moments, moments)
def test_storage_keeps_the_order_of_moments(one: datetime, other: datetime) -> None:
    assert (one < other) == (to_micros(one) < to_micros(other))


@pytest.mark.parametrize("zone", [-11, 5, 14])
def test_a_moment_of_another_zone_is_the_same_moment(zone: int) -> None:
    from datetime import timezone

    elsewhere = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=zone)))
    assert from_micros(to_micros(elsewhere)) == elsewhere


def test_real_time_is_utc_and_runs() -> None:
    one, other = real_now(), real_now()
    assert one.utcoffset() == timedelta()
    assert EPOCH < one <= other < LATEST


@given(clocks, moments)
def test_freezing_keeps_what_a_clock_shows(clock: Clock, real: datetime) -> None:
    assert clock.frozen(real).now(real) == clock.now(real)


@given(clocks, moments, spans)
def test_a_frozen_clock_shows_one_time(clock: Clock, real: datetime, later: timedelta) -> None:
    frozen = clock.frozen(real)
    assert frozen.now(real + later) == frozen.now(real)


@given(clocks, moments)
def test_a_resumed_clock_runs_from_the_time_it_shows(clock: Clock, real: datetime) -> None:
    assert clock.running(real).now(real) == clock.now(real)


@given(clocks, moments, spans)
def test_a_running_clock_runs_as_real_time_does(clock: Clock, real: datetime, later: timedelta) -> None:
    going = clock.running(real)
    assert going.now(real + later) - going.now(real) == later


@given(clocks, moments)
def test_a_frozen_or_running_clock_is_not_moving(clock: Clock, real: datetime) -> None:
    assert not clock.frozen(real).moving
    assert not clock.running(real).moving


@given(clocks, moments, moments)
def test_a_clock_is_after_an_advance_as_it_was_before(clock: Clock, moment: datetime, real: datetime) -> None:
    moved = clock.moved_to(moment)
    assert (moved.moving, moved.is_frozen, moved.now(real)) == (True, clock.is_frozen, moment)
    assert moved.moved_to(moment) == moved
    after = moved.after_move(real)
    assert (after.moving, after.is_frozen, after.now(real)) == (False, clock.is_frozen, moment)
    assert after.is_frozen == (after.frozen_at is not None)


@given(running, moments)
def test_an_event_wakes_when_the_running_clock_reaches_it(clock: Clock, due: datetime) -> None:
    wakes = clock.real_due(due)
    assert wakes is not None
    assert clock.now(wakes) == due


@given(standing, moments)
def test_a_frozen_clock_wakes_only_events_that_are_not_after_it(clock: Clock, due: datetime) -> None:
    assert clock.frozen_at is not None
    comes = due <= clock.frozen_at and not clock.moving
    assert clock.real_due(due) == (EPOCH if comes else None)


@pytest.mark.parametrize(
    ("moment", "day", "expected"),
    [
        ((2026, 1, 31), 0, (2026, 2, 28)),
        ((2024, 1, 31), 0, (2024, 2, 29)),
        ((2026, 12, 5), 0, (2027, 1, 5)),
        ((2026, 2, 28), 31, (2026, 3, 31)),
        ((2026, 3, 31), 31, (2026, 4, 30)),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last_of_the_month(
    moment: tuple[int, int, int], day: int, expected: tuple[int, int, int]
) -> None:
    assert month_after(datetime(*moment, 7, tzinfo=UTC), day) == datetime(*expected, 7, tzinfo=UTC)
