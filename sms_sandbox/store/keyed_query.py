"""Queries for the rows of many keys, which are parameters of one statement."""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import CTE, BigInteger, Connection, Select, bindparam, column, values

from .statement import Statement

_SIZES = (20, 50, 100)
"""Keys that one run of a statement takes. The smallest size for all keys is chosen, as each run is a round trip."""


class KeyedQuery:
    """A query for the rows of many keys.

    `build` makes it from the keys as a table, and must join other tables to them by outer joins. Only so does
    PostgreSQL have to begin with the keys: it makes its plan while the tables are still empty, and would otherwise read
    all rows of a tenant for each key.
    """

    def __init__(self, columns: Sequence[str], build: Callable[[CTE], Select[Any]]) -> None:
        self._columns = columns
        self._build = build
        self._statements: dict[int, Statement] = {}
        """The statements that were needed so far, by size."""

    def rows(self, db: Connection, keys: Sequence[tuple[int, ...]]) -> list[tuple[Any, ...]]:
        """Return the rows of the keys. The row of a key may come more than once."""
        size = next((size for size in _SIZES if len(keys) <= size), _SIZES[-1])
        if size not in self._statements:
            self._statements[size] = Statement(self._build(_as_table(self._columns, size)))
        rows: list[tuple[Any, ...]] = []
        for start in range(0, len(keys), size):
            batch = keys[start : start + size]
            rows += self._statements[size].rows(db, [*chain(*batch, *[batch[-1]] * (size - len(batch)))])
        return rows


def _as_table(columns: Sequence[str], size: int) -> CTE:
    data: list[tuple[Any, ...]] = [tuple(bindparam(f"{name}_{place}") for name in columns) for place in range(size)]
    return values(*(column(name, BigInteger) for name in columns)).data(data).cte("wanted")
