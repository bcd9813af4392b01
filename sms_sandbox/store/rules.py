"""Rules of a tester: of the carrier, of faults at the API, and of faults on callbacks. The first that fits decides.

What a rule does is a mapping that only its kind understands; here are its place, how often it applies, and till when.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

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


@dataclass(frozen=True)
class NewRule:
    """A rule to add: what it means, how often it applies, what it does, and the moment of tenant's time it ends at."""

    kind: str
    match: Match
    turns: Turns
    what: Mapping[str, Any]
    until: datetime | None = None


@dataclass(frozen=True)
class Rule(NewRule):
    """A rule as it stands: `seen` subjects it meant, of which it applied to `used`.

    A plain one of the carrier counts neither, since a message may go to very many.
    """

    id: int = 0
    seen: int = 0
    used: int = 0

    @property
    def remaining(self) -> int | None:
        """How many times more it applies; None is without end."""
        return None if self.turns.count is None else max(0, self.turns.count - self.used)


_COLUMNS = (t.c.id, t.c.kind, t.c.spec, t.c.until, t.c.seen, t.c.used)
_OF_KIND = Statement(
    select(*_COLUMNS)
    .where(t.c.tenant == bindparam("tenant"), t.c.kind == bindparam("kind"))
    .order_by(t.c.position, t.c.id)
)
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
_REMOVE = Statement(delete(t).where(t.c.tenant == bindparam("tenant"), t.c.id == bindparam("id")))


def add(db: Connection, tenant: int, new: NewRule, first: bool = False) -> int:
    """Put a rule behind those of its kind, or before them; its id."""
    invalidate(db)
    rule = ids.take(db, tenant, "rule")
    low, high = _ENDS.one(db, tenant=tenant, kind=new.kind) or (None, None)
    position = (low or 0) - 1 if first else (high or 0) + 1
    spec = {"match": vars(new.match), "turns": vars(new.turns), "what": new.what}
    _ADD.run(
        db, tenant=tenant, id=rule, kind=new.kind, position=position, spec=json.dumps(spec), seen=0, used=0,
        until=new.until and to_micros(new.until),
    )  # fmt: skip
    return rule


def list_rules(db: Connection, tenant: int, kind: str) -> list[Rule]:
    """The rules of a kind, in the order they are asked."""
    return [_rule_of(row) for row in _OF_KIND.all(db, tenant=tenant, kind=kind)]


def _rule_of(row: Sequence[Any]) -> Rule:
    rule, kind, raw, until, seen, used = row
    spec = json.loads(raw)
    return Rule(
        kind, Match(**spec["match"]), Turns(**spec["turns"]), spec["what"], until and from_micros(until), rule, seen,
        used,
    )  # fmt: skip


def remove(db: Connection, tenant: int, rule: int) -> bool:
    """Take a rule away; whether there was one."""
    invalidate(db)
    return _REMOVE.run(db, tenant=tenant, id=rule) == 1


def clear(db: Connection, tenant: int, kind: str) -> None:
    """Take every rule of a kind away."""
    invalidate(db)
    lock(db, tenant, kind)
    _CLEAR.run(db, tenant=tenant, kind=kind)


def reorder(db: Connection, tenant: int, kind: str, order: Sequence[int]) -> None:
    """Ask the rules of a kind in this order, which names each of them once. Raises ValueError where it does not."""
    invalidate(db)
    lock(db, tenant, kind)
    if sorted(order) != sorted(rule.id for rule in list_rules(db, tenant, kind)):
        raise ValueError("The order must name every rule of its kind, and each once.")
    _PLACE.many(db, [{"tenant_": tenant, "rule": rule, "at": place} for place, rule in enumerate(order, 1)])


def list_cached(db: Connection, tenant: int, kind: str) -> list[Rule]:
    """The same as `of_kind`, but cached: what they counted is out of date."""
    return cached(db, ("rules", tenant, kind), lambda: list_rules(db, tenant, kind))


def lock(db: Connection, tenant: int, kind: str) -> None:
    """Keep others from counting rules of a kind until the transaction ends, so that two who touch several of them, in
    whatever order, can't lock each other out."""
    _HOLD.all(db, tenant=tenant, kind=kind)


def find_deciding(
    db: Connection, tenant: int, kind: str, subject: Subject, now: datetime, seed: str,
    concerns: Callable[[Rule], bool] = lambda _: True,
) -> Rule | None:  # fmt: skip
    """The first rule of a kind that fits and whose turn it is, this turn counted; None where no rule decides.

    `concerns` sorts out what the kind knows better than the match. A rule that counts is counted up, so ask once.
    """
    lock(db, tenant, kind)
    return find_first(db, tenant, filter(concerns, list_cached(db, tenant, kind)), subject, now, seed)


def find_first(
    db: Connection, tenant: int, among: Iterable[Rule], subject: Subject, now: datetime, seed: str, name: object = None
) -> Rule | None:
    """The same among certain rules, in their order.

    Shares are picked by the seed and the subject's `name`, or where it has none by how many the rule saw before it.
    """
    for rule in among:
        fits = (rule.until is None or now < rule.until) and rule.match.matches(subject)
        if fits and (taken := _turn(db, tenant, rule, seed, name)):
            return taken
    return None


def _turn(db: Connection, tenant: int, rule: Rule, seed: str, name: object) -> Rule | None:
    if rule.kind == CARRIER and rule.turns.always_applies:
        return rule
    found = _SEE.one(db, tenant=tenant, id=rule.id)
    if found is None:
        return None
    seen, used = found
    if not rule.turns.apply_to(seen, used, f"{seed} rule {rule.id} {seen if name is None else name}"):
        return None
    _USE.run(db, tenant=tenant, id=rule.id)
    return replace(rule, seen=seen, used=used + 1)
