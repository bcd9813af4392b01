"""What the simulated carrier does: the catalogue of scenarios, and the tenant's rules that choose among them."""

from datetime import datetime

import msgspec

from ..domain import delivery_plan, scenarios
from ..store.rules import CARRIER, NewRule, Rule
from .declare import Call, operation
from .errors import ControlError
from .rulebook import Rulebook
from .shapes import carrier_rules as s
from .shapes.primitives import Empty, Id
from .shapes.rule_match import Order, applied

BOOK = Rulebook("rule", (CARRIER,))


@operation("GET", "/scenarios")
def list_scenarios(call: Call) -> s.Catalogue:
    """What the carrier can do with a message, what happens when, and to which numbers it happens without any rule.

    Moments are in seconds from when a message is sent, by the tenant's own delivery delay, which `when` calls D.
    """
    told = scenarios.catalogue(call.tenant.delivery_delay)
    return s.Catalogue(msgspec.convert(told, list[s.Scenario]))


@operation("GET", "/rules")
def list_rules(call: Call) -> s.Rules:
    """The rules of the carrier in the order they are asked; the first one that fits decides."""
    return s.Rules([rule_of(each) for each in BOOK.known(call)])


@operation("POST", "/rules", status=201)
def add_rule(call: Call, body: s.NewRule) -> s.Rule:
    """Let a scenario happen to certain messages. Rules are asked before the magic numbers, when a message is sent, for
    each recipient."""
    return rule_of(BOOK.add(call, rule_to_add(body, call.now), body.first))


def rule_to_add(body: s.NewRule, now: datetime) -> NewRule:
    """A rule as the store keeps it. Raises ControlError where it makes no sense."""
    options = {name: value for name, value in msgspec.structs.asdict(body.options).items() if value is not None}
    try:
        delivery_plan.check_scenario(body.scenario, options)
    except ValueError as why:
        raise ControlError("invalid", f"{why}.") from why
    what = {"scenario": body.scenario, "options": options}
    return NewRule(CARRIER, body.wanted, body.turns, what, body.until(now))


@operation("GET", "/rules/{rule}")
def read_rule(call: Call, rule: Id) -> s.Rule:
    """A rule by its id."""
    return rule_of(BOOK.find(call, rule))


@operation("DELETE", "/rules/{rule}")
def remove_rule(call: Call, rule: Id) -> Empty:
    """Take a rule away; what it decided stays as it was planned."""
    return BOOK.remove(call, rule)


@operation("DELETE", "/rules")
def remove_rules(call: Call) -> Empty:
    """Take every rule of the carrier away."""
    return BOOK.clear(call)


@operation("PUT", "/rules/order")
def order_rules(call: Call, body: Order) -> s.Rules:
    """Ask the rules of the carrier in another order."""
    BOOK.reorder(call, CARRIER, body.order)
    return list_rules.run(call)  # type: ignore[no-any-return]


def rule_of(rule: Rule) -> s.Rule:
    return s.Rule(**applied(rule), scenario=rule.what["scenario"], options=s.Options(**rule.what["options"]))


OPERATIONS = (list_scenarios, list_rules, add_rule, order_rules, read_rule, remove_rule, remove_rules)
