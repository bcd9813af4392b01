"""The delivery plan: the events of a scenario for one recipient, with the options of a carrier rule."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from . import carrier
from .carrier import DELIVERED, FINAL_STATUSES, PENDING, Fate
from .rule_match import hash_to_fraction
from .scenarios import BY_NAME, DEFAULT_MIX, FLAKY, MAX_AFTER_SECONDS, REPLY, UNKNOWN, Step

_MAX_REPLY_LENGTH = 2000
"""In characters."""


@dataclass(frozen=True)
class PlannedEvent:
    """An action of the carrier or the handset, timed from the handover of the message.

    A report with `again` repeats a final one.
    """

    after: timedelta
    does: str
    says: str
    again: bool = False


def plan_delivery(
    name: str, options: Mapping[str, Any], chance: str, delay: timedelta, validity: timedelta
) -> Iterator[PlannedEvent]:
    """Yield the events for a message to one handset: the scenario's steps, or a soft bounce if it expires before them.

    `chance` identifies the recipient, so the same one always gives the same plan. A handset that did not get the
    message does not reply.
    """
    at, final_status = timedelta(), ""
    for step in _steps(name, options, chance):
        at = delay if step.after is None else at + timedelta(seconds=step.after)
        if step.does == REPLY:
            if final_status == DELIVERED:
                yield PlannedEvent(at, REPLY, step.says)
        elif final_status:
            yield PlannedEvent(at, step.does, step.says if step.says == PENDING else final_status, again=True)
        elif step.says == PENDING or step.does == UNKNOWN:
            if at <= carrier.effective_validity(validity):
                yield PlannedEvent(at, step.does, step.says)
        else:
            fate = carrier.outcome(Fate(step.says, at), validity)
            assert fate.after is not None
            at, final_status = fate.after, fate.status
            yield PlannedEvent(at, step.does, final_status)


def _steps(name: str, options: Mapping[str, Any], chance: str) -> list[Step]:
    if name == FLAKY:
        return _steps(_pick(options.get("mix", DEFAULT_MIX), hash_to_fraction(f"{chance} {FLAKY}")), {}, chance)
    scenario = BY_NAME[name]
    steps = list(scenario.steps)
    for option, value in options.items():
        target = scenario.options[option]
        for index in target.steps:
            steps[index] = replace(steps[index], **{target.field: value})
    return steps


def _pick(mix: Mapping[str, float], fraction: float) -> str:
    """Return the scenario at a fraction of the line that the shares form."""
    shares = [(name, share) for name, share in mix.items() if share]
    for name, share in shares:
        fraction -= share
        if fraction < 0:
            return name
    return shares[-1][0]  # the sum of the shares is 1, except for rounding errors


def check_scenario(name: str, options: Mapping[str, Any]) -> None:
    """Raise ValueError unless the scenario exists and has these options."""
    if name not in BY_NAME:
        raise ValueError(f"There is no scenario {name!r}; there are {', '.join(BY_NAME)}")
    known = BY_NAME[name].options
    for option, value in options.items():
        if option not in known:
            allowed = f"it has only {', '.join(f'`{each}`' for each in known)}" if known else "it has none"
            raise ValueError(f"The scenario {name} has no option `{option}`: {allowed}")
        error = _CHECKS[option](value)
        if error:
            raise ValueError(f"`{option}` {error}")


def _check_seconds(value: float) -> str:
    return (
        "" if 0 <= value <= MAX_AFTER_SECONDS else f"must be from 0 to {MAX_AFTER_SECONDS:.0f} seconds, not {value:g}"
    )


def _check_status(value: str) -> str:
    return "" if value in FINAL_STATUSES else f"must be one of {', '.join(FINAL_STATUSES)}, not {value!r}"


def _check_text(value: str) -> str:
    fits = 0 < len(value) <= _MAX_REPLY_LENGTH and "\0" not in value
    return "" if fits else f"must be a text of 1 to {_MAX_REPLY_LENGTH} characters without NUL"


def _check_mix(value: Mapping[str, float]) -> str:
    for name, share in value.items():
        if name not in BY_NAME or name == FLAKY:
            return f"must name scenarios other than {FLAKY}, not {name!r}"
        if not 0 <= share <= 1:
            return f"must have shares from 0 to 1, not {share:g} for {name}"
    total = sum(value.values())
    return "" if abs(total - 1) < 1e-6 else f"must have shares that add up to 1, not to {total:g}"


_CHECKS: Mapping[str, Callable[[Any], str]] = {
    "after_seconds": _check_seconds,
    "status": _check_status,
    "text": _check_text,
    "mix": _check_mix,
}
"""Functions that check the value of an option. They return an error message, or an empty text."""

_ID_GAP = 300_000_000
"""A number that turns a message id into one that no message has.

Message ids begin far above it, so it can be subtracted.
"""


def unissued_id(message: int) -> int:
    """Return a message id that was never issued."""
    return message - _ID_GAP
