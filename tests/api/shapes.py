"""Comparison of responses with the types that methods declare."""

import types
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict


def find_mismatch(value: Any, hint: Any, path: str = "") -> str | None:
    """Return the first difference of a value from its declared type; None if there is none.

    The order of keys counts.
    """
    hint = _unmarked(hint)
    if get_origin(hint) is NotRequired:
        hint = get_args(hint)[0]
    if get_origin(hint) in (Union, types.UnionType):
        mismatches = [find_mismatch(value, each, path) for each in get_args(hint)]
        return None if None in mismatches else mismatches[0]
    if is_typeddict(hint):
        return _find_mismatch_of_keys(value, hint, path)
    if get_origin(hint) in (list, Sequence):
        inner = get_args(hint)[0]
        return (
            f"{path} is no list"
            if not isinstance(value, list)
            else _first(find_mismatch(each, inner, f"{path}[{index}]") for index, each in enumerate(value))
        )
    if get_origin(hint) is Mapping:
        return None if isinstance(value, Mapping) else f"{path} is no mapping"
    if hint is datetime or hint is date or hint is Decimal:
        return None if type(value) is hint else f"{path} is {value!r}, not a {hint.__name__}"
    if hint is None or hint is type(None):
        return None if value is None else f"{path} is {value!r}, not None"
    return None if type(value) is hint else f"{path} is {value!r}, not a {hint.__name__}"


def _find_mismatch_of_keys(value: Any, hint: Any, path: str) -> str | None:
    if not isinstance(value, Mapping):
        return f"{path} is no mapping"
    hints = get_type_hints(hint, include_extras=True)
    if [key for key in hints if key in value] != list(value):
        return f"{path} has the keys {list(value)}, in another order than {list(hints)}"
    missing = hint.__required_keys__ - set(value)
    if missing:
        return f"{path} lacks {sorted(missing)}"
    return _first(find_mismatch(inner, hints[key], f"{path}.{key}") for key, inner in value.items())


def _first(mismatches: Any) -> str | None:
    return next((each for each in mismatches if each is not None), None)


def list_branches(hint: Any, path: str = "") -> set[tuple[str, str]]:
    """Return the alternatives in a type: keys that may be missing, values that may be null."""
    hint = _unmarked(hint)
    branches: set[tuple[str, str]] = set()
    if get_origin(hint) is NotRequired:
        return {(path, "there"), (path, "missing")} | list_branches(get_args(hint)[0], path)
    for each in _inside(hint):
        branches |= list_branches(each, path)
    if type(None) in _inside(hint):
        branches |= {(path, "null"), (path, "not null")}
    if is_typeddict(hint):
        for key, inner in get_type_hints(hint, include_extras=True).items():
            branches |= list_branches(inner, f"{path}.{key}")
    return branches


def list_taken(value: Any, hint: Any, path: str = "") -> set[tuple[str, str]]:
    """Return which alternatives of a type a value has."""
    hint = _unmarked(hint)
    if get_origin(hint) is NotRequired:
        return {(path, "there")} | list_taken(value, get_args(hint)[0], path)
    branches: set[tuple[str, str]] = set()
    if get_origin(hint) in (Union, types.UnionType):
        if type(None) in _inside(hint):
            branches.add((path, "null" if value is None else "not null"))
        return branches.union(
            *(list_taken(value, each, path) for each in _inside(hint) if find_mismatch(value, each) is None)
        )
    if is_typeddict(hint):
        for key, inner in get_type_hints(hint, include_extras=True).items():
            if key in value:
                branches |= list_taken(value[key], inner, f"{path}.{key}")
            elif get_origin(inner) is NotRequired:
                branches.add((f"{path}.{key}", "missing"))
    elif get_origin(hint) in (list, Sequence):
        branches = branches.union(*(list_taken(each, get_args(hint)[0], path) for each in value))
    return branches


def _unmarked(hint: Any) -> Any:
    """Return a type without the mark of a secret."""
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _inside(hint: Any) -> tuple[Any, ...]:
    """Return the members of a union, or the item type of a list."""
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType, list, Sequence) else ()


def without_error(response: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the fields of a response in their order, without the error block."""
    return [each for each in response.items() if each[0] != "error"]
