"""Pages of rows: the caller passes a `Paging`, the store returns a `Page`."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypedDict, TypeVar

from msgspec import Struct
from sqlalchemy import Connection, Select, func, select

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
    db: Connection, query: Select[Any], paging: Paging, build: Callable[[Sequence[Any]], T], total: int | None = None
) -> Page[T]:
    """Read a page of a query. A `total` that is known already saves counting."""
    if total is None:
        total = db.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    if paging.offset >= total:
        return Page([], total, paging)
    rows = db.execute(query.limit(paging.size).offset(paging.offset))
    return Page([build(row) for row in rows], total, paging)
