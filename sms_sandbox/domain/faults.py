"""Faults: what a tester lets go wrong with calls of the API, and with callbacks."""

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
"""Statuses that a web server answers with by itself, and its title for each."""

EFFECT_VALUES: Mapping[str, tuple[object, ...]] = {
    "status": tuple(STATUS_TITLES),
    "body": ("malformed", "truncated", "html"),
    "connection": ("stall", "reset", "lost"),
    "callback": ("drop", "duplicate", "reorder", "wrong-signature", "corrupt"),
}
"""What each effect can be. An `error` is one of the API's codes, which the API knows."""

EFFECTS = {API: ("error", "status", "body", "connection"), CALLBACK: ("callback",)}
"""What can go wrong with each; a fault has one of them at most, and a delay besides or instead."""

_SELECTORS = {API: "method", CALLBACK: "event"}

_EFFECTS_AFTER_WORK = frozenset({"malformed", "truncated", "html", "lost"})
"""Effects of a call that was carried out; after any other it was not, but for a mere delay."""

EVENTS = ("dlr", "reply", "inbound", "link-hit", "list-action")

MAX_DELAY_SECONDS = 7 * 86400.0
"""Seconds; no delay is longer, however it is drawn."""

DEFAULT_REORDER_DELAY = {"seconds": 10.0}
"""How long a callback waits for the next to overtake it, where the fault does not say."""

Delay = Mapping[str, float]
"""Seconds: `seconds` always; anything `from` so many `to` so many; or log-normal, by its `median` and `sigma`."""


def _log_normal(given: Delay, at: float) -> float:
    from statistics import NormalDist  # seldom needed, and takes a while to import

    # The middle of the portion's step, since 0 itself has no place under the curve.
    return given["median"] * exp(given["sigma"] * NormalDist().inv_cdf(at + 2**-49))


_DISTRIBUTIONS: Mapping[frozenset[str], Callable[[Delay, float], float]] = {
    frozenset({"seconds"}): lambda given, _: given["seconds"],
    frozenset({"from", "to"}): lambda given, at: given["from"] + (given["to"] - given["from"]) * at,
    frozenset({"median", "sigma"}): _log_normal,
}


def draw_seconds(delay: Delay, by: str) -> float:
    """The seconds of a delay, which follow from the text they are drawn by."""
    return min(_DISTRIBUTIONS[frozenset(delay)](delay, hash_to_fraction(by)), MAX_DELAY_SECONDS)


@dataclass(frozen=True)
class Fault:
    """What goes wrong: with calls of a `method` of the API, or with callbacks of an `event`; None is all of them.

    Raises ValueError where that makes no sense.
    """

    on: str
    method: str | None = None
    event: str | None = None
    error: str | None = None
    status: int | None = None
    body: str | None = None
    connection: str | None = None
    callback: str | None = None
    delay: Delay | None = None

    def __post_init__(self) -> None:
        if self.on not in EFFECTS:
            raise ValueError(f"A fault is on {_or(EFFECTS)}, not on {self.on!r}")
        for other in EFFECTS.keys() - {self.on}:
            for name in (_SELECTORS[other], *EFFECTS[other]):
                if getattr(self, name) is not None:
                    raise ValueError(f"`{name}` goes with a fault on {other!r}, and this one is on {self.on!r}")
        given = [name for name in EFFECTS[self.on] if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"Give one effect, not {_and(given)}: a call ends in one way")
        if not given and self.delay is None:
            raise ValueError(f"Say what goes wrong: {_or([*EFFECTS[self.on], 'delay'])}")
        for name, words in EFFECT_VALUES.items():
            if getattr(self, name) not in (None, *words):
                raise ValueError(f"`{name}` is {_or(words)}, not {getattr(self, name)!r}")
        if self.event not in (None, *EVENTS):
            raise ValueError(f"`event` is {_or(EVENTS)}, not {self.event!r}")
        if self.delay is not None:
            _check(self.delay)
            if self.effect in ("stall", "drop"):
                raise ValueError(f"{self.effect!r} never comes, so it can't be delayed")

    @property
    def effect(self) -> str | int | None:
        """What goes wrong, in its own word; None where it is a mere delay."""
        return self.error or self.status or self.body or self.connection or self.callback

    @property
    def carries_out(self) -> bool:
        """Whether the call is carried out, before whatever goes wrong does."""
        return self.effect is None or self.effect in _EFFECTS_AFTER_WORK

    def delay_seconds(self, seed: str, rule: int, seen: int) -> float:
        """The seconds it delays the `seen`-th thing it meant, as the rule of that id; 0 where it does not delay."""
        return 0.0 if self.delay is None else draw_seconds(self.delay, f"{seed} delay {rule} {seen}")

    def given_fields(self) -> dict[str, Any]:
        """The fields that are set, by name."""
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name)) is not None}


def _check(delay: Delay) -> None:
    if frozenset(delay) not in _DISTRIBUTIONS:
        raise ValueError("A delay has `seconds`, or `from` and `to`, or `median` and `sigma`")
    if not all(0 <= value <= MAX_DELAY_SECONDS for value in delay.values()):  # nor is any of them NaN
        raise ValueError(f"What a delay is made of is from 0 to {MAX_DELAY_SECONDS:.0f}, a week of seconds")
    if delay.get("from", 0) > delay.get("to", MAX_DELAY_SECONDS):
        raise ValueError("A delay goes `from` the shorter `to` the longer")
    if delay.get("sigma", 0) > 10:
        raise ValueError("`sigma` is 10 at most; 0.5 spreads moderately, 1 widely")


def _or(words: Any) -> str:
    *most, last = (str(word) for word in words)
    return f"{', '.join(most)} or {last}" if most else last


def _and(words: Any) -> str:
    return " and ".join(f"`{word}`" for word in words)


# Built in

MAGIC_SENDERS = {"BADSENDER": "BAD_CALLER_ID", "NOCREDIT": "LEDGER_ERROR", "EXPIRED": "ACCOUNT_EXPIRED"}
"""Senders, in capitals, that send-sms refuses in every tenant, and the code it does with."""

MAGIC_KEYS = {"badsender": "BAD_CALLER_ID", "nocredit": "LEDGER_ERROR", "expired": "ACCOUNT_EXPIRED"}
"""What stands behind the hyphen of a key that belongs to the account of the key in front of it, and the code that
methods which know it refuse with."""


def split_magic_key(key: str) -> tuple[str, str] | None:
    """The key in front and the ending of one that has a magic ending."""
    plain, hyphen, ending = key.rpartition("-")
    return (plain, ending) if hyphen and plain and ending in MAGIC_KEYS else None


def magic_key_rule(suffix: str) -> str:
    """Return the `rule` of a call that a magic key made fail, as traffic entries show it."""
    return f"magic key …-{suffix}"


def magic_suffix_of(rule: str) -> str | None:
    """Return the suffix of the magic key that made a call fail; None if its `rule` names anything else."""
    return next((suffix for suffix in MAGIC_KEYS if magic_key_rule(suffix) == rule), None)


# Callbacks

_SPOILT = "%C3%28"
"""An escape of two bytes that no text in UTF-8 holds."""

_TEXT_OF = {
    "dlr": "status",
    "reply": "response",
    "inbound": "response",
    "link-hit": "message",
    "list-action": "firstname",
}
"""The parameter of each event that is a text."""


def corrupt_url(url: str, event: str) -> str:
    """The URL of a callback with bytes that are no UTF-8 at the end of its text, which is after the user's own."""
    head, mark, query = url.partition("?")
    pairs = query.split("&")
    name = _TEXT_OF[event]
    last = max(index for index, pair in enumerate(pairs) if pair.partition("=")[0] == name)
    pairs[last] += _SPOILT
    return head + mark + "&".join(pairs)
