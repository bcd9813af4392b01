"""Laws of pages."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Select, String, insert, literal, select, union_all

from sms_sandbox.store.connection import unit_of
from sms_sandbox.store.paging import FIRST_PAGE, Page, Paging, fetch_page
from sms_sandbox.store.tables import transactions
from tests.conftest import FreshTenant

ROW = {
    "account": 1,
    "description": "",
    "amount": 0,
    "balance": 0,
    "created": 0,
    "message": 0,
    "type_id": 0,
    "revenue": 0,
}
"""The columns of a transaction, without its key."""


def numbers(total: int) -> Select[Any]:
    """Return a query of the numbers from 1 to `total`."""
    if not total:
        return select(literal(1).label("n")).where(literal(1) == 0)
    listed = union_all(*(select(literal(n).label("n")) for n in range(1, total + 1))).subquery()
    return select(listed.c.n).order_by(listed.c.n)


def first(row: Sequence[Any]) -> int:
    return int(row[0])


@settings(max_examples=30)
@given(st.integers(0, 40), st.integers(1, 45))
def test_walking_the_pages_finds_each_row_once(fresh: FreshTenant, total: int, size: int) -> None:
    with fresh.store.begin() as db:
        page = fetch_page(db, numbers(total), Paging(1, size), first)
        met = list(page.rows)
        for number in range(2, page.info["count"] + 1):
            page = fetch_page(db, numbers(total), Paging(number, size), first)
            assert page.rows
            met += page.rows
        beyond = fetch_page(db, numbers(total), Paging(page.info["count"] + 1, size), first)
    assert met == list(range(1, total + 1))
    assert (beyond.rows, beyond.total) == ([], total)


@settings(max_examples=30)
@given(st.integers(0, 40), st.integers(1, 45), st.booleans(), st.booleans())
def test_pages_read_from_either_end_are_the_same(
    fresh: FreshTenant, total: int, size: int, falling: bool, falls_too: bool
) -> None:
    each = numbers(total).order_by(None).subquery()
    third, column = each.c.n % 3, each.c.n
    order = (third.desc() if falling else third, column.desc() if falls_too else column.asc())
    with fresh.store.begin() as db:
        whole = [first(row) for row in db.execute(select(column).order_by(*order))]
        for number in range(1, 1 + total // size + 2):
            page = fetch_page(db, select(column), Paging(number, size), first, order=order)
            assert (page.rows, page.total) == (whole[(number - 1) * size : number * size], total)


def test_the_last_page_costs_no_more_than_the_first(fresh: FreshTenant) -> None:
    """The cost is counted in steps of SQLite's virtual machine. Each skipped row takes some."""
    if not fresh.store.embedded:
        pytest.skip("only SQLite counts its steps")
    hundreds = [0]
    with fresh.store.begin() as db:
        for number in range(3_000):
            db.execute(insert(transactions).values(**{**ROW, "tenant": fresh.tenant, "id": 10**9 + number}))
        mine = select(transactions.c.id).where(transactions.c.tenant == fresh.tenant)

        def steps(number: int) -> int:
            hundreds[0] = 0
            fetch_page(db, mine, Paging(number, 100), first, total=3_000, order=(transactions.c.id,))
            return hundreds[0]

        driver = unit_of(db).driver
        driver.set_progress_handler(lambda: hundreds.__setitem__(0, hundreds[0] + 1), 100)
        costs = [steps(number) for number in (1, 30, 15)]
        driver.set_progress_handler(None, 0)
    assert costs[0] > 0
    assert costs[1] <= costs[0] * 1.5 < costs[2]


@given(st.integers(0, 10**9), st.integers(1, 10**9), st.integers(1, 1000))
def test_there_are_as_few_pages_as_hold_all_rows(total: int, number: int, size: int) -> None:
    info = Page([], total, Paging(number, size)).info
    assert info["number"] == number
    assert info["count"] >= 1
    assert info["count"] * size >= total
    assert (info["count"] - 1) * size < max(total, 1)


def test_a_total_that_is_known_is_not_counted(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        page = fetch_page(db, numbers(5), Paging(1, 2), first, total=3)
    assert (page.rows, page.total, page.info) == ([1, 2], 3, {"count": 2, "number": 1})


def test_equal_rows_are_all_counted(fresh: FreshTenant) -> None:
    twice = union_all(select(literal("a", String)), select(literal("a", String))).subquery()
    with fresh.store.begin() as db:
        page = fetch_page(db, select(twice), FIRST_PAGE, tuple)
    assert (len(page.rows), page.total) == (2, 2)


@pytest.mark.parametrize(("paging", "before"), [(FIRST_PAGE, 0), (Paging(3, 10), 20)])
def test_rows_before_a_page_are_counted(paging: Paging, before: int) -> None:
    assert paging.offset == before
