"""What is done with rules of a tester, whatever they do: those of the carrier, and faults."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..store import rules
from ..store.rules import NewRule, Rule
from .declare import Call
from .errors import ControlError
from .shapes.primitives import Empty


@dataclass(frozen=True)
class Rulebook:
    """Rules of some kinds; `noun` is what refusals call one of them."""

    noun: str
    kinds: Sequence[str]

    def known(self, call: Call) -> list[Rule]:
        """All there are, those of each kind in the order they are asked."""
        return [each for kind in self.kinds for each in rules.of_kind(call.db, call.tenant.id, kind)]

    def find(self, call: Call, rule: int) -> Rule:
        """The one of that id. Raises ControlError where there is none."""
        for each in self.known(call):
            if each.id == rule:
                return each
        raise ControlError("not_found", f"There is no {self.noun} {rule}.")

    def add(self, call: Call, new: NewRule, first: bool) -> Rule:
        """Put one behind those of its kind, or before them."""
        return self.find(call, rules.add(call.db, call.tenant.id, new, first))

    def remove(self, call: Call, rule: int) -> Empty:
        """Take one away. Raises ControlError where there is none of that id."""
        rules.remove(call.db, call.tenant.id, self.find(call, rule).id)
        return Empty()

    def clear(self, call: Call) -> Empty:
        """Take all away."""
        for kind in self.kinds:
            rules.clear(call.db, call.tenant.id, kind)
        return Empty()

    def reorder(self, call: Call, kind: str, order: Sequence[int]) -> None:
        """Ask those of a kind in another order. Raises ControlError unless it names each of them once."""
        try:
            rules.reorder(call.db, call.tenant.id, kind, order)
        except ValueError as why:
            raise ControlError("conflict", str(why)) from why
