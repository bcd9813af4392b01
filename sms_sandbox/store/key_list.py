"""Keys as parameters of a statement that reads their rows."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import CTE, BigInteger, bindparam, column, values

_BATCH_ROWS = 20
"""Keys that one run of a statement takes."""


class KeyList:
    """A list of keys, whose `rows` a statement begins with and joins its tables to.

    The joins must be outer joins. Only so does PostgreSQL have to begin with the keys: it makes its plan while the
    tables are still empty, and would otherwise read all rows of a tenant for each key.
    """

    def __init__(self, *columns: str) -> None:
        data: list[tuple[Any, ...]] = [
            tuple(bindparam(f"{name}_{place}") for name in columns) for place in range(_BATCH_ROWS)
        ]
        self.rows: CTE = values(*(column(name, BigInteger) for name in columns)).data(data).cte("wanted")

    @staticmethod
    def batches(keys: Sequence[tuple[int, ...]]) -> Iterator[list[int]]:
        """Yield the parameters of as many runs as the keys need. The last key fills up the last run."""
        for start in range(0, len(keys), _BATCH_ROWS):
            batch = keys[start : start + _BATCH_ROWS]
            yield list(chain(*batch, *[batch[-1]] * (_BATCH_ROWS - len(batch))))
