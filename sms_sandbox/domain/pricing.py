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


def format_units(units: int) -> str:
    """Units as an amount in as few digits as it takes: 1, 0.5, 14.63."""
    return f"{from_units(units).normalize():f}"


def currency_sign(currency: str) -> str:
    """What stands before an amount of the currency, named by ISO 4217; a dollar sign but for a few."""
    return {"GBP": "£", "EUR": "€"}.get(currency, "$")


def share_of_cost(whole_cost: int, parts: int, of: int) -> int:
    """What `parts` of the `of` parts cost that cost `whole_cost` units together, in units, rounded alike."""
    return (whole_cost * parts // of + _STEP // 2) // _STEP * _STEP if of else 0


def cost(parts: int, price: int) -> int:
    """What `parts` parts cost at `price` units each, in units, rounded to three decimals of the currency."""
    return (parts * price + _STEP // 2) // _STEP * _STEP
