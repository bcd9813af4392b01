"""Pages: the caller asks with a `Paging`, the store answers with a `Page`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypedDict, TypeVar

from sqlalchemy import Connection, Select, func, select

T = TypeVar("T")


class PageInfo(TypedDict):
    """The `page` block of a reply."""

    count: int
    number: int


@dataclass(frozen=True)
class Paging:
    """The page a caller asks for, counted from 1."""

    number: int = 1
    size: int = 25

    @property
    def first(self) -> int:
        """How many rows come before the page."""
        return (self.number - 1) * self.size


FIRST_PAGE = Paging()
UNSIZED = 0
"""The size of a page whose caller gave none; the account's own takes its place before a page is cut."""


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of rows and the total they were cut from."""

    rows: Sequence[T]
    total: int
    asked: Paging

    @property
    def info(self) -> PageInfo:
        """At least one page is told of, and the number asked for is echoed even when it lies beyond the last."""
        return {"count": max(1, -(-self.total // self.asked.size)), "number": self.asked.number}


def fetch_page(
    db: Connection, query: Select[Any], paging: Paging, build: Callable[[Sequence[Any]], T], total: int | None = None
) -> Page[T]:
    """Cut a page out of a query; `total` spares the count where it is known."""
    if total is None:
        total = db.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    if paging.first >= total:
        return Page([], total, paging)
    rows = db.execute(query.limit(paging.size).offset(paging.first))
    return Page([build(row) for row in rows], total, paging)
