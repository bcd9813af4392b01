"""Whether an answer is of a shape: what is wrong, and where."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from .shapes import Either, Named, Shape

Misfits = Iterator[str]

_NUMERIC = re.compile(r"[ \t\n\r\v\f]*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MOMENT = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-5][0-9]")
_DAY = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]")
_MONEY = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]{0,2}[1-9])?")
_STANDING = re.compile(r"\D{1,3}-?[0-9]+\.[0-9]{3}")


def is_numeric(text: str) -> bool:
    """Whether the API spells a text as a number in JSON: what PHP takes for one (2.3)."""
    return _NUMERIC.fullmatch(text) is not None


def _is_text(value: Any) -> bool:
    """A free text: a string, or a number where the text is one; never a number in quotes."""
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
"""What each kind is called, whether a value of JSON is of it, and whether a text of XML is."""


def misfits(value: Any, shape: Shape, is_xml: bool, at: str = "") -> Misfits:
    """Everything in an answer that is not as its shape says, each with its path."""
    if isinstance(shape, str):
        yield from _misfits_of_kinds(value, shape, is_xml, at)
    elif isinstance(shape, tuple):
        if value not in shape:
            yield f"{at or '.'} is {shown(value)}, none of {', '.join(map(repr, shape))}"
    elif isinstance(shape, Either):
        found = [list(misfits(value, each, is_xml, at)) for each in shape.shapes]
        if all(found):
            yield from min(found, key=len)
    elif isinstance(shape, Named):
        if not isinstance(value, dict) or not value:
            yield f"{at or '.'} is {shown(value)}, not an object of names"
        else:
            for name, each in value.items():
                yield from misfits(each, shape.values, is_xml, f"{at}.{name}")
    elif isinstance(shape, list):
        if not isinstance(value, list) or not value:
            yield f"{at or '.'} is {shown(value)}, not an array of at least one item"
        else:
            for index, each in enumerate(value):
                yield from misfits(each, shape[0], is_xml, f"{at}[{index}]")
    else:
        yield from _misfits_of_keys(value, shape, is_xml, at)


def _misfits_of_kinds(value: Any, kinds: str, is_xml: bool, at: str) -> Misfits:
    named = [KINDS[each] for each in kinds.split("|")]
    if is_xml:
        fits = isinstance(value, str) and any(of_text(value) for _, _, of_text in named)
    else:
        fits = any(of_json(value) for _, of_json, _ in named)
    if not fits:
        yield f"{at or '.'} is {shown(value)}, not {' or '.join(said for said, _, _ in named)}"


def _misfits_of_keys(value: Any, shape: Mapping[str, Shape], is_xml: bool, at: str) -> Misfits:
    if not isinstance(value, dict):
        # XML spells an object without keys as it spells an empty text.
        if shape or not (is_xml and value == ""):
            yield f"{at or '.'} is {shown(value)}, not an object"
        return
    shapes = {key.removesuffix("?"): inner for key, inner in shape.items()}
    for key in shape:
        if not key.endswith("?") and key not in value:
            yield f"{at}.{key} is missing"
    for key in value:
        if key not in shapes:
            yield f"{at}.{key} is not documented"
    order = [key for key in shapes if key in value]
    if (found := [key for key in value if key in shapes]) != order:
        yield f"{at or '.'} has its keys in the order {found}, not {order}"
    for key, inner in shapes.items():
        if key in value:
            yield from misfits(value[key], inner, is_xml, f"{at}.{key}")


def shown(value: Any) -> str:
    """A value for a message, cut short."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."
