"""What the operations on rules take and answer, whatever a rule does: what it means, and how often it applies."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from msgspec import Meta, Struct

from ...domain.rule_match import Match, Turns
from ...store.rules import Rule
from ..errors import ControlError
from .primitives import Id, Number, Request, Seconds, Words

Share = Annotated[float, Meta(gt=0, le=1, description="The part of what it means that a rule applies to.")]


class Wanted(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a rule means: `to` is a number, a prefix as `6149157*` or a range as `61491570100-61491570199`; `text` is
    part of the text, `sender` the whole of it, `key` the account's. What is left out asks nothing."""

    to: Words | None = None
    sender: Words | None = None
    text: Words | None = None
    key: Words | None = None


class Applying(Request, kw_only=True):
    """Which of what it means a rule applies to: from the `nth` on, `count` times, to a `share` of them, for so long.
    One that is to be `first` stands before the others, not behind them."""

    match: Wanted = Wanted()
    nth: Number = 1
    count: Number | None = None
    share: Share = 1.0
    for_seconds: Seconds | None = None
    first: bool = False

    @property
    def wanted(self) -> Match:
        """Raises ControlError where `to` can't be read."""
        try:
            return Match(self.match.to, self.match.sender, self.match.text, self.match.key)
        except ValueError as why:
            raise ControlError("invalid", f"{why} - at `$.match.to`.") from why

    @property
    def turns(self) -> Turns:
        return Turns(self.nth, self.count, self.share)

    def until(self, now: datetime) -> datetime | None:
        """The moment the rule ends at, if it does."""
        return None if self.for_seconds is None else now + timedelta(seconds=self.for_seconds)


class Applied(Struct, kw_only=True):
    """A rule as it stands: it meant `seen` of which it applied to `used`, and applies `remaining` times more. What
    always applies counts neither."""

    id: int
    match: Wanted
    nth: int
    count: int | None
    share: float
    until: datetime | None
    seen: int
    used: int
    remaining: int | None


def applied(rule: Rule) -> dict[str, Any]:
    """The fields of `Applied`."""
    return {
        "id": rule.id,
        "match": Wanted(rule.match.to, rule.match.sender, rule.match.text, rule.match.key),
        "nth": rule.turns.nth,
        "count": rule.turns.count,
        "share": rule.turns.share,
        "until": rule.until,
        "seen": rule.seen,
        "used": rule.used,
        "remaining": rule.remaining,
    }


class Order(Request):
    """The ids of all rules, in the order they are to be asked."""

    order: list[Id]
