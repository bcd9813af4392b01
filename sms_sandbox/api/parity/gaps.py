"""Known differences from the real service, and assumptions about it: the table gaps.toml."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

from msgspec import Struct

from .evidence import EVIDENCE


class Gap(Struct, frozen=True):
    """A difference from the real service, or an assumption that may be one.

    `really` says what the real service is known to do; it is None for an assumption. Without `methods`, the gap
    concerns every call.
    """

    what: str
    here: str
    really: str | None = None
    why: str | None = None
    methods: frozenset[str] = frozenset()


@lru_cache(1)
def load_gaps() -> Sequence[Gap]:
    """Return all gaps: first the known differences, then the assumptions, in the order of the table."""
    table = tomllib.loads(files(__package__).joinpath("gaps.toml").read_text("utf-8"))
    known = [
        Gap(row["what"], row["here"], row["real"], row["why"], expand_methods(row, table)) for row in table["known"]
    ]
    assumed = [Gap(row["what"], row["here"], methods=expand_methods(row, table)) for row in table["assumed"]]
    return [*known, *assumed]


def expand_methods(row: Mapping[str, Any], table: Mapping[str, Any]) -> frozenset[str]:
    """Return the methods that a row names, with groups replaced by their members. Raises ValueError for other names."""
    methods: set[str] = set()
    for name in row.get("methods", ()):
        methods.update(table["groups"].get(name, [name]))
    if unknown := methods - EVIDENCE.keys():
        raise ValueError(f"{row['what']!r} names unknown methods: {', '.join(sorted(unknown))}")
    return frozenset(methods)
