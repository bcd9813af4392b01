"""How near each method is to the real service: what stands behind it, when that was last validated, and known gaps."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files

from ..routes import methods
from .evidence import EVIDENCE, Evidence
from .gaps import Gap, gaps

VALIDATED = "validated.json"
"""By method, the day its answers were last recorded from the real endpoint; `make docs` writes it."""


@dataclass(frozen=True)
class Parity:
    """What is known of one method; `validated` is None where its answers were never seen by the contract suite."""

    method: str
    group: str
    evidence: Evidence
    validated: date | None
    gaps: Sequence[Gap]


@lru_cache(1)
def parity() -> Sequence[Parity]:
    """Of every method, in the order of the provider's chapters."""
    known = validated()
    offered = methods()
    return [
        Parity(name, offered[name].group, evidence, known.get(name), [each for each in gaps() if name in each.methods])
        for name, evidence in EVIDENCE.items()
    ]


def validated() -> Mapping[str, date]:
    """When each method was last validated against the real endpoint; those that never were are not in it."""
    read = json.loads(files(__package__).joinpath(VALIDATED).read_text("utf-8"))
    return {name: date.fromisoformat(day) for name, day in read.items()}


def of_all() -> Sequence[Gap]:
    """The gaps that touch every call."""
    return [each for each in gaps() if not each.methods]


def having(mark: str) -> int:
    """How many methods have a mark behind them, by itself or among others."""
    return sum(mark in each.marks for each in EVIDENCE.values())


def resting_on(mark: str) -> int:
    """How many methods have a reply for which nothing stronger stands than a mark."""
    return sum(each.reply.startswith(mark) for each in EVIDENCE.values())
