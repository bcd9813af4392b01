"""Conversion between the store's values and the shapes of the control API."""

from decimal import Decimal
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from ..domain import pricing
from ..domain.rule_match import to_international
from ..store.paging import Page, Paging
from .errors import ControlError
from .shapes.primitives import PageInfo, PageQuery

S = TypeVar("S", bound=Struct)


def shape_of(shape: type[S], row: object, **others: Any) -> S:
    """Return a shape filled with the row's attributes of the same names. `others` are fields that differ."""
    same = {name: getattr(row, name) for name in shape.__struct_fields__ if name not in others}
    return shape(**same, **others)


def paging_of(query: PageQuery) -> Paging:
    """Return the page that a query asks for."""
    return Paging(query.page, query.max)


def page_info(page: Page[Any]) -> PageInfo:
    """Return the position of a page in its list."""
    return PageInfo(page.info["number"], page.info["count"], page.total)


def to_units(amount: float) -> int:
    """Convert an amount of the account's currency to units."""
    return pricing.to_units(Decimal(str(amount)))


def from_units(units: int) -> float:
    """Convert units to an amount of the account's currency."""
    return float(pricing.from_units(units))


def parse_reply(text: str | bytes) -> Any:
    """Return the JSON of a reply as data. Any other text stays as it is.

    A fault, or an import, can hold JSON that Python reads but can't write again: half a character, or an endless nest.
    """
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return text.decode("utf-8", "replace") if isinstance(text, bytes) else text


def number_forms(number: str | None) -> tuple[str, ...]:
    """Return a number of a filter in international form, and as it was written; nothing if it is None.

    Raises ControlError if it can't be read.
    """
    if number is None:
        return ()
    plain = "".join(char for char in number if char not in " -.()")
    try:
        return tuple(dict.fromkeys((to_international(plain), plain.removeprefix("+"))))
    except ValueError as why:
        raise ControlError("invalid", f"`number`: {why}.") from why
