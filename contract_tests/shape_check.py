"""The check of an answer against a shape."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from .shapes import Either, Named, Shape

Problems = Iterator[str]

_NUMERIC = re.compile(r"[ \t\n\r\v\f]*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MOMENT = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-5][0-9]")
_DAY = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]")
_MONEY = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]{0,2}[1-9])?")
_STANDING = re.compile(r"\D{1,3}-?[0-9]+\.[0-9]{3}")


def is_numeric(text: str) -> bool:
    """True if the API writes a text as a number in JSON (2.3): if it is numeric for PHP."""
    return _NUMERIC.fullmatch(text) is not None


def _is_text(value: Any) -> bool:
    """True for a value that the API gives for a text: numeric texts become JSON numbers (2.3)."""
    return _is_number(value) or (isinstance(value, str) and not is_numeric(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _is_money(value: Any) -> bool:
    return _is_number(value) and _MONEY.fullmatch(str(value)) is not None


def _matches(pattern: re.Pattern[str], ending: str = "") -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and bool(pattern.fullmatch(value)) and value.endswith(ending)


KINDS: Mapping[str, tuple[str, Callable[[Any], bool], Callable[[str], bool]]] = {
    "int": ("a whole number", lambda value: type(value) is int, lambda text: bool(re.fullmatch(r"-?[0-9]+", text))),
    "money": ("a number of at most 3 decimals", _is_money, lambda text: bool(_MONEY.fullmatch(text))),
    "text": ("a text, unquoted if it is a number", _is_text, lambda _: True),
    "word": ("a text of at least one letter", lambda value: isinstance(value, str) and bool(value) and
             not is_numeric(value), bool),
    "moment": ("YYYY-MM-DD HH:MM:SS", _matches(_MOMENT), _matches(_MOMENT)),
    "minute": ("YYYY-MM-DD HH:MM:00", _matches(_MOMENT, ":00"), _matches(_MOMENT, ":00")),
    "day": ("YYYY-MM-DD", _matches(_DAY), _matches(_DAY)),
    "standing": ("a currency's sign and 3 decimals", _matches(_STANDING), _matches(_STANDING)),
    "bool": ("true or false", lambda value: isinstance(value, bool), lambda text: text in ("true", "false")),
    "true": ("true", lambda value: value is True, lambda text: text == "true"),
    "null": ("null", lambda value: value is None, lambda text: text == ""),
    "none": ("an empty array", lambda value: value == [] and isinstance(value, list), lambda text: text == ""),
}  # fmt: skip
"""Kinds: the description, the check of a JSON value, and the check of an XML text."""


def shape_problems(value: Any, shape: Shape, is_xml: bool, path: str = "") -> Problems:
    """Yield everything in an answer that contradicts its shape, with its path."""
    if isinstance(shape, str):
        yield from _kind_problems(value, shape, is_xml, path)
    elif isinstance(shape, tuple):
        if value not in shape:
            yield f"{path or '.'} is {format_value(value)}, none of {', '.join(map(repr, shape))}"
    elif isinstance(shape, Either):
        problems = [list(shape_problems(value, option, is_xml, path)) for option in shape.shapes]
        if all(problems):
            yield from min(problems, key=len)
    elif isinstance(shape, Named):
        if not isinstance(value, dict) or not value:
            yield f"{path or '.'} is {format_value(value)}, not an object of names"
        else:
            for name, item in value.items():
                yield from shape_problems(item, shape.values, is_xml, f"{path}.{name}")
    elif isinstance(shape, list):
        if not isinstance(value, list) or not value:
            yield f"{path or '.'} is {format_value(value)}, not an array of at least one item"
        else:
            for index, item in enumerate(value):
                yield from shape_problems(item, shape[0], is_xml, f"{path}[{index}]")
    else:
        yield from _key_problems(value, shape, is_xml, path)


def _kind_problems(value: Any, kinds: str, is_xml: bool, path: str) -> Problems:
    options = [KINDS[kind] for kind in kinds.split("|")]
    if is_xml:
        fits = isinstance(value, str) and any(fits_xml(value) for _, _, fits_xml in options)
    else:
        fits = any(fits_json(value) for _, fits_json, _ in options)
    if not fits:
        yield f"{path or '.'} is {format_value(value)}, not {' or '.join(name for name, _, _ in options)}"


def _key_problems(value: Any, shape: Mapping[str, Shape], is_xml: bool, path: str) -> Problems:
    if not isinstance(value, dict):
        # In XML an object without keys looks like an empty text.
        if shape or not (is_xml and value == ""):
            yield f"{path or '.'} is {format_value(value)}, not an object"
        return
    # A blank is not allowed in the name of an element.
    shape = {key.replace(" ", "_") if is_xml else key: inner for key, inner in shape.items()}
    shapes = {key.removesuffix("?"): inner for key, inner in shape.items()}
    for key in shape:
        if not key.endswith("?") and key not in value:
            yield f"{path}.{key} is missing"
    for key in value:
        if key not in shapes:
            yield f"{path}.{key} is not documented"
    order = [key for key in shapes if key in value]
    if (keys := [key for key in value if key in shapes]) != order:
        yield f"{path or '.'} has its keys in the order {keys}, not {order}"
    for key, inner in shapes.items():
        if key in value:
            yield from shape_problems(value[key], inner, is_xml, f"{path}.{key}")


def format_value(value: Any) -> str:
    """Return a value for a message, shortened to 80 characters."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."
