"""The parity of each method with the real service: evidence, last validation, known gaps."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from importlib.resources import files

from msgspec import Struct

from ..routes import load_methods
from .evidence import EVIDENCE, Evidence
from .gaps import Gap, load_gaps

VALIDATED = "validated.json"
"""Maps each method to the day its responses were last recorded from the real endpoint. `make docs` writes it."""


class Parity(Struct, frozen=True):
    """Facts about one method. `validated` is None if the contract suite never saw its responses."""

    method: str
    group: str
    evidence: Evidence
    validated: date | None
    gaps: Sequence[Gap]


@lru_cache(1)
def list_parity() -> Sequence[Parity]:
    """Return the parity of every method, in the order of the provider's chapters."""
    dates = load_validation_dates()
    offered = load_methods()
    return [
        Parity(
            name, offered[name].group, evidence, dates.get(name), [gap for gap in load_gaps() if name in gap.methods]
        )
        for name, evidence in EVIDENCE.items()
    ]


def load_validation_dates() -> Mapping[str, date]:
    """Return when each method was last validated against the real endpoint, if ever."""
    read = json.loads(files(__package__).joinpath(VALIDATED).read_text("utf-8"))
    return {name: date.fromisoformat(day) for name, day in read.items()}


def list_general_gaps() -> Sequence[Gap]:
    """Return the gaps that concern every call."""
    return [gap for gap in load_gaps() if not gap.methods]


def count_having(mark: str) -> int:
    """Return how many methods have a mark, alone or among others."""
    return sum(mark in evidence.marks for evidence in EVIDENCE.values())


def count_resting_on(mark: str) -> int:
    """Return how many methods have no stronger evidence for their response than a mark."""
    return sum(evidence.reply.startswith(mark) for evidence in EVIDENCE.values())
