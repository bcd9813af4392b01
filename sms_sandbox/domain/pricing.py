"""Money: decimal outside, whole thousandths of a cent inside, so that sums are exact."""

from decimal import ROUND_HALF_UP, Decimal

UNIT = Decimal("0.00001")
"""A thousandth of a cent, as a part of the account's currency."""

_STEP = 100
"""Units in 0.001, the finest amount the API shows."""


def to_units(amount: Decimal) -> int:
    """An amount of currency in units, rounded half up."""
    return int((amount / UNIT).quantize(Decimal(1), ROUND_HALF_UP))


def from_units(units: int) -> Decimal:
    """Units as an amount of currency."""
    return units * UNIT


def cost(parts: int, price: int) -> int:
    """What `parts` parts cost at `price` units each, in units, rounded to three decimals of the currency."""
    return (parts * price + _STEP // 2) // _STEP * _STEP
