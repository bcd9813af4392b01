from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.domain.carrier import FINAL_STATUSES, PENDING, effective_validity
from sms_sandbox.domain.delivery_plan import PlannedEvent, check_scenario, plan_delivery, unissued_id
from sms_sandbox.domain.scenarios import BY_NAME, DEFAULT_MIX, REPLY, UNKNOWN

SPANS = st.timedeltas(timedelta(), timedelta(days=4))
NAMES = st.sampled_from(sorted(BY_NAME))


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


@given(NAMES, st.text(), SPANS, SPANS)
def test_each_ends_in_one_final_state_before_it_expires(
    name: str, chance: str, delay: timedelta, validity: timedelta
) -> None:
    reports = list(plan_delivery(name, {}, chance, delay, validity))
    (final,) = (
        each for each in reports if each.says in FINAL_STATUSES and not each.again and each.does not in (UNKNOWN, REPLY)
    )
    assert final.after <= effective_validity(validity)
    for each in reports:
        if each.says == PENDING or each.does == UNKNOWN:
            assert each.after <= effective_validity(validity) or reports.index(each) > reports.index(final)
        assert not each.again or each.says in (final.says, PENDING)


@given(NAMES, st.text(), SPANS, SPANS)
def test_the_same_chance_gives_the_same_plan(name: str, chance: str, delay: timedelta, validity: timedelta) -> None:
    assert list(plan_delivery(name, {}, chance, delay, validity)) == list(
        plan_delivery(name, {}, chance, delay, validity)
    )


def test_a_handset_without_the_message_sends_no_reply() -> None:
    assert list(plan_delivery("replies", {}, "", seconds(90), seconds(60))) == [
        PlannedEvent(seconds(60), "report", "soft-bounce")
    ]
    assert list(plan_delivery("replies", {}, "", seconds(9), seconds(60)))[-1] == PlannedEvent(
        seconds(14), REPLY, "Yes please"
    )


def test_a_mix_follows_its_shares() -> None:
    mix = {"mix": {"hard-bounce": 0.25, "slow": 0, "soft-bounce": 0.75}}
    picked = Counter(
        report.says for each in range(1000) for report in plan_delivery("flaky", mix, str(each), seconds(1), seconds(0))
    )
    assert picked.keys() == {"hard-bounce", "soft-bounce"}
    assert abs(picked["hard-bounce"] - 250) < 60


def test_shares_may_fall_short_of_one_by_a_rounding_error() -> None:
    assert sum([0.1] * 10) < 1
    mix = dict.fromkeys(list(BY_NAME)[:10], 0.1)
    check_scenario("flaky", {"mix": mix})
    for each in range(200):
        assert list(plan_delivery("flaky", {"mix": mix}, str(each), seconds(1), seconds(0)))


def test_the_default_mix_is_valid() -> None:
    check_scenario("flaky", {"mix": DEFAULT_MIX})
    check_scenario("replies", {"text": "No", "after_seconds": 259_200})
    check_scenario("never-reports", {})


@pytest.mark.parametrize("name", ["", "Delivered", "never"])
def test_an_unknown_scenario_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="There is no scenario"):
        check_scenario(name, {})


def test_the_id_of_no_message_is_below_all_issued_ids() -> None:
    assert unissued_id(340_000_001) == 40_000_001
