"""Whether a reply is of the shape its method declares."""

import types
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict


def misfit(value: Any, hint: Any, at: str = "") -> str | None:
    """Where a value is not of its declared shape, keys out of order included; None if it is."""
    hint = _unmarked(hint)
    if get_origin(hint) is NotRequired:
        hint = get_args(hint)[0]
    if get_origin(hint) in (Union, types.UnionType):
        found = [misfit(value, each, at) for each in get_args(hint)]
        return None if None in found else found[0]
    if is_typeddict(hint):
        return _misfit_of_keys(value, hint, at)
    if get_origin(hint) in (list, Sequence):
        inner = get_args(hint)[0]
        return (
            f"{at} is no list"
            if not isinstance(value, list)
            else _first(misfit(each, inner, f"{at}[{index}]") for index, each in enumerate(value))
        )
    if get_origin(hint) is Mapping:
        return None if isinstance(value, Mapping) else f"{at} is no mapping"
    if hint is datetime or hint is date or hint is Decimal:
        return None if type(value) is hint else f"{at} is {value!r}, not a {hint.__name__}"
    if hint is None or hint is type(None):
        return None if value is None else f"{at} is {value!r}, not None"
    return None if type(value) is hint else f"{at} is {value!r}, not a {hint.__name__}"


def _misfit_of_keys(value: Any, hint: Any, at: str) -> str | None:
    if not isinstance(value, Mapping):
        return f"{at} is no mapping"
    hints = get_type_hints(hint, include_extras=True)
    if [key for key in hints if key in value] != list(value):
        return f"{at} has the keys {list(value)}, in another order than {list(hints)}"
    missing = hint.__required_keys__ - set(value)
    if missing:
        return f"{at} lacks {sorted(missing)}"
    return _first(misfit(inner, hints[key], f"{at}.{key}") for key, inner in value.items())


def _first(found: Any) -> str | None:
    return next((each for each in found if each is not None), None)


def branches(hint: Any, at: str = "") -> set[tuple[str, str]]:
    """All that may be so or otherwise in a value of a shape: keys that may be missing, values that may be null."""
    hint = _unmarked(hint)
    found: set[tuple[str, str]] = set()
    if get_origin(hint) is NotRequired:
        return {(at, "there"), (at, "missing")} | branches(get_args(hint)[0], at)
    for each in _inside(hint):
        found |= branches(each, at)
    if type(None) in _inside(hint):
        found |= {(at, "null"), (at, "not null")}
    if is_typeddict(hint):
        for key, inner in get_type_hints(hint, include_extras=True).items():
            found |= branches(inner, f"{at}.{key}")
    return found


def taken(value: Any, hint: Any, at: str = "") -> set[tuple[str, str]]:
    """Which of the branches of a shape a value is."""
    hint = _unmarked(hint)
    if get_origin(hint) is NotRequired:
        return {(at, "there")} | taken(value, get_args(hint)[0], at)
    found: set[tuple[str, str]] = set()
    if get_origin(hint) in (Union, types.UnionType):
        if type(None) in _inside(hint):
            found.add((at, "null" if value is None else "not null"))
        return found.union(*(taken(value, each, at) for each in _inside(hint) if misfit(value, each) is None))
    if is_typeddict(hint):
        for key, inner in get_type_hints(hint, include_extras=True).items():
            if key in value:
                found |= taken(value[key], inner, f"{at}.{key}")
            elif get_origin(inner) is NotRequired:
                found.add((f"{at}.{key}", "missing"))
    elif get_origin(hint) in (list, Sequence):
        found = found.union(*(taken(each, get_args(hint)[0], at) for each in value))
    return found


def _unmarked(hint: Any) -> Any:
    """A type without the mark of a secret."""
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _inside(hint: Any) -> tuple[Any, ...]:
    """The alternatives of a union, the items of a list."""
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType, list, Sequence) else ()
