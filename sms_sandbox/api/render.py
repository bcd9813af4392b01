"""Renders responses: plain data becomes JSON or XML, as the ending of the path asks."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property, lru_cache
from json.encoder import encode_basestring_ascii
from types import NoneType
from typing import Any, TypeAlias

_NUMERIC = re.compile(r"[ \t\n\r\v\f]*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
"""PHP's read_number string: white space may precede the number, but not follow it."""

_INTEGER = re.compile(r"[ \t\n\r\v\f]*[+-]?\d+", re.ASCII)
_LARGEST = 2**63


def to_json(reply: Mapping[str, Any]) -> bytes:
    """Return the response as PHP's json_encode with read_number checking writes it (reference 2.3)."""
    return _object(reply).encode("ascii")


def _object(reply: Mapping[str, Any]) -> str:
    return "{" + ",".join([_key(key) + _TO_JSON[type(value)](value) for key, value in reply.items()]) + "}"


def _array(values: Iterable[Any]) -> str:
    return "[" + ",".join([_TO_JSON[type(value)](value) for value in values]) + "]"


def _string(text: str) -> str:
    number = read_number(text)
    return _quoted(text) if number is None else _scalar(number)


class Verbatim(str):
    """A text that stays a text even if it looks like a number.

    The numbers in an error's description are given back as the caller wrote them.
    """

    __slots__ = ()


class Fixed(dict[str, Any]):
    """A constant part of many responses, whose JSON is rendered once. Nothing may change it."""

    @cached_property
    def json(self) -> str:
        return _object(self)


def _quoted(text: str) -> str:
    if "\x7f" in text:  # PHP leaves this one as it is
        return '"' + "\x7f".join(_quoted(part)[1:-1] for part in text.split("\x7f")) + '"'
    return encode_basestring_ascii(text).replace("/", "\\/")


@lru_cache(1024)
def escape_json(text: str) -> str:
    """Return a text as it appears inside a JSON string."""
    return _quoted(text)[1:-1]


@lru_cache(1024)
def _key(key: Any) -> str:
    return _quoted(str(key)) + ":"


def _scalar(value: Any) -> str:
    """Render a date or number, which look the same in JSON and XML."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal():
            return _float(float(round(value, 3)))
        case float():
            return _float(value)
        case datetime():
            return value.isoformat(" ")[:19]
        case date():
            return value.isoformat()
    raise TypeError(f"cannot render {value!r}")


def read_number(text: str) -> int | float | None:
    """Return the number that PHP sees in a text; None if it sees none."""
    if not _NUMERIC.fullmatch(text):
        return None
    if _INTEGER.fullmatch(text) and len(text) < 1000 and -_LARGEST <= (whole := int(text)) < _LARGEST:
        return whole
    number = float(text)
    return number if math.isfinite(number) else None


def _float(number: float) -> str:
    """Render a float as PHP prints it: a whole one without fraction, an exponent only far from 1."""
    if number == 0 or 1e-4 <= abs(number) < 1e17:
        return f"{number:.0f}" if number.is_integer() else repr(number)
    digits, _, exponent = repr(number).partition("e")
    return f"{digits if '.' in digits else digits + '.0'}e{int(exponent):+d}"


class _Renderers(dict[type, Callable[[Any], str]]):
    def __missing__(self, kind: type) -> Callable[[Any], str]:
        raise TypeError(f"cannot render {kind}")


_TO_JSON = _Renderers(
    {
        dict: _object,
        Fixed: lambda fixed: fixed.json,
        list: _array,
        tuple: _array,
        str: _string,
        Verbatim: _quoted,
        int: int.__repr__,
        datetime: lambda moment: f'"{moment.isoformat(" ")[:19]}"',
        date: lambda day: f'"{day.isoformat()}"',
        NoneType: lambda _: "null",
        bool: _scalar,
        float: _float,
        Decimal: lambda amount: _float(float(round(amount, 3))),
    }
)
"""Renders each type of data that responses hold as JSON."""


def to_xml(reply: Mapping[str, Any]) -> bytes:
    """Return the response as XML, by the rules of reference 2.4."""
    return f'<?xml version="1.0"?>\n{_element("response", reply)}\n'.encode()


def _element(name: str, value: Any) -> str:
    inside = _inside(value)
    return f"<{name}>{inside}</{name}>" if inside else f"<{name}/>"


def _inside(value: Any) -> str:
    match value:
        case dict():
            return "".join(_element(to_element_name(str(key)), inner) for key, inner in value.items())
        case list() | tuple():
            return "".join(_element("item", inner) for inner in value)
        case None:
            return ""
        case Verbatim():
            return _text(value)
        case str():
            number = read_number(value)
            return _text(value) if number is None else _scalar(number)
    return _scalar(value)


_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})


def _text(text: str) -> str:
    # An SMS can carry characters that XML 1.0 can't. A bare carriage return would be read as a line feed.
    return _FORBIDDEN.sub("\ufffd", text).translate(_ESCAPES)


_LETTERS = (
    "A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u0131\u0134-\u013e\u0141-\u0148\u014a-\u017e\u038e-\u03a1\u03a3-\u03ce"
    "\u0401-\u040c\u040e-\u044f\u0451-\u045c\u1ea0-\u1ef9\u3041-\u3094\u30a1-\u30fa\u4e00-\u9fa5\uac00-\ud7a3"
)
"""Letters that every parser accepts in a name. XML's fifth edition allows more, but expat knows the fourth."""

_PLAIN_NAME = re.compile("[A-Za-z_][A-Za-z0-9_.-]*")


def to_element_name(key: str) -> str:
    """Return a key as the name of an XML element, with underscores for forbidden characters."""
    if _PLAIN_NAME.fullmatch(key):
        return key
    # Compiled only when a name needs it, because that takes milliseconds; re caches these patterns.
    name = re.sub(f"[^{_LETTERS}0-9.\\-]", "_", key)
    return name if re.match(f"[{_LETTERS}]", name) else f"_{name}"


Render: TypeAlias = Callable[[Mapping[str, Any]], bytes]

FORMATS: dict[str, tuple[str, Render]] = {
    "json": ("application/json; charset=utf-8", to_json),
    "xml": ("text/xml; charset=utf-8", to_xml),
}
"""Content type and renderer, by the ending of the path."""
