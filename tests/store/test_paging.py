"""Laws of pages."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Select, String, literal, select, union_all

from sms_sandbox.store.paging import FIRST_PAGE, Page, Paging, fetch_page
from tests.conftest import FreshTenant


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
def test_walking_the_pages_meets_each_row_once(fresh: FreshTenant, total: int, size: int) -> None:
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


def test_rows_alike_are_counted_each(fresh: FreshTenant) -> None:
    twice = union_all(select(literal("a", String)), select(literal("a", String))).subquery()
    with fresh.store.begin() as db:
        page = fetch_page(db, select(twice), FIRST_PAGE, tuple)
    assert (len(page.rows), page.total) == (2, 2)


@pytest.mark.parametrize(("paging", "before"), [(FIRST_PAGE, 0), (Paging(3, 10), 20)])
def test_how_many_rows_come_before_a_page(paging: Paging, before: int) -> None:
    assert paging.offset == before
