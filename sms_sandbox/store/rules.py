"""Rules a tester sets: carrier rules, faults on API calls, and faults on callbacks. The first that fits decides.

This module keeps the order of rules, how often each applies, and when it ends. The effect of a rule is a mapping
(`what`) that only the code of its kind reads.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from ..domain import faults
from ..domain.clock import from_micros, to_micros
from ..domain.rule_match import Match, Subject, Turns
from . import ids
from .statement import Statement
from .tables import rules as t
from .unit_of_work import cached, invalidate

CARRIER = "carrier"
API, CALLBACK = faults.API, faults.CALLBACK


class NewRule(Struct, frozen=True):
    """A rule to add. `what` is its effect, `until` the moment of tenant time it ends at.

    While it is not `enabled`, it matches nothing and counts nothing.
    """

    kind: str
    match: Match
    turns: Turns
    what: Mapping[str, Any]
    until: datetime | None = None
    enabled: bool = True


class Rule(NewRule, frozen=True):
    """A stored rule: it matched `seen` subjects, and applied to `used` of them.

    A carrier rule that always applies counts neither, since a message may have very many recipients.
    """

    id: int = 0
    seen: int = 0
    used: int = 0

    @property
    def remaining(self) -> int | None:
        """The number of times it will still apply. None is no limit."""
        return None if self.turns.count is None else max(0, self.turns.count - self.used)


_ENABLED = "enabled"
"""Key in the JSON of a rule that is switched off. Rules that are on lack it, as in older documents."""

_COLUMNS = (t.c.id, t.c.kind, t.c.spec, t.c.until, t.c.seen, t.c.used)
_OF_KIND = Statement(
    select(*_COLUMNS)
    .where(t.c.tenant == bindparam("tenant"), t.c.kind == bindparam("kind"))
    .order_by(t.c.position, t.c.id)
)
_STATE = Statement(select(t.c.id, t.c.position, t.c.spec).where(t.c.tenant == bindparam("tenant")).order_by(t.c.id))
_ADD = Statement(insert(t))
_ENDS = Statement("SELECT MIN(position), MAX(position) FROM rules WHERE tenant = :tenant AND kind = :kind")
_SEE = Statement("UPDATE rules SET seen = seen + 1 WHERE tenant = :tenant AND id = :id RETURNING seen, used")
_USE = Statement("UPDATE rules SET used = used + 1 WHERE tenant = :tenant AND id = :id")
_PLACE = Statement(
    update(t).where(t.c.tenant == bindparam("tenant_"), t.c.id == bindparam("rule")).values(position=bindparam("at"))
)
_HOLD = Statement(
    select(t.c.id)
    .where(t.c.tenant == bindparam("tenant"), t.c.kind == bindparam("kind"))
    .order_by(t.c.id)
    .with_for_update()
)
_CLEAR = Statement(delete(t).where(t.c.tenant == bindparam("tenant"), t.c.kind == bindparam("kind")))
_SPEC = Statement("SELECT spec FROM rules WHERE tenant = :tenant AND id = :id")
_SET_SPEC = Statement("UPDATE rules SET spec = :spec WHERE tenant = :tenant AND id = :id")
_REMOVE = Statement(delete(t).where(t.c.tenant == bindparam("tenant"), t.c.id == bindparam("id")))


def add(db: Connection, tenant: int, new: NewRule, first: bool = False) -> int:
    """Add a rule and return its id. It is the last of its kind, or the `first`."""
    invalidate(db, tenant)
    rule = ids.take(db, tenant, "rule")
    low, high = _ENDS.one(db, tenant=tenant, kind=new.kind) or (None, None)
    position = (low or 0) - 1 if first else (high or 0) + 1
    spec: dict[str, Any] = {"match": vars(new.match), "turns": vars(new.turns), "what": new.what}
    if not new.enabled:
        spec[_ENABLED] = False
    _ADD.run(
        db, tenant=tenant, id=rule, kind=new.kind, position=position, spec=json.dumps(spec), seen=0, used=0,
        until=new.until and to_micros(new.until),
    )  # fmt: skip
    return rule


def list_rules(db: Connection, tenant: int, kind: str) -> list[Rule]:
    """Return the rules of a kind, in the order they are checked."""
    return [_rule_of(row) for row in _OF_KIND.all(db, tenant=tenant, kind=kind)]


def _rule_of(row: Sequence[Any]) -> Rule:
    rule, kind, raw, until, seen, used = row
    spec = json.loads(raw)
    return Rule(
        kind, Match(**spec["match"]), Turns(**spec["turns"]), spec["what"], until and from_micros(until),
        spec.get(_ENABLED, True), rule, seen, used,
    )  # fmt: skip


def enable(db: Connection, tenant: int, rule: int, enabled: bool) -> bool:
    """Switch a rule on or off. False if it does not exist."""
    invalidate(db, tenant)
    row = _SPEC.one(db, tenant=tenant, id=rule)
    if row is None:
        return False
    spec = json.loads(row[0])
    spec.pop(_ENABLED, None)
    if not enabled:
        spec[_ENABLED] = False
    return _SET_SPEC.run(db, tenant=tenant, id=rule, spec=json.dumps(spec)) == 1


def remove(db: Connection, tenant: int, rule: int) -> bool:
    """Delete a rule. False if it does not exist."""
    invalidate(db, tenant)
    return _REMOVE.run(db, tenant=tenant, id=rule) == 1


def clear(db: Connection, tenant: int, kind: str) -> None:
    """Delete every rule of a kind."""
    invalidate(db, tenant)
    lock(db, tenant, kind)
    _CLEAR.run(db, tenant=tenant, kind=kind)


def reorder(db: Connection, tenant: int, kind: str, order: Sequence[int]) -> None:
    """Put the rules of a kind in this order. Raises ValueError unless it names each of them once."""
    invalidate(db, tenant)
    lock(db, tenant, kind)
    if sorted(order) != sorted(rule.id for rule in list_rules(db, tenant, kind)):
        raise ValueError("The order must name every rule of its kind, and each once.")
    _PLACE.many(db, [{"tenant_": tenant, "rule": rule, "at": place} for place, rule in enumerate(order, 1)])


def list_cached(db: Connection, tenant: int, kind: str) -> list[Rule]:
    """Return the rules of a kind from the cache. Their counts may be out of date."""
    return cached(db, tenant, ("rules", kind), lambda: list_rules(db, tenant, kind))


def read_state(db: Connection, tenant: int) -> tuple[Any, ...]:
    """Return a value that differs once rules were added, removed, switched or reordered."""
    return tuple(_STATE.all(db, tenant=tenant))


def lock(db: Connection, tenant: int, kind: str) -> None:
    """Lock the rules of a kind until the transaction ends.

    Otherwise two transactions that count several rules, in different orders, could deadlock.
    """
    _HOLD.all(db, tenant=tenant, kind=kind)


def find_deciding(
    db: Connection, tenant: int, kind: str, subject: Subject, now: datetime, seed: str,
    concerns: Callable[[Rule], bool] = lambda _: True,
) -> Rule | None:  # fmt: skip
    """Return the first rule of a kind that fits and applies this time. None if no rule does.

    `concerns` is a further condition of the kind. The counts of rules go up, so call this once for each subject.
    """
    lock(db, tenant, kind)
    return find_first(db, tenant, filter(concerns, list_cached(db, tenant, kind)), subject, now, seed)


def find_first(
    db: Connection, tenant: int, rules: Iterable[Rule], subject: Subject, now: datetime, seed: str, name: object = None
) -> Rule | None:
    """Return the first of these rules that fits and applies this time. None if no rule does.

    A rule for a share of the subjects picks them by the seed and `name`, or without a name by its count of subjects.
    """
    for rule in rules:
        is_valid = rule.enabled and (rule.until is None or now < rule.until)
        fits = is_valid and rule.match.matches(subject)
        if fits and (counted := _count(db, tenant, rule, seed, name)):
            return counted
    return None


def _count(db: Connection, tenant: int, rule: Rule, seed: str, name: object) -> Rule | None:
    if rule.kind == CARRIER and rule.turns.always_applies:
        return rule
    counts = _SEE.one(db, tenant=tenant, id=rule.id)
    if counts is None:  # deleted meanwhile
        return None
    seen, used = counts
    if not rule.turns.apply_to(seen, used, f"{seed} rule {rule.id} {seen if name is None else name}"):
        return None
    _USE.run(db, tenant=tenant, id=rule.id)
    return replace(rule, seen=seen, used=used + 1)
