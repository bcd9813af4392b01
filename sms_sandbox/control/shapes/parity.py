"""Shapes of the comparison with the real service."""

from datetime import date
from typing import Literal

from .primitives import Response

Mark = Literal["recorded", "documented", "clients", "assumed"]


class Gap(Response):
    """A difference from the real service. `really` is what the real service does; null if that is not known."""

    what: str
    here: str
    really: str | None


class Evidence(Response):
    """What each aspect of a method is based on, the strongest evidence first."""

    parameters: list[Mark]
    reply: list[Mark]
    xml: list[Mark]
    refusals: list[Mark]


class MethodParity(Response):
    """How close one method is. `validated` is when the contract suite last recorded it from the real endpoint."""

    method: str
    group: str
    evidence: Evidence
    validated: date | None
    gaps: list[Gap]


class EvidenceCount(Response):
    """How many methods have this kind of evidence. `reply`: for how many replies it is the strongest."""

    mark: Mark
    meaning: str
    methods: int
    reply: int


class Parity(Response):
    """Totals, the gaps that all methods share, and each method. `validated` counts methods that ever were."""

    total: int
    validated: int
    counts: list[EvidenceCount]
    gaps: list[Gap]
    methods: list[MethodParity]
