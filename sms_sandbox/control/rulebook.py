"""Functions that operations on carrier rules and on faults share."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from ..domain import rule_match
from ..store import rules
from ..store.rules import NewRule, Rule
from .conversion import shape_of
from .declare import Call
from .errors import ControlError
from .shapes.primitives import Empty
from .shapes.rule_match import Match, RuleInput


class Rulebook(Struct, frozen=True):
    """The rules of some kinds. Error messages call one of them a `noun`."""

    noun: str
    kinds: Sequence[str]

    def all(self, call: Call) -> list[Rule]:
        """Return all rules, those of each kind in the order they are checked."""
        return [rule for kind in self.kinds for rule in rules.list_rules(call.db, call.tenant.id, kind)]

    def find(self, call: Call, id_: int) -> Rule:
        """Return a rule by its id. Raises ControlError if there is none."""
        for rule in self.all(call):
            if rule.id == id_:
                return rule
        raise ControlError("not_found", f"There is no {self.noun} {id_}.")

    def add(self, call: Call, new: NewRule, first: bool) -> Rule:
        """Add a rule after those of its kind, or before them with `first`."""
        return self.find(call, rules.add(call.db, call.tenant.id, new, first))

    def enable(self, call: Call, id_: int, enabled: bool) -> Rule:
        """Switch a rule on or off, and return it. Raises ControlError if there is none."""
        rules.enable(call.db, call.tenant.id, self.find(call, id_).id, enabled)
        return self.find(call, id_)

    def remove(self, call: Call, id_: int) -> Empty:
        """Remove a rule by its id. Raises ControlError if there is none."""
        rules.remove(call.db, call.tenant.id, self.find(call, id_).id)
        return Empty()

    def clear(self, call: Call) -> Empty:
        """Remove all rules."""
        for kind in self.kinds:
            rules.clear(call.db, call.tenant.id, kind)
        return Empty()

    def reorder(self, call: Call, kind: str, order: Sequence[int]) -> None:
        """Change the order in which rules of a kind are checked. Raises ControlError unless each is named once."""
        try:
            rules.reorder(call.db, call.tenant.id, kind, order)
        except ValueError as why:
            raise ControlError("conflict", str(why)) from why


def new_rule(kind: str, body: RuleInput, what: Mapping[str, Any], now: datetime) -> NewRule:
    """Convert a rule to the form the store keeps. `what` it does depends on its kind.

    Raises ControlError if `to` of its match can't be read.
    """
    try:
        match = rule_match.Match(body.match.to, body.match.sender, body.match.text, body.match.key)
    except ValueError as why:
        raise ControlError("invalid", f"{why} - at `$.match.to`.") from why
    turns = rule_match.Turns(body.nth, body.count, body.share)
    until = None if body.for_seconds is None else now + timedelta(seconds=body.for_seconds)
    return NewRule(kind, match, turns, what, until, body.enabled)


def state_of(rule: Rule) -> dict[str, Any]:
    """Return the fields of `RuleState`."""
    return {
        "id": rule.id,
        "match": shape_of(Match, rule.match),
        "nth": rule.turns.nth,
        "count": rule.turns.count,
        "share": rule.turns.share,
        "until": rule.until,
        "enabled": rule.enabled,
        "seen": rule.seen,
        "used": rule.used,
        "remaining": rule.remaining,
    }
