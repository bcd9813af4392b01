from datetime import timedelta

from sms_sandbox.domain import numbers
from sms_sandbox.domain.scenarios import BY_NUMBER, DEFAULT_MIX, DOES, SCENARIOS, catalogue

ALL = [number for each in SCENARIOS for number in each.numbers]


def test_each_magic_number_is_valid_and_has_one_scenario() -> None:
    assert len(set(ALL)) == len(ALL)
    for number in ALL:
        assert numbers.to_msisdn(number) == numbers.to_msisdn("0" + number[2:], "AU") == number
    assert all(len(each.numbers) >= 2 for each in SCENARIOS)
    assert BY_NUMBER.keys() == set(ALL) - set(SCENARIOS[0].numbers)


def test_the_catalogue_says_what_happens_when() -> None:
    scenarios = {each["name"]: each for each in catalogue(timedelta(seconds=2))}
    assert list(scenarios) == [each.name for each in SCENARIOS]
    assert [(step["after_seconds"], step["when"]) for step in scenarios["replies"]["steps"]] == [
        (2, "D"),
        (7, "D + 5 s"),
    ]
    assert [(step["after_seconds"], step["when"]) for step in scenarios["slow"]["steps"]] == [(300, "300 s")]
    assert [(step["after_seconds"], step["when"]) for step in scenarios["never-reports"]["steps"]] == [
        (259_200, "validity, or 72 h")
    ]
    assert scenarios["early-report"]["steps"] == [
        {"after_seconds": 0, "when": "0 s", "does": "early-report", "says": "delivered"}
    ]
    assert all(step["does"] in DOES for each in scenarios.values() for step in each["steps"])


def test_options_tell_their_defaults() -> None:
    scenarios = {each["name"]: each["options"] for each in catalogue(timedelta(seconds=2))}
    assert {name: option["default"] for name, option in scenarios["replies"].items()} == {
        "text": "Yes please", "after_seconds": 5,
    }  # fmt: skip
    assert scenarios["soft-bounce"]["after_seconds"]["default"] == 2
    assert scenarios["pending-then-failed"]["status"]["default"] == "soft-bounce"
    assert scenarios["flaky"]["mix"]["default"] == DEFAULT_MIX
    assert scenarios["never-reports"] == {}
