"""Operations on scenarios and on the carrier rules that choose them."""

from datetime import datetime

import msgspec

from ..domain import delivery_plan, scenarios
from ..store.rules import CARRIER, NewRule, Rule
from .declare import Call, operation
from .errors import ControlError
from .rulebook import Rulebook, new_rule, state_of
from .shapes import carrier_rules as shapes
from .shapes.primitives import Empty, Id
from .shapes.rule_match import RuleOrder, RuleSwitch

_RULEBOOK = Rulebook("rule", (CARRIER,))


@operation("GET", "/scenarios")
def list_scenarios(call: Call) -> shapes.Catalogue:
    """List the scenarios: what each does, its events in order, and the numbers it applies to without any rule.

    Times are in seconds from when a message is sent, by the tenant's own delivery delay, which `when` calls D.
    """
    catalogue = scenarios.catalogue(call.tenant.delivery_delay)
    return shapes.Catalogue(msgspec.convert(catalogue, list[shapes.Scenario]))


@operation("GET", "/rules")
def list_rules(call: Call) -> shapes.Rules:
    """List the carrier rules in the order they are checked. The first rule that matches decides."""
    return shapes.Rules([_shape(rule) for rule in _RULEBOOK.all(call)])


@operation("POST", "/rules", status=201)
def add_rule(call: Call, body: shapes.NewRule) -> shapes.Rule:
    """Add a carrier rule: messages that match it get its scenario.

    Rules are checked when a message is sent, for each recipient, and before the numbers of the catalogue.
    """
    return _shape(_RULEBOOK.add(call, store_rule(body, call.now), body.first))


def store_rule(body: shapes.NewRule, now: datetime) -> NewRule:
    """Convert a rule to the form the store keeps. Raises ControlError if it is invalid."""
    options = {name: value for name, value in msgspec.structs.asdict(body.options).items() if value is not None}
    try:
        delivery_plan.check_scenario(body.scenario, options)
    except ValueError as why:
        raise ControlError("invalid", f"{why}.") from why
    return new_rule(CARRIER, body, {"scenario": body.scenario, "options": options}, now)


@operation("GET", "/rules/{rule}")
def read_rule(call: Call, rule: Id) -> shapes.Rule:
    """Return a carrier rule by its id."""
    return _shape(_RULEBOOK.find(call, rule))


@operation("PATCH", "/rules/{rule}")
def switch_rule(call: Call, rule: Id, body: RuleSwitch) -> shapes.Rule:
    """Switch a carrier rule on or off. While it is off, it keeps its counts and its place."""
    return _shape(_RULEBOOK.enable(call, rule, body.enabled))


@operation("DELETE", "/rules/{rule}")
def remove_rule(call: Call, rule: Id) -> Empty:
    """Remove a carrier rule. What it already planned stays planned."""
    return _RULEBOOK.remove(call, rule)


@operation("DELETE", "/rules")
def remove_rules(call: Call) -> Empty:
    """Remove all carrier rules."""
    return _RULEBOOK.clear(call)


@operation("PUT", "/rules/order")
def order_rules(call: Call, body: RuleOrder) -> shapes.Rules:
    """Change the order in which carrier rules are checked."""
    _RULEBOOK.reorder(call, CARRIER, body.order)
    return list_rules.run(call)  # type: ignore[no-any-return]


def _shape(rule: Rule) -> shapes.Rule:
    return shapes.Rule(
        **state_of(rule), scenario=rule.what["scenario"], options=shapes.RuleOptions(**rule.what["options"])
    )


OPERATIONS = (list_scenarios, list_rules, add_rule, order_rules, read_rule, switch_rule, remove_rule, remove_rules)
