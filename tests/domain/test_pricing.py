"""Laws of money."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.domain.pricing import UNIT, cost, from_units, to_units

units = st.integers(-(10**15), 10**15)
parts = st.integers(0, 10**6)
prices = st.integers(0, 10**7)


@given(units)
def test_units_survive_being_an_amount(amount: int) -> None:
    assert to_units(from_units(amount)) == amount


@given(st.decimals(-(10**9), 10**9, places=5))
def test_an_amount_of_whole_units_survives_being_units(amount: Decimal) -> None:
    assert from_units(to_units(amount)) == amount


@given(st.decimals(-(10**9), 10**9, places=9))
def test_an_amount_between_units_goes_to_the_nearest(amount: Decimal) -> None:
    assert abs(from_units(to_units(amount)) - amount) <= UNIT / 2


@pytest.mark.parametrize(
    ("amount", "expected"), [("0.000005", 1), ("0.0000049", 0), ("0.087", 8_700), ("1000", 100_000_000)]
)
def test_halves_are_rounded_up(amount: str, expected: int) -> None:
    assert to_units(Decimal(amount)) == expected


@given(parts, prices)
def test_a_cost_shows_in_three_decimals(count: int, price: int) -> None:
    assert from_units(cost(count, price)) % Decimal("0.001") == 0


@given(parts, prices)
def test_a_cost_is_rounded_once(count: int, price: int) -> None:
    exact = count * price
    assert -50 < cost(count, price) - exact <= 50


@given(parts, parts, prices)
def test_two_sends_cost_as_much_as_one_except_for_rounding(one: int, other: int, price: int) -> None:
    assert abs(cost(one, price) + cost(other, price) - cost(one + other, price)) <= 150


@given(parts, parts, prices)
def test_more_parts_never_cost_less(one: int, more: int, price: int) -> None:
    assert cost(one, price) <= cost(one + more, price)


@pytest.mark.parametrize(("count", "price", "expected"), [(1075, "0.054", "58.05"), (1, "0.087", "0.087")])
def test_costs_are_those_of_the_reference(count: int, price: str, expected: str) -> None:
    assert from_units(cost(count, to_units(Decimal(price)))) == Decimal(expected)
