"""Shapes that carrier rules and faults share: what they match, and how often they apply."""

from typing import Annotated

from msgspec import Meta, Struct

from .primitives import DateTime, Id, NonEmptyText, PositiveInt, Request, Response, Seconds

Share = Annotated[float, Meta(gt=0, le=1, description="The share of the matches that the rule applies to.")]


class Match(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Conditions that a message or call must meet. Every field that is given must match.

    `to`: a number, a prefix (`6149157*`), or a range (`61491570100-61491570199`). `sender`: the whole
    sender. `text`: a substring of the text. `key`: the API key of the account. Sender and text are case-insensitive.
    """

    to: NonEmptyText | None = None
    sender: NonEmptyText | None = None
    text: NonEmptyText | None = None
    key: NonEmptyText | None = None


class RuleInput(Request, kw_only=True):
    """Fields that each new rule has. It applies from the `nth` match on, `count` times, to a `share` of the matches.

    It ends after `for_seconds` of the tenant's time. With `first` it is checked before the existing rules, not after
    them. While it is not `enabled`, it applies to nothing and counts nothing.
    """

    match: Match = Match()
    nth: PositiveInt = 1
    count: PositiveInt | None = None
    share: Share = 1.0
    for_seconds: Seconds | None = None
    first: bool = False
    enabled: bool = True


class RuleState(Response, kw_only=True):
    """Fields that each rule has. It matched `seen` times, applied `used` times, and applies `remaining` times more.

    `remaining` is null if there is no limit. A carrier rule that always applies counts neither `seen` nor `used`.
    """

    id: int
    match: Match
    nth: int
    count: int | None
    share: float
    until: DateTime | None
    seen: int
    used: int
    remaining: int | None
    enabled: bool = True


class RuleSwitch(Request):
    """The switch of a rule: off, it applies to nothing and counts nothing."""

    enabled: bool


class RuleOrder(Request):
    """The new order of all rules: their ids."""

    order: list[Id]
