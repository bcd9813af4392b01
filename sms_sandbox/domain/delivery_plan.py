"""What a scenario comes to for one recipient, with the options a rule gives it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from . import carrier
from .carrier import DELIVERED, FINAL_STATUSES, PENDING, Fate
from .rule_match import hash_to_fraction
from .scenarios import BY_NAME, DEFAULT_MIX, FLAKY, MAX_AFTER_SECONDS, REPLY, UNKNOWN, Step

_MAX_REPLY_LENGTH = 2000
"""Characters of what a handset writes."""


@dataclass(frozen=True)
class PlannedEvent:
    """Something the carrier or the handset will do, `after` a message was handed over. A report that comes `again`
    repeats a final one."""

    after: timedelta
    does: str
    says: str
    again: bool = False


def plan_delivery(
    name: str, options: Mapping[str, Any], chance: str, delay: timedelta, validity: timedelta
) -> Iterator[PlannedEvent]:
    """What becomes of a message to one handset: the scenario's steps, or a soft bounce where it expires before them.

    `chance` stands for the recipient: the same one gives the same course. A handset that never got the message does
    not write back.
    """
    at, told = timedelta(), ""
    for step in _steps(name, options, chance):
        at = delay if step.after is None else at + timedelta(seconds=step.after)
        if step.does == REPLY:
            if told == DELIVERED:
                yield PlannedEvent(at, REPLY, step.says)
        elif told:
            yield PlannedEvent(at, step.does, step.says if step.says == PENDING else told, again=True)
        elif step.says == PENDING or step.does == UNKNOWN:
            if at <= carrier.effective_validity(validity):
                yield PlannedEvent(at, step.does, step.says)
        else:
            fate = carrier.outcome(Fate(step.says, at), validity)
            assert fate.after is not None
            at, told = fate.after, fate.status
            yield PlannedEvent(at, step.does, told)


def _steps(name: str, options: Mapping[str, Any], chance: str) -> list[Step]:
    if name == FLAKY:
        return _steps(_picked(options.get("mix", DEFAULT_MIX), hash_to_fraction(f"{chance} {FLAKY}")), {}, chance)
    scenario = BY_NAME[name]
    steps = list(scenario.steps)
    for option, value in options.items():
        tuned = scenario.options[option]
        for index in tuned.steps:
            steps[index] = replace(steps[index], **{tuned.field: value})
    return steps


def _picked(mix: Mapping[str, float], place: float) -> str:
    """The scenario at a place from 0 to 1 of the shares, one behind the other."""
    shares = [(name, share) for name, share in mix.items() if share]
    for name, share in shares:
        place -= share
        if place < 0:
            return name
    return shares[-1][0]  # together they are 1, but for what floats lose


def check_scenario(name: str, options: Mapping[str, Any]) -> None:
    """Raise ValueError unless there is such a scenario, and it has these options."""
    if name not in BY_NAME:
        raise ValueError(f"There is no scenario {name!r}; there are {', '.join(BY_NAME)}")
    known = BY_NAME[name].options
    for option, value in options.items():
        if option not in known:
            has = f"has {', '.join(f'`{each}`' for each in known)} only" if known else "has none"
            raise ValueError(f"The scenario {name} has no option `{option}`: it {has}")
        wrong = _CHECKS[option](value)
        if wrong:
            raise ValueError(f"`{option}` {wrong}")


def _wrong_seconds(value: float) -> str:
    return (
        ""
        if 0 <= value <= MAX_AFTER_SECONDS
        else f"is a number of seconds from 0 to {MAX_AFTER_SECONDS:.0f}, not {value:g}"
    )


def _wrong_status(value: str) -> str:
    return "" if value in FINAL_STATUSES else f"is one of {', '.join(FINAL_STATUSES)}, not {value!r}"


def _wrong_text(value: str) -> str:
    fits = 0 < len(value) <= _MAX_REPLY_LENGTH and "\0" not in value
    return "" if fits else f"is a text of 1 to {_MAX_REPLY_LENGTH} characters without NUL"


def _wrong_mix(value: Mapping[str, float]) -> str:
    for name, share in value.items():
        if name not in BY_NAME or name == FLAKY:
            return f"takes scenarios other than {FLAKY}, and {name!r} is none"
        if not 0 <= share <= 1:
            return f"takes shares from 0 to 1, not {share:g} for {name}"
    total = sum(value.values())
    return "" if abs(total - 1) < 1e-6 else f"takes shares that add up to 1, not to {total:g}"


_CHECKS: Mapping[str, Callable[[Any], str]] = {
    "after_seconds": _wrong_seconds,
    "status": _wrong_status,
    "text": _wrong_text,
    "mix": _wrong_mix,
}
"""What is wrong with a value of each option; nothing, where it is right."""

_ID_GAP = 300_000_000


def unissued_id(message: int) -> int:
    """A message id that no message has: ids begin far above it."""
    return message - _ID_GAP
