"""Rows that a transaction writes together, late.

That is before the first statement that could see that they are missing, or with the commit.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import chain
from operator import add
from typing import Any, Protocol, TypeAlias

from sqlalchemy import Dialect

from .bulk_sql import Params, combine, to_json


class WritingStatement(Protocol):
    """A statement whose rows may be deferred. `store.statement.Statement` is one."""

    amounts: int
    bulk: str | None

    def table(self, dialect: Dialect) -> tuple[str, int]: ...

    def put_by(self, driver: Any, dialect: Dialect, rows: Sequence[Params]) -> int: ...


DeferredRows: TypeAlias = tuple[WritingStatement, Hashable, Sequence[Params]]
"""A statement with deferred rows and their key. Later rows under the same key replace them."""


_MAX_LENGTH = 3_800
"""Characters of statements that become one. psycopg keeps what it has read of a statement of up to 4,096."""


def _group_rows(deferred: Iterable[DeferredRows]) -> Iterator[tuple[WritingStatement, list[Params]]]:
    """Yield each statement with all its rows. The statement that was deferred first comes first."""
    groups: dict[WritingStatement, dict[Hashable, Sequence[Params]]] = {}
    for statement, key, rows in deferred:
        by_key = groups.setdefault(statement, {})
        if statement.amounts:
            _add_up(by_key, rows, statement.amounts)
        else:
            by_key[key] = rows
    for statement, by_key in groups.items():
        yield statement, list(chain.from_iterable(by_key.values()))


def _add_up(by_target: dict[Hashable, Sequence[Params]], rows: Sequence[Params], amounts: int) -> None:
    """Add rows of amounts to those for the same targets."""
    for row in rows:
        target = tuple(row[amounts:])
        before = by_target.get(target)
        if before is not None:
            row = (*map(add, before[0][:amounts], row), *target)
        by_target[target] = (row,)


def write_rows(driver: Any, dialect: Dialect, deferred: Iterable[DeferredRows]) -> None:
    """Write deferred rows. On PostgreSQL, statements for different tables become one.

    There the client library takes longer for a statement than the server does.
    """
    if dialect.name != "postgresql":
        for statement, rows in _group_rows(deferred):
            statement.put_by(driver, dialect, rows)
        return
    together: dict[str, tuple[WritingStatement, Sequence[Params]]] = {}
    length = 0
    for statement, rows in _group_rows(deferred):
        table, size = statement.table(dialect)
        length += size
        if table in together or length > _MAX_LENGTH:
            _put_together(driver, dialect, [*together.values()])
            together.clear()
            length = size
        together[table] = statement, rows
    _put_together(driver, dialect, [*together.values()])


def _put_together(driver: Any, dialect: Dialect, groups: Sequence[tuple[WritingStatement, Sequence[Params]]]) -> None:
    bulk = tuple(statement.bulk for statement, _ in groups if statement.bulk is not None)
    if len(bulk) < len(groups) or len(groups) == 1:
        for statement, rows in groups:
            statement.put_by(driver, dialect, rows)
    elif groups:
        driver.execute(combine(bulk), [to_json(rows) for _, rows in groups])
