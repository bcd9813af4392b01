"""Shapes of the comparison with the real service."""

from datetime import date
from typing import Literal

from .primitives import Response

Mark = Literal["logged", "recorded", "documented", "clients", "assumed"]


class Gap(Response):
    """A difference from the real service. `here` is about the sandbox, `really` about the real service, if known."""

    what: str
    here: str
    really: str | None


class Evidence(Response):
    """The evidence for each aspect of a method, the strongest first."""

    parameters: list[Mark]
    reply: list[Mark]
    xml: list[Mark]
    refusals: list[Mark]


class MethodParity(Response):
    """One method compared. `validated` is when the contract suite last recorded it from the real endpoint."""

    method: str
    group: str
    evidence: Evidence
    validated: date | None
    gaps: list[Gap]


class EvidenceCount(Response):
    """A count of methods with this kind of evidence. `reply` counts those whose reply has nothing stronger."""

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
