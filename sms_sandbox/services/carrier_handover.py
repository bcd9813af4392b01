"""The hand-over of a message to the carrier: what the carrier will do with each recipient, and when."""

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
    """A message that the carrier gets at the moment `at`.

    The tenant's carrier takes `delay` to deliver it. It has rules only if it `may_have_rules`.
    """

    tenant: int
    seed: str
    delay: timedelta
    account: int
    sender: str
    text: str
    validity: timedelta
    at: datetime
    may_have_rules: bool = True


class _ChosenScenario(NamedTuple):
    """The scenario for a recipient, and the name of the rule that chose it."""

    scenario: str
    options: Mapping[str, Any]
    rule: str


_BY_NUMBER = {number: _ChosenScenario(name, {}, f"scenario {name}") for number, name in scenarios.BY_NUMBER.items()}
"""The scenarios of the magic numbers."""

_REPORT_MODES = {scenarios.EARLY: "early", scenarios.UNKNOWN: "unknown"}
"""The `how` of reports that leave the recipient's state as it is, by step."""


def hand_over(db: Connection, message: CarrierMessage, to: Sequence[tuple[int, str]]) -> list[Plan]:
    """Hand recipients, by id and number, to the carrier, and return what it will do.

    The tenant's rules decide first, then the magic numbers. To all others the message is delivered.
    """
    fate = carrier.outcome(Fate(carrier.DELIVERED, message.delay), message.validity)
    assert fate.after is not None
    due, data = message.at + fate.after, {"status": fate.status}
    carrier_rules = rules.list_cached(db, message.tenant, rules.CARRIER) if message.may_have_rules else []
    choose = _rule_chooser(db, message, carrier_rules, to) if carrier_rules else None
    plans: list[Plan] = []
    for recipient, msisdn in to:
        chosen = (choose and choose(recipient, msisdn)) or _BY_NUMBER.get(msisdn)
        if chosen is None:
            plans.append(Plan(due, REPORT, recipient, data))
        else:
            plans += _plan_scenario(message, chosen, recipient, msisdn)
    return plans


def _rule_chooser(
    db: Connection, message: CarrierMessage, carrier_rules: Sequence[Rule], to: Sequence[tuple[int, str]]
) -> Callable[[int, str], _ChosenScenario | None]:
    """Return a function with which the rules choose the scenario of a recipient."""
    if not all(rule.turns.always_applies for rule in carrier_rules):
        rules.lock(db, message.tenant, rules.CARRIER)
    account = accounts.read(db, message.tenant, message.account)
    assert account is not None
    needs_texts = to and any(rule.match.text is not None for rule in carrier_rules)
    own_texts = recipients.find_texts(db, message.tenant, to[0][0], to[-1][0]) if needs_texts else {}

    def choose(recipient: int, msisdn: str) -> _ChosenScenario | None:
        subject = Subject((msisdn,), message.sender, own_texts.get(recipient, message.text), account.key)
        rule = rules.find_first(db, message.tenant, carrier_rules, subject, message.at, message.seed, recipient)
        if rule is None:
            return None
        scenario = rule.what["scenario"]
        return _ChosenScenario(scenario, rule.what["options"], f"rule {rule.id} ({scenario})")

    return choose


def _plan_scenario(message: CarrierMessage, chosen: _ChosenScenario, recipient: int, msisdn: str) -> Iterator[Plan]:
    """Yield the plans of a scenario for one recipient."""
    seed = f"{message.seed} {recipient}"
    for step in delivery_plan.plan_delivery(chosen.scenario, chosen.options, seed, message.delay, message.validity):
        due = message.at + step.after
        if step.does == scenarios.REPLY:
            reply = {"from": msisdn, "to": message.sender, "text": step.says, "rule": chosen.rule}
            yield Plan(due, INBOUND, recipient, reply)
        else:
            how = "again" if step.again else _REPORT_MODES.get(step.does)
            data = {"status": step.says, "rule": chosen.rule}
            yield Plan(due, REPORT, recipient, {**data, "how": how} if how else data)


def early_recipients(plans: Iterable[Plan]) -> list[int]:
    """Return the recipients to report on before the call that sent the message is answered."""
    return [plan.ref for plan in plans if plan.data and plan.data.get("how") == "early"]
