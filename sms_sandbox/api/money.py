"""Parameters that are amounts of money."""

import re
from decimal import Decimal

from ..domain import pricing
from .errors import ApiError, Code
from .params import Param, Schema

_MAX_AMOUNT = 1_000_000

_NUMBER = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})", re.ASCII)


class Amount(Param, frozen=True):
    """An amount of 0 or more, read as an integer of pricing units. `unit` is the value of 1 in the currency."""

    unit: Decimal = Decimal(1)

    def parse(self, raw: str, name: str) -> int:
        if not _NUMBER.fullmatch(raw):
            raise ApiError(Code.FIELD_INVALID, f'Field "{name}" has wrong type, expected type - numeric')
        amount = Decimal(raw)
        if not 0 <= amount <= _MAX_AMOUNT:
            raise ApiError(Code.FIELD_INVALID)
        return pricing.to_units(amount * self.unit)

    def schema(self) -> Schema:
        return {"type": "number", "minimum": 0, "maximum": _MAX_AMOUNT}


CENT = Decimal("0.01")
