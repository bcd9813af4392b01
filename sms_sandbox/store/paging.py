"""Pages of rows: the caller passes a `Paging`, the store returns a `Page`."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypedDict, TypeVar

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Select, UnaryExpression, func, select
from sqlalchemy.sql.operators import asc_op, desc_op

T = TypeVar("T")


class PageInfo(TypedDict):
    """The `page` block of a response."""

    count: int
    number: int


class Paging(Struct, frozen=True):
    """The page a caller asks for, counted from 1."""

    number: int = 1
    size: int = 25

    @property
    def offset(self) -> int:
        """The number of rows before the page."""
        return (self.number - 1) * self.size


FIRST_PAGE = Paging()
UNSIZED = 0
"""The size of a page if the caller gave none. It is replaced by the account's before the page is read."""


class Page(Struct, Generic[T], frozen=True):
    """One page of rows, and the total number of rows."""

    rows: Sequence[T]
    total: int
    asked: Paging

    @property
    def info(self) -> PageInfo:
        """The `page` block. The count is at least 1; the number is echoed even if it is beyond the last page."""
        return {"count": max(1, -(-self.total // self.asked.size)), "number": self.asked.number}


def fetch_page(
    db: Connection, query: Select[Any], paging: Paging, build: Callable[[Sequence[Any]], T], total: int | None = None,
    order: Sequence[ColumnElement[Any]] = (),
) -> Page[T]:  # fmt: skip
    """Read a page of a query. A `total` that is known already saves counting.

    With `order`, the query gets that order, and a page of the second half is read from the end: the database skips rows
    one by one, so the last page costs no more than the first.
    """
    if total is None:
        total = db.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    if paging.offset >= total:
        return Page([], total, paging)
    rows_to_end = total - paging.offset
    rows: Sequence[Sequence[Any]]
    if order and rows_to_end < paging.offset:
        size = min(paging.size, rows_to_end)
        backwards = query.order_by(*map(_reverse, order)).limit(size).offset(rows_to_end - size)
        rows = db.execute(backwards).all()[::-1]
    else:
        rows = db.execute((query.order_by(*order) if order else query).limit(paging.size).offset(paging.offset)).all()
    return Page([build(row) for row in rows], total, paging)


def _reverse(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the opposite direction of a column to sort by."""
    if isinstance(column, UnaryExpression) and column.modifier in (asc_op, desc_op):
        opposite: ColumnElement[Any] = column.element.asc() if column.modifier is desc_op else column.element.desc()
        return opposite
    return column.desc()
