"""Laws of the carrier: the final status of a message, and its time."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.domain.carrier import (
    DEFAULT_VALIDITY,
    DELIVERED,
    FINAL_STATUSES,
    HARD_BOUNCE,
    PENDING,
    SOFT_BOUNCE,
    Fate,
    outcome,
)

waits = st.timedeltas(timedelta(), timedelta(days=10))
fates = st.builds(Fate, st.sampled_from(FINAL_STATUSES), st.none() | waits)
NONE = timedelta()


@given(fates, waits)
def test_there_is_always_a_report_within_three_days(fate: Fate, validity: timedelta) -> None:
    comes = outcome(fate, validity)
    assert comes.after is not None
    assert comes.status in FINAL_STATUSES
    assert comes.after <= DEFAULT_VALIDITY
    if validity:
        assert comes.after <= validity


@given(fates, waits)
def test_the_outcome_is_the_fate_or_an_expiry(fate: Fate, validity: timedelta) -> None:
    comes = outcome(fate, validity)
    limit = min(validity or DEFAULT_VALIDITY, DEFAULT_VALIDITY)
    assert comes == fate or comes == Fate(SOFT_BOUNCE, limit)
    assert (comes == fate) == ((fate.after is not None and fate.after <= limit) or fate == Fate(SOFT_BOUNCE, limit))


@given(fates, waits)
def test_the_outcome_of_an_outcome_is_the_same(fate: Fate, validity: timedelta) -> None:
    assert outcome(outcome(fate, validity), validity) == outcome(fate, validity)


@pytest.mark.parametrize(
    ("fate", "validity", "expected"),
    [
        (Fate(DELIVERED, timedelta(seconds=1)), NONE, Fate(DELIVERED, timedelta(seconds=1))),
        (Fate(DELIVERED, timedelta(minutes=5)), timedelta(minutes=5), Fate(DELIVERED, timedelta(minutes=5))),
        (Fate(DELIVERED, timedelta(minutes=6)), timedelta(minutes=5), Fate(SOFT_BOUNCE, timedelta(minutes=5))),
        (Fate(HARD_BOUNCE, None), timedelta(minutes=5), Fate(SOFT_BOUNCE, timedelta(minutes=5))),
        (Fate(DELIVERED, None), NONE, Fate(SOFT_BOUNCE, timedelta(hours=72))),
        (Fate(DELIVERED, timedelta(hours=80)), timedelta(hours=90), Fate(SOFT_BOUNCE, timedelta(hours=72))),
    ],
)
def test_known_fates_have_their_outcomes(fate: Fate, validity: timedelta, expected: Fate) -> None:
    assert outcome(fate, validity) == expected


def test_pending_is_not_a_final_status() -> None:
    assert PENDING not in FINAL_STATUSES
