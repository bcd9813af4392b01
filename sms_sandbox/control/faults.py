"""Faults: what shall go wrong with calls of the API and with callbacks."""

import msgspec

from ..domain.faults import API, CALLBACK
from ..store.rules import NewRule, Rule
from .declare import Call, operation
from .rulebook import Rulebook
from .shapes import faults as s
from .shapes.primitives import Empty, Id
from .shapes.rule_match import applied

BOOK = Rulebook("fault", (API, CALLBACK))


@operation("GET", "/faults")
def list_faults(call: Call) -> s.Faults:
    """The faults there are, in the order they are asked, with how often each met something."""
    return s.Faults([fault_of(each) for each in BOOK.known(call)])


@operation("POST", "/faults", status=201)
def add_fault(call: Call, body: s.NewFault) -> s.FaultState:
    """Let something go wrong: with calls of the API, or with callbacks. The first fault that fits decides."""
    new = NewRule(body.on, body.wanted, body.turns, body.fault.given_fields(), body.until(call.now))
    return fault_of(BOOK.add(call, new, body.first))


@operation("GET", "/faults/{fault}")
def read_fault(call: Call, fault: Id) -> s.FaultState:
    """A fault by its id."""
    return fault_of(BOOK.find(call, fault))


@operation("DELETE", "/faults/{fault}")
def remove_fault(call: Call, fault: Id) -> Empty:
    """Take a fault away."""
    return BOOK.remove(call, fault)


@operation("DELETE", "/faults")
def clear_faults(call: Call) -> Empty:
    """Take all faults away, at the API and on callbacks."""
    return BOOK.clear(call)


@operation("PUT", "/faults/order")
def order_faults(call: Call, body: s.FaultOrder) -> s.Faults:
    """Say in what order the faults at the API, or those on callbacks, are asked: every id once."""
    BOOK.reorder(call, body.on, body.order)
    return list_faults.run(call)  # type: ignore[no-any-return]


def fault_of(rule: Rule) -> s.FaultState:
    return msgspec.convert({**rule.what, **applied(rule)}, s.FaultState)


OPERATIONS = (list_faults, order_faults, add_fault, read_fault, remove_fault, clear_faults)
