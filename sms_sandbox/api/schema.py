"""JSON Schema of replies, from the types methods are declared to answer."""

import types
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from .params import Schema

SCALARS: Mapping[Any, Schema] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    # A text that looks like a number goes out as one, whatever field it is in.
    str: {"type": ["string", "number"]},
    Decimal: {"type": "number"},
    datetime: {"type": "string", "examples": ["2020-06-21 04:47:25"]},
    date: {"type": "string", "examples": ["2020-06-21"]},
    type(None): {"type": "null"},
    Any: {},
}

SECRET = object()
"""Marks a value of a reply that is kept out of the journal: `Annotated[str, SECRET]`."""

ADDRESS = object()
"""Marks a URL of the user's in a reply, which may hold something secret: `Annotated[str, ADDRESS]`."""


def marked(hint: Any, mark: object) -> frozenset[str]:
    """The keys of values that have a mark, in a type and those inside it."""
    found: set[str] = set()
    if is_typeddict(hint):
        for name, each in get_type_hints(hint, include_extras=True).items():
            found |= {name} if mark in getattr(each, "__metadata__", ()) else marked(each, mark)
    for each in get_args(hint):
        found |= marked(each, mark)
    return frozenset(found)


def schema_of(hint: Any) -> Schema:
    """The schema of a type: scalars, TypedDicts, lists, mappings, and unions of them."""
    if hint in SCALARS:
        return dict(SCALARS[hint])
    if is_typeddict(hint):
        return object_of(hint)
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return schema_of(inner[0])
    if origin in (Required, NotRequired):
        return schema_of(inner[0])
    if origin in (Union, types.UnionType):
        return {"anyOf": [schema_of(each) for each in inner]}
    if origin is Literal:
        return {"enum": list(inner)}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": schema_of(inner[1])}
    if isinstance(origin, type):
        return {"type": "array", "items": schema_of(inner[0])}
    raise TypeError(f"{hint} has no schema")


def object_of(hint: Any) -> Schema:
    """The schema of a TypedDict; its keys stand in the order of the wire."""
    hints = get_type_hints(hint, include_extras=True)
    return {
        "type": "object",
        "properties": {name: schema_of(each) for name, each in hints.items()},
        "required": [name for name, each in hints.items() if name in hint.__required_keys__],
    }
