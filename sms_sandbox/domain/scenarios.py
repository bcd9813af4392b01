"""What the simulated carrier can do with a message, by name: what happens, when, and to which numbers it happens.

A scenario is a row of steps. Moments are counted from when a message is handed to the carrier; `D` is the tenant's
delivery delay.
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
    REPORT: "a delivery report is called back",
    EARLY: "a delivery report is called back, and answered, before the call that sent the message is answered",
    UNKNOWN: "a delivery report of a message id that was never issued is called back",
    REPLY: "the handset writes back",
}
"""What a step can be."""

NEVER = 1e9
"""Seconds no carrier has the patience for."""

MAX_AFTER_SECONDS = carrier.DEFAULT_VALIDITY.total_seconds()
"""Seconds a step may be put off by an option."""

FLAKY = "flaky"


@dataclass(frozen=True)
class Step:
    """One thing that happens: it `says` a status or a text, `after` so many seconds from the step before; None is the
    tenant's delivery delay from when the message was handed over."""

    does: str
    says: str
    after: float | None = None


@dataclass(frozen=True)
class Option:
    """What a rule can choose in a scenario: a field of `steps`, or of none for the mix of flaky."""

    meaning: str
    field: str = ""
    steps: tuple[int, ...] = ()


@dataclass(frozen=True)
class Scenario:
    """What happens to a message, and to which numbers without any rule."""

    name: str
    summary: str
    numbers: tuple[str, ...]
    steps: tuple[Step, ...] = ()
    options: Mapping[str, Option] = field(default_factory=dict)


def _after(meaning: str, step: int) -> dict[str, Option]:
    return {"after_seconds": Option(meaning, "after", (step,))}


def _status(*steps: int) -> dict[str, Option]:
    return {"status": Option("What is reported in the end: delivered, soft-bounce or hard-bounce.", "says", steps)}


_SINCE_SENT = _after("Seconds from when the message is sent to its report.", 0)
_TO_THE_END = _after("Seconds from the first report to the last.", 1)
_BETWEEN = _after("Seconds between the two reports.", 1)
_TO_REPLY = _after("Seconds from the delivery to the reply.", 1)

DEFAULT_MIX = {DELIVERED: 0.7, "slow": 0.1, SOFT_BOUNCE: 0.1, HARD_BOUNCE: 0.05, "never-reports": 0.05}
"""What becomes of messages to a flaky number, and of what share of them."""

SCENARIOS = (
    Scenario(
        DELIVERED, "The handset gets the message, as every number does that nothing else is said of.",
        ("61491570156", "61491570157", "61491570158", "61491570159"), (Step(REPORT, DELIVERED),), _SINCE_SENT,
    ),
    Scenario(
        "slow", "The handset gets the message, but minutes later.",
        ("61491571266", "61491571491"), (Step(REPORT, DELIVERED, 300),), _SINCE_SENT,
    ),
    Scenario(
        SOFT_BOUNCE, "It can't be delivered for now: the handset is off, or full.",
        ("61491571804", "61491572549"), (Step(REPORT, SOFT_BOUNCE),), _SINCE_SENT,
    ),
    Scenario(
        HARD_BOUNCE, "It can never be delivered: the number is not in service.",
        ("61491572665", "61491572983"), (Step(REPORT, HARD_BOUNCE),), _SINCE_SENT,
    ),
    Scenario(
        "pending-then-delivered", "A first report says that the message is still pending; it is delivered later.",
        ("61491573770", "61491573087"), (Step(REPORT, PENDING), Step(REPORT, DELIVERED, 60)), _TO_THE_END,
    ),
    Scenario(
        "pending-then-failed", "A first report says that the message is still pending; it fails later.",
        ("61491574118", "61491574632"), (Step(REPORT, PENDING), Step(REPORT, SOFT_BOUNCE, 60)),
        {**_TO_THE_END, **_status(1)},
    ),
    Scenario(
        "never-reports", "The carrier says nothing, until the message expires as a soft bounce.",
        ("61491575254", "61491575789"), (Step(REPORT, SOFT_BOUNCE, NEVER),),
    ),
    Scenario(
        "report-twice", "The final report comes a second time; counts and states stay as they are.",
        ("61491576398", "61491576801"), (Step(REPORT, DELIVERED), Step(REPORT, DELIVERED, 1)),
        {**_BETWEEN, **_status(0, 1)},
    ),
    Scenario(
        "out-of-order", "The final report comes first and one that says pending after it; the state stays final.",
        ("61491577426", "61491577644"), (Step(REPORT, DELIVERED), Step(REPORT, PENDING, 1)),
        {**_BETWEEN, **_status(0)},
    ),
    Scenario(
        "early-report", "The report is called back and answered before the call that sent the message is answered.",
        ("61491578957", "61491570006"), (Step(EARLY, DELIVERED, 0),), _status(0),
    ),
    Scenario(
        "unknown-message", "A report of a message id that was never issued comes first, and the true one after it.",
        ("61491578148", "61491570110"), (Step(UNKNOWN, DELIVERED), Step(REPORT, DELIVERED, 1)),
        {**_BETWEEN, **_status(0, 1)},
    ),
    Scenario(
        "replies", "The handset gets the message and writes back.",
        ("61491578888", "61491579212"), (Step(REPORT, DELIVERED), Step(REPLY, "Yes please", 5)),
        {"text": Option("What it writes.", "says", (1,)), **_TO_REPLY},
    ),
    Scenario(
        "replies-stop", "The handset gets the message and opts out.",
        ("61491579760", "61491570313"), (Step(REPORT, DELIVERED), Step(REPLY, "STOP", 5)), _TO_REPLY,
    ),
    Scenario(
        FLAKY, "One of several scenarios for each message, in shares; the tenant's seed picks.",
        ("61491579455", "61491570737"), (),
        {"mix": Option("Scenarios with the share of messages that each is for; together 1.")},
    ),
)  # fmt: skip

BY_NAME = {each.name: each for each in SCENARIOS}
BY_NUMBER = {number: each.name for each in SCENARIOS if each.name != DELIVERED for number in each.numbers}
"""What happens to a number otherwise than to all others."""


def catalogue(delay: timedelta) -> list[dict[str, Any]]:
    """Every scenario as plain data, with the moments of its steps where the delivery delay is `delay`."""
    return [
        {
            "name": each.name,
            "summary": each.summary,
            "steps": list(_described(each, delay.total_seconds())),
            "numbers": list(each.numbers),
            "options": {
                name: {"meaning": option.meaning, "default": _default(each, option, delay.total_seconds())}
                for name, option in each.options.items()
            },
        }
        for each in SCENARIOS
    ]


def _default(scenario: Scenario, option: Option, delay: float) -> Any:
    if not option.steps:
        return DEFAULT_MIX
    found = getattr(scenario.steps[option.steps[0]], option.field)
    return delay if found is None else found


def _described(scenario: Scenario, delay: float) -> Iterator[dict[str, Any]]:
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
    """What happens in a scenario of the catalogue, each step with its moment; of a mix, its shares."""
    if described["steps"]:
        return [f"{step['when']}: {_SPOKEN[step['does']].format(step['says'])}" for step in described["steps"]]
    return [f"{share:.0%} {name}" for name, share in described["options"]["mix"]["default"].items()]


_SPOKEN = {
    REPORT: "report {}",
    EARLY: "report {}, before the answer",
    UNKNOWN: "report {}, of an unknown message",
    REPLY: 'reply "{}"',
}
