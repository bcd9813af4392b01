"""JSON Schemas of responses, built from the return types of methods."""

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

_SCALARS: Mapping[Any, Schema] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    # A text that looks like a number is sent as one, in any field.
    str: {"type": ["string", "number"]},
    Decimal: {"type": "number"},
    datetime: {"type": "string", "examples": ["2020-06-21 04:47:25"]},
    date: {"type": "string", "examples": ["2020-06-21"]},
    type(None): {"type": "null"},
    Any: {},
}

SECRET = object()
"""Marks a value of a response that traffic entries redact: `Annotated[str, SECRET]`."""

ADDRESS = object()
"""Marks a user's URL in a response, which may hold a secret: `Annotated[str, ADDRESS]`."""


def find_marked_keys(hint: Any, mark: object) -> frozenset[str]:
    """Return the keys whose values have a mark, at any depth of a type."""
    keys: set[str] = set()
    if is_typeddict(hint):
        for name, inner in get_type_hints(hint, include_extras=True).items():
            keys |= {name} if mark in getattr(inner, "__metadata__", ()) else find_marked_keys(inner, mark)
    for inner in get_args(hint):
        keys |= find_marked_keys(inner, mark)
    return frozenset(keys)


def schema_of(hint: Any) -> Schema:
    """Return the schema of a scalar, TypedDict, list, mapping, or union of them."""
    if hint in _SCALARS:
        return dict(_SCALARS[hint])
    if is_typeddict(hint):
        return _schema_of_dict(hint)
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


def _schema_of_dict(hint: Any) -> Schema:
    """Return the schema of a TypedDict, with its keys in the order of the wire."""
    hints = get_type_hints(hint, include_extras=True)
    return {
        "type": "object",
        "properties": {name: schema_of(each) for name, each in hints.items()},
        "required": [name for name, each in hints.items() if name in hint.__required_keys__],
    }
