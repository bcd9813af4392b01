"""Amounts of money: Decimal outside, whole thousandths of a cent inside, so that sums are exact."""

from decimal import ROUND_HALF_UP, Decimal

UNIT = Decimal("0.00001")
"""A thousandth of a cent, in the account's currency."""

_ROUNDING_STEP = 100
"""Units in 0.001, the smallest amount that the API shows."""


def to_units(amount: Decimal) -> int:
    """Convert an amount of currency to units, rounded half up."""
    return int((amount / UNIT).quantize(Decimal(1), ROUND_HALF_UP))


def from_units(units: int) -> Decimal:
    """Convert units to an amount of currency."""
    return units * UNIT


def format_units(units: int) -> str:
    """Return units as an amount without trailing zeros: 1, 0.5, 14.63."""
    return f"{from_units(units).normalize():f}"


def currency_sign(currency: str) -> str:
    """Return the sign written before an amount. The currency has its ISO 4217 name; most have a dollar sign."""
    return {"GBP": "£", "EUR": "€"}.get(currency, "$")


def share_of_cost(whole_cost: int, parts: int, total_parts: int) -> int:
    """Return the cost of some of the parts in units, rounded to 0.001."""
    return _round(whole_cost * parts // total_parts) if total_parts else 0


def cost(parts: int, price: int) -> int:
    """Return the cost of parts at a price in units, rounded to 0.001."""
    return _round(parts * price)


def _round(units: int) -> int:
    return (units + _ROUNDING_STEP // 2) // _ROUNDING_STEP * _ROUNDING_STEP
