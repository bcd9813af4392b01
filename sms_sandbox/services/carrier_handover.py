"""Giving a message to the carrier: what it will do with each recipient, and when."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection

from ..domain import carrier, delivery_plan, scenarios
from ..domain.carrier import Fate
from ..domain.rule_match import Subject
from ..store import accounts, recipients, rules
from ..store.rules import Rule
from ..store.timeline import INBOUND, REPORT, Plan


class CarrierMessage(NamedTuple):
    """A message as the carrier gets it, at the moment `at`; its tenant's carrier takes `delay` to deliver, and has no
    rules unless it `may_have_rules`."""

    tenant: int
    seed: str
    delay: timedelta
    account: int
    sender: str
    text: str
    validity: timedelta
    at: datetime
    may_have_rules: bool = True


class Choice(NamedTuple):
    """The scenario that was chosen for a recipient, and in words what chose it."""

    scenario: str
    options: Mapping[str, Any]
    rule: str


_BY_NUMBER = {number: Choice(name, {}, f"scenario {name}") for number, name in scenarios.BY_NUMBER.items()}


def hand_over(db: Connection, given: CarrierMessage, to: Sequence[tuple[int, str]]) -> list[Plan]:
    """Give recipients, by id and number, to the carrier. The tenant's rules are asked first, then the magic numbers;
    to all others it is delivered."""
    fate = carrier.outcome(Fate(carrier.DELIVERED, given.delay), given.validity)
    assert fate.after is not None
    due, told = given.at + fate.after, {"status": fate.status}
    known = rules.list_cached(db, given.tenant, rules.CARRIER) if given.may_have_rules else []
    ask = _asking(db, given, known, to) if known else None
    plans: list[Plan] = []
    for recipient, msisdn in to:
        choice = (ask and ask(recipient, msisdn)) or _BY_NUMBER.get(msisdn)
        if choice is None:
            plans.append(Plan(due, REPORT, recipient, told))
        else:
            plans += _follow(given, choice, recipient, msisdn)
    return plans


def _asking(
    db: Connection, given: CarrierMessage, known: Sequence[Rule], to: Sequence[tuple[int, str]]
) -> Callable[[int, str], Choice | None]:
    """What asks the rules about one recipient after the other."""
    if not all(rule.turns.always_applies for rule in known):
        rules.lock(db, given.tenant, rules.CARRIER)
    account = accounts.read(db, given.tenant, given.account)
    assert account is not None
    by_text = to and any(rule.match.text is not None for rule in known)
    own = recipients.find_texts(db, given.tenant, to[0][0], to[-1][0]) if by_text else {}

    def ask(recipient: int, msisdn: str) -> Choice | None:
        subject = Subject((msisdn,), given.sender, own.get(recipient, given.text), account.key)
        rule = rules.find_first(db, given.tenant, known, subject, given.at, given.seed, recipient)
        if rule is None:
            return None
        scenario = rule.what["scenario"]
        return Choice(scenario, rule.what["options"], f"rule {rule.id} ({scenario})")

    return ask


_HOW = {scenarios.EARLY: "early", scenarios.UNKNOWN: "unknown"}


def _follow(given: CarrierMessage, choice: Choice, recipient: int, msisdn: str) -> Iterator[Plan]:
    """The plans of a scenario for one recipient. Reports that are no news of its state say `how` they come."""
    chance = f"{given.seed} {recipient}"
    for each in delivery_plan.plan_delivery(choice.scenario, choice.options, chance, given.delay, given.validity):
        due = given.at + each.after
        if each.does == scenarios.REPLY:
            wrote = {"from": msisdn, "to": given.sender, "text": each.says, "rule": choice.rule}
            yield Plan(due, INBOUND, recipient, wrote)
        else:
            how = "again" if each.again else _HOW.get(each.does)
            told = {"status": each.says, "rule": choice.rule}
            yield Plan(due, REPORT, recipient, {**told, "how": how} if how else told)


def early_recipients(plans: Iterable[Plan]) -> list[int]:
    """The recipients among the plans of whom is to be reported before the call that sent is answered."""
    return [plan.ref for plan in plans if plan.data and plan.data.get("how") == "early"]
