"""Laws of the throttle, checked in every window."""

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.domain.throttle import SECOND, admit_within_rate, count_last_second

# In 1024ths of a second, so that no sum or difference of them is rounded.
ticks = st.lists(st.integers(0, 6_000), max_size=120).map(sorted)
rates = st.integers(1, 20)


def admitted(calls: list[int], rate: int) -> list[int]:
    """Return the calls that pass."""
    window: deque[float] = deque()
    return [at for at in calls if admit_within_rate(window, at / 1024, rate)]


@given(ticks, rates)
def test_no_window_of_a_second_holds_more_than_the_rate(calls: list[int], rate: int) -> None:
    passed = admitted(calls, rate)
    for start in passed:
        assert sum(start <= at < start + 1024 for at in passed) <= rate


@given(ticks, rates)
def test_a_call_is_refused_only_when_the_second_before_it_is_full(calls: list[int], rate: int) -> None:
    """This also means that refused calls do not count."""
    window: deque[float] = deque()
    passed: list[int] = []
    for at in calls:
        recent = sum(at - 1024 < other <= at for other in passed)
        assert admit_within_rate(window, at / 1024, rate) == (recent < rate)
        if recent < rate:
            passed.append(at)


@given(ticks, rates)
def test_a_second_later_there_is_room_again(calls: list[int], rate: int) -> None:
    window: deque[float] = deque()
    last = 0.0
    for at in calls:
        admit_within_rate(window, last := at / 1024, rate)
    assert admit_within_rate(window, last + SECOND, rate)


@given(ticks, st.integers(-5, 0))
def test_without_a_rate_there_is_no_limit(calls: list[int], rate: int) -> None:
    assert admitted(calls, rate) == calls


@given(ticks, st.lists(rates, min_size=120, max_size=120))
def test_a_changed_rate_applies_from_its_change_on(calls: list[int], each: list[int]) -> None:
    window: deque[float] = deque()
    passed: list[int] = []
    for at, rate in zip(calls, each, strict=False):
        if admit_within_rate(window, at / 1024, rate):
            passed.append(at)
            # Calls admitted by an earlier, higher rate may still be in the window; no more are admitted.
            assert len(window) <= rate


@given(ticks, rates)
def test_the_window_never_grows_beyond_the_rate(calls: list[int], rate: int) -> None:
    window: deque[float] = deque()
    for at in calls:
        admit_within_rate(window, at / 1024, rate)
        assert len(window) <= rate


@given(ticks, rates)
def test_a_call_is_admitted_exactly_if_fewer_than_the_rate_are_counted(calls: list[int], rate: int) -> None:
    window: deque[float] = deque()
    for at in calls:
        counted = count_last_second(window, at / 1024)
        assert admit_within_rate(window, at / 1024, rate) == (counted < rate)
