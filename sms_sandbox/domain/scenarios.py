"""The scenarios of the simulated carrier: their steps, and the numbers that always have them.

Times are counted from when the message is handed to the carrier; `D` is the tenant's delivery delay.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from . import carrier
from .carrier import DELIVERED, HARD_BOUNCE, PENDING, SOFT_BOUNCE

REPORT = "report"
EARLY = "early-report"
UNKNOWN = "unknown-report"
REPLY = "reply"
DOES = {
    REPORT: "a callback with a delivery report is sent",
    EARLY: "a callback with a delivery report is sent and answered before the call that sent the message is answered",
    UNKNOWN: "a callback with a delivery report for a message id that was never issued is sent",
    REPLY: "the handset replies",
}
"""The kinds of steps."""

NEVER = 1e9
"""In seconds; longer than any message stays pending."""

MAX_AFTER_SECONDS = carrier.DEFAULT_VALIDITY.total_seconds()
"""Largest value of the option `after_seconds`."""

FLAKY = "flaky"


@dataclass(frozen=True)
class Step:
    """A report or reply that `says` a status or a text.

    `after` is in seconds from the previous step; None is the tenant's delivery delay, from the handover of the message.
    """

    does: str
    says: str
    after: float | None = None


@dataclass(frozen=True)
class Option:
    """A value that a carrier rule can set: a field of the steps with these indexes, or the mix of `flaky`."""

    meaning: str
    field: str = ""
    steps: tuple[int, ...] = ()


@dataclass(frozen=True)
class Scenario:
    """A sequence of steps, and the numbers that have it without any carrier rule."""

    name: str
    summary: str
    numbers: tuple[str, ...]
    steps: tuple[Step, ...] = ()
    options: Mapping[str, Option] = field(default_factory=dict)


def _after(meaning: str, step: int) -> dict[str, Option]:
    return {"after_seconds": Option(meaning, "after", (step,))}


def _status(*steps: int) -> dict[str, Option]:
    return {"status": Option("The final status: delivered, soft-bounce or hard-bounce.", "says", steps)}


_AFTER_SENDING = _after("Seconds from the sending of the message to its report.", 0)
_AFTER_FIRST_REPORT = _after("Seconds from the first report to the last.", 1)
_BETWEEN_REPORTS = _after("Seconds between the two reports.", 1)
_AFTER_DELIVERY = _after("Seconds from the delivery to the reply.", 1)

DEFAULT_MIX = {DELIVERED: 0.7, "slow": 0.1, SOFT_BOUNCE: 0.1, HARD_BOUNCE: 0.05, "never-reports": 0.05}
"""The scenarios of messages to a flaky number, with their shares."""

SCENARIOS = (
    Scenario(
        DELIVERED, "The handset gets the message. All numbers without another scenario have this one.",
        ("61491570156", "61491570157", "61491570158", "61491570159"), (Step(REPORT, DELIVERED),), _AFTER_SENDING,
    ),
    Scenario(
        "slow", "The handset gets the message minutes later.",
        ("61491571266", "61491571491"), (Step(REPORT, DELIVERED, 300),), _AFTER_SENDING,
    ),
    Scenario(
        SOFT_BOUNCE, "The message cannot be delivered for now: the handset is off or full.",
        ("61491571804", "61491572549"), (Step(REPORT, SOFT_BOUNCE),), _AFTER_SENDING,
    ),
    Scenario(
        HARD_BOUNCE, "The message can never be delivered: the number is not in service.",
        ("61491572665", "61491572983"), (Step(REPORT, HARD_BOUNCE),), _AFTER_SENDING,
    ),
    Scenario(
        "pending-then-delivered", "The first report says that the message is pending; it is delivered later.",
        ("61491573770", "61491573087"), (Step(REPORT, PENDING), Step(REPORT, DELIVERED, 60)), _AFTER_FIRST_REPORT,
    ),
    Scenario(
        "pending-then-failed", "The first report says that the message is pending; it fails later.",
        ("61491574118", "61491574632"), (Step(REPORT, PENDING), Step(REPORT, SOFT_BOUNCE, 60)),
        {**_AFTER_FIRST_REPORT, **_status(1)},
    ),
    Scenario(
        "never-reports", "No report is sent until the message expires as a soft bounce.",
        ("61491575254", "61491575789"), (Step(REPORT, SOFT_BOUNCE, NEVER),),
    ),
    Scenario(
        "report-twice", "The final report is sent twice; counts and statuses do not change the second time.",
        ("61491576398", "61491576801"), (Step(REPORT, DELIVERED), Step(REPORT, DELIVERED, 1)),
        {**_BETWEEN_REPORTS, **_status(0, 1)},
    ),
    Scenario(
        "out-of-order", "The final report is sent first, and one that says pending after it; the status stays final.",
        ("61491577426", "61491577644"), (Step(REPORT, DELIVERED), Step(REPORT, PENDING, 1)),
        {**_BETWEEN_REPORTS, **_status(0)},
    ),
    Scenario(
        "early-report", "The report is sent and answered before the call that sent the message is answered.",
        ("61491578957", "61491570006"), (Step(EARLY, DELIVERED, 0),), _status(0),
    ),
    Scenario(
        "unknown-message", "A report for a message id that was never issued is sent first, and the true one after it.",
        ("61491578148", "61491570110"), (Step(UNKNOWN, DELIVERED), Step(REPORT, DELIVERED, 1)),
        {**_BETWEEN_REPORTS, **_status(0, 1)},
    ),
    Scenario(
        "replies", "The handset gets the message and replies.",
        ("61491578888", "61491579212"), (Step(REPORT, DELIVERED), Step(REPLY, "Yes please", 5)),
        {"text": Option("The text of the reply.", "says", (1,)), **_AFTER_DELIVERY},
    ),
    Scenario(
        "replies-stop", "The handset gets the message and opts out.",
        ("61491579760", "61491570313"), (Step(REPORT, DELIVERED), Step(REPLY, "STOP", 5)), _AFTER_DELIVERY,
    ),
    Scenario(
        FLAKY, "One of several scenarios for each message, chosen by shares and the tenant's seed.",
        ("61491579455", "61491570737"), (),
        {"mix": Option("Scenarios and their shares of the messages, which add up to 1.")},
    ),
)  # fmt: skip

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
BY_NUMBER = {
    number: scenario.name for scenario in SCENARIOS if scenario.name != DELIVERED for number in scenario.numbers
}
"""The numbers that have another scenario than `delivered`."""


def catalogue(delay: timedelta) -> list[dict[str, Any]]:
    """Return all scenarios as plain data, with their times for a delivery delay."""
    return [
        {
            "name": scenario.name,
            "summary": scenario.summary,
            "steps": list(_describe(scenario, delay.total_seconds())),
            "numbers": list(scenario.numbers),
            "options": {
                name: {"meaning": option.meaning, "default": _default(scenario, option, delay.total_seconds())}
                for name, option in scenario.options.items()
            },
        }
        for scenario in SCENARIOS
    ]


def _default(scenario: Scenario, option: Option, delay: float) -> Any:
    if not option.steps:
        return DEFAULT_MIX
    value = getattr(scenario.steps[option.steps[0]], option.field)
    return delay if value is None else value


def _describe(scenario: Scenario, delay: float) -> Iterator[dict[str, Any]]:
    at, when = 0.0, ""
    for step in scenario.steps:
        if step.after is None:
            at, when = delay, "D"
        elif step.after == NEVER:
            at, when = MAX_AFTER_SECONDS, "validity, or 72 h"
        else:
            at, when = at + step.after, f"{when} + {step.after:g} s" if when else f"{step.after:g} s"
        yield {"after_seconds": at, "when": when, "does": step.does, "says": step.says}


def describe_steps(described: Mapping[str, Any]) -> list[str]:
    """Return the steps of a scenario in words, or the shares of a mix."""
    if described["steps"]:
        return [f"{step['when']}: {_STEP_WORDS[step['does']].format(step['says'])}" for step in described["steps"]]
    return [f"{share:.0%} {name}" for name, share in described["options"]["mix"]["default"].items()]


_STEP_WORDS = {
    REPORT: "report {}",
    EARLY: "report {}, before the answer",
    UNKNOWN: "report {} for an unknown message",
    REPLY: 'reply "{}"',
}
