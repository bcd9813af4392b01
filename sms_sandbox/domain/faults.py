"""Faults: errors that a tester injects into API calls and callbacks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from math import exp
from typing import Any

from .rule_match import hash_to_fraction

API = "api"
CALLBACK = "callback"

STATUS_TITLES = {
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}
"""Statuses that the web server in front of the API answers with, and their titles."""

EFFECT_VALUES: Mapping[str, tuple[object, ...]] = {
    "status": tuple(STATUS_TITLES),
    "body": ("malformed", "truncated", "html"),
    "connection": ("stall", "reset", "lost"),
    "gateway": ("throttled", "maintenance"),
    "callback": ("drop", "duplicate", "reorder", "wrong-signature", "corrupt"),
}
"""Allowed values of each effect. An `error` is one of the API's codes, which the API checks."""

EFFECTS = {API: ("error", "status", "body", "connection", "gateway"), CALLBACK: ("callback",)}
"""Effects of each kind of fault. A fault has at most one, and a delay besides or instead."""

_SELECTORS = {API: "method", CALLBACK: "event"}
"""The field by which each kind of fault is limited to some calls or callbacks."""

_EFFECTS_AFTER_WORK = frozenset({"malformed", "truncated", "html", "lost"})
"""Effects on a call that is carried out. With other effects it is not; with only a delay it is."""

EVENTS = ("dlr", "reply", "inbound", "link-hit", "list-action")

MAX_DELAY_SECONDS = 7 * 86400.0
"""In seconds; longer random delays are cut to this."""

DEFAULT_REORDER_DELAY = {"seconds": 10.0}
"""Wait of a reordered callback if the fault has no delay. The next callback overtakes it meanwhile."""

Delay = Mapping[str, float]
"""In seconds: fixed (`seconds`), uniform (`from`, `to`), or log-normal (`median`, `sigma`)."""


def _log_normal(delay: Delay, fraction: float) -> float:
    from statistics import NormalDist  # imported late, because it is slow and rarely needed

    # The fraction has steps of 2**-48. Take the middle of one, because the inverse is infinite at 0.
    return delay["median"] * exp(delay["sigma"] * NormalDist().inv_cdf(fraction + 2**-49))


_DISTRIBUTIONS: Mapping[frozenset[str], Callable[[Delay, float], float]] = {
    frozenset({"seconds"}): lambda delay, _: delay["seconds"],
    frozenset({"from", "to"}): lambda delay, fraction: delay["from"] + (delay["to"] - delay["from"]) * fraction,
    frozenset({"median", "sigma"}): _log_normal,
}


def draw_seconds(delay: Delay, chance: str) -> float:
    """Return the seconds of a delay. The same `chance` always gives the same result."""
    return min(_DISTRIBUTIONS[frozenset(delay)](delay, hash_to_fraction(chance)), MAX_DELAY_SECONDS)


@dataclass(frozen=True)
class Fault:
    """An effect on API calls or callbacks, limited to a `method` or an `event`.

    Raises ValueError if the fields contradict each other.
    """

    on: str
    method: str | None = None
    event: str | None = None
    error: str | None = None
    status: int | None = None
    body: str | None = None
    connection: str | None = None
    gateway: str | None = None
    callback: str | None = None
    delay: Delay | None = None

    def __post_init__(self) -> None:
        if self.on not in EFFECTS:
            raise ValueError(f"A fault must be on {_or(EFFECTS)}, not on {self.on!r}")
        for other in EFFECTS.keys() - {self.on}:
            for name in (_SELECTORS[other], *EFFECTS[other]):
                if getattr(self, name) is not None:
                    raise ValueError(f"`{name}` is only for a fault on {other!r}, and this one is on {self.on!r}")
        given = [name for name in EFFECTS[self.on] if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"Give only one effect, not {_and(given)}")
        if not given and self.delay is None:
            raise ValueError(f"Give an effect: {_or([*EFFECTS[self.on], 'delay'])}")
        for name, words in EFFECT_VALUES.items():
            if getattr(self, name) not in (None, *words):
                raise ValueError(f"`{name}` must be {_or(words)}, not {getattr(self, name)!r}")
        if self.event not in (None, *EVENTS):
            raise ValueError(f"`event` must be {_or(EVENTS)}, not {self.event!r}")
        if self.delay is not None:
            _check_delay(self.delay)
            if self.effect in ("stall", "drop"):
                raise ValueError(f"With {self.effect!r} nothing is sent, so it cannot have a delay")

    @property
    def effect(self) -> str | int | None:
        """Return the value of the effect, or None for a fault that only delays."""
        return self.error or self.status or self.body or self.connection or self.gateway or self.callback

    @property
    def carries_out(self) -> bool:
        """True if the call is carried out before the fault takes effect."""
        return self.effect is None or self.effect in _EFFECTS_AFTER_WORK

    def delay_seconds(self, seed: str, rule: int, seen: int) -> float:
        """Return the delay, in seconds, of the `seen`-th call or callback that a rule matched."""
        return 0.0 if self.delay is None else draw_seconds(self.delay, f"{seed} delay {rule} {seen}")

    def given_fields(self) -> dict[str, Any]:
        """Return the fields that are set, by name."""
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name)) is not None}


def _check_delay(delay: Delay) -> None:
    if frozenset(delay) not in _DISTRIBUTIONS:
        raise ValueError("A delay must have `seconds`, or `from` and `to`, or `median` and `sigma`")
    if not all(0 <= value <= MAX_DELAY_SECONDS for value in delay.values()):  # False for NaN, too
        raise ValueError(f"The values of a delay must be from 0 to {MAX_DELAY_SECONDS:.0f} seconds, a week")
    if delay.get("from", 0) > delay.get("to", MAX_DELAY_SECONDS):
        raise ValueError("In a delay `from` must not be greater than `to`")
    if delay.get("sigma", 0) > 10:
        raise ValueError("`sigma` must be at most 10; 0.5 spreads moderately, 1 widely")


def _or(words: Any) -> str:
    *most, last = (str(word) for word in words)
    return f"{', '.join(most)} or {last}" if most else last


def _and(words: Any) -> str:
    return " and ".join(f"`{word}`" for word in words)


# Built in

MAGIC_SENDERS = {"BADSENDER": "BAD_CALLER_ID", "NOCREDIT": "LEDGER_ERROR", "EXPIRED": "ACCOUNT_EXPIRED"}
"""Map senders, in capitals, that send-sms refuses in every tenant, to error codes."""

MAGIC_KEYS = {"badsender": "BAD_CALLER_ID", "nocredit": "LEDGER_ERROR", "expired": "ACCOUNT_EXPIRED"}
"""Map each magic key suffix to the error it triggers.

`KEY-nocredit` acts as `KEY`, but methods that declare LEDGER_ERROR answer with it.
"""


def split_magic_key(key: str) -> tuple[str, str] | None:
    """Split a magic key into the account's key and the suffix; None if it has no magic suffix."""
    plain, hyphen, suffix = key.rpartition("-")
    return (plain, suffix) if hyphen and plain and suffix in MAGIC_KEYS else None


def magic_key_rule(suffix: str) -> str:
    """Return the `rule` that traffic entries show for the error of a magic key."""
    return f"magic key …-{suffix}"


def magic_suffix_of(rule: str) -> str | None:
    """Return the suffix of the magic key that made a call fail; None if its `rule` names anything else."""
    return next((suffix for suffix in MAGIC_KEYS if magic_key_rule(suffix) == rule), None)


# Callbacks

_INVALID_UTF_8 = "%C3%28"
"""Two escaped bytes that are not valid UTF-8."""

_TEXT_PARAMETERS = {
    "dlr": "status",
    "reply": "response",
    "inbound": "response",
    "link-hit": "message",
    "list-action": "firstname",
}
"""The parameter of each event that contains a text."""


def corrupt_url(url: str, event: str) -> str:
    """Append bytes that are not valid UTF-8 to the text parameter of a callback's URL.

    The user's own parameters come first, so the last one of that name is ours.
    """
    head, mark, query = url.partition("?")
    pairs = query.split("&")
    name = _TEXT_PARAMETERS[event]
    last = max(index for index, pair in enumerate(pairs) if pair.partition("=")[0] == name)
    pairs[last] += _INVALID_UTF_8
    return head + mark + "&".join(pairs)
