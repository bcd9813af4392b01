"""Operations on faults, which make calls of the API and callbacks fail."""

from datetime import datetime

import msgspec

from ..domain.faults import API, CALLBACK
from ..store.rules import NewRule, Rule
from .declare import Call, operation
from .rulebook import Rulebook, new_rule, state_of
from .shapes import faults as shapes
from .shapes.primitives import Empty, Id
from .shapes.rule_match import RuleSwitch

_RULEBOOK = Rulebook("fault", (API, CALLBACK))


@operation("GET", "/faults")
def list_faults(call: Call) -> shapes.Faults:
    """List the faults in the order they are checked, with how often each was used."""
    return shapes.Faults([_shape(rule) for rule in _RULEBOOK.all(call)])


@operation("POST", "/faults", status=201)
def add_fault(call: Call, body: shapes.NewFault) -> shapes.Fault:
    """Add a fault on calls of the API or on callbacks. The first fault that matches is used."""
    return _shape(_RULEBOOK.add(call, store_fault(body, call.now), body.first))


def store_fault(body: shapes.NewFault, now: datetime) -> NewRule:
    """Convert a fault to the form the store keeps. Raises ControlError if its match can't be read."""
    return new_rule(body.on, body, body.fault.given_fields(), now)


@operation("GET", "/faults/{fault}")
def read_fault(call: Call, fault: Id) -> shapes.Fault:
    """Return a fault by its id."""
    return _shape(_RULEBOOK.find(call, fault))


@operation("PATCH", "/faults/{fault}")
def switch_fault(call: Call, fault: Id, body: RuleSwitch) -> shapes.Fault:
    """Switch a fault on or off. While it is off, it keeps its counts and its place."""
    return _shape(_RULEBOOK.enable(call, fault, body.enabled))


@operation("DELETE", "/faults/{fault}")
def remove_fault(call: Call, fault: Id) -> Empty:
    """Remove a fault."""
    return _RULEBOOK.remove(call, fault)


@operation("DELETE", "/faults")
def clear_faults(call: Call) -> Empty:
    """Remove all faults, those on API calls and those on callbacks."""
    return _RULEBOOK.clear(call)


@operation("PUT", "/faults/order")
def order_faults(call: Call, body: shapes.FaultOrder) -> shapes.Faults:
    """Change the order in which faults on API calls, or those on callbacks, are checked. Give every id once."""
    _RULEBOOK.reorder(call, body.on, body.order)
    return list_faults.run(call)  # type: ignore[no-any-return]


def _shape(rule: Rule) -> shapes.Fault:
    return msgspec.convert({**rule.what, **state_of(rule)}, shapes.Fault)


OPERATIONS = (list_faults, order_faults, add_fault, read_fault, switch_fault, remove_fault, clear_faults)
