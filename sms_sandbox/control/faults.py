"""Faults: what shall go wrong with calls of the API and with callbacks."""

import msgspec

from ..store import rules
from ..store.rules import NewRule, Rule
from . import fault_shapes as s
from .declare import Call, operation
from .errors import ControlError
from .rule_shapes import applied
from .shapes import Empty, Id

KINDS = (rules.API, rules.CALLBACK)


@operation("GET", "/faults")
def list_faults(call: Call) -> s.Faults:
    """The faults there are, in the order they are asked, with how often each met something."""
    return s.Faults([fault_of(each) for kind in KINDS for each in rules.of_kind(call.db, call.tenant.id, kind)])


@operation("POST", "/faults", status=201)
def add_fault(call: Call, body: s.NewFault) -> s.FaultState:
    """Let something go wrong: with calls of the API, or with callbacks. The first fault that fits decides."""
    new = NewRule(body.on, body.wanted, body.turns, body.fault.as_given(), body.until(call.now))
    return fault_of(found(call, rules.add(call.db, call.tenant.id, new, body.first)))


@operation("GET", "/faults/{fault}")
def read_fault(call: Call, fault: Id) -> s.FaultState:
    """A fault by its id."""
    return fault_of(found(call, fault))


@operation("DELETE", "/faults/{fault}")
def remove_fault(call: Call, fault: Id) -> Empty:
    """Take a fault away."""
    rules.remove(call.db, call.tenant.id, found(call, fault).id)
    return Empty()


@operation("DELETE", "/faults")
def clear_faults(call: Call) -> Empty:
    """Take all faults away, at the API and on callbacks."""
    for kind in KINDS:
        rules.clear(call.db, call.tenant.id, kind)
    return Empty()


@operation("PUT", "/faults/order")
def order_faults(call: Call, body: s.FaultOrder) -> s.Faults:
    """Say in what order the faults at the API, or those on callbacks, are asked: every id once."""
    try:
        rules.reorder(call.db, call.tenant.id, body.on, body.order)
    except ValueError as why:
        raise ControlError("conflict", str(why)) from why
    return list_faults.run(call)  # type: ignore[no-any-return]


def found(call: Call, fault: int) -> Rule:
    """The fault of that id."""
    for kind in KINDS:
        for each in rules.of_kind(call.db, call.tenant.id, kind):
            if each.id == fault:
                return each
    raise ControlError("not_found", f"There is no fault {fault}.")


def fault_of(rule: Rule) -> s.FaultState:
    return msgspec.convert({**rule.what, **applied(rule)}, s.FaultState)


OPERATIONS = (list_faults, order_faults, add_fault, read_fault, remove_fault, clear_faults)
