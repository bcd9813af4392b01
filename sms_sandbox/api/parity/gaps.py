"""What is known to differ from the real service, and what had to be assumed: the table gaps.toml."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from .evidence import EVIDENCE


@dataclass(frozen=True)
class Gap:
    """Something the real service does another way, as it `really` is known to do, or may do, where nothing tells.

    `methods` are those it touches; none means every call.
    """

    what: str
    here: str
    really: str | None = None
    why: str | None = None
    methods: frozenset[str] = frozenset()


@lru_cache(1)
def gaps() -> Sequence[Gap]:
    """All there are: first those known to differ, then what is assumed, each in the order of the table."""
    table = tomllib.loads(files(__package__).joinpath("gaps.toml").read_text("utf-8"))
    known = [Gap(row["what"], row["here"], row["real"], row["why"], touched(row, table)) for row in table["known"]]
    assumed = [Gap(row["what"], row["here"], methods=touched(row, table)) for row in table["assumed"]]
    return [*known, *assumed]


def touched(row: Mapping[str, Any], table: Mapping[str, Any]) -> frozenset[str]:
    """The methods a row names, groups of them taken apart; ValueError for a name that is neither."""
    found: set[str] = set()
    for name in row.get("methods", ()):
        found.update(table["groups"].get(name, [name]))
    if unknown := found - EVIDENCE.keys():
        raise ValueError(f"{row['what']!r} names what is no method: {', '.join(sorted(unknown))}")
    return frozenset(found)
