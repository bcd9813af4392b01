"""Deferred rows on PostgreSQL: statements for different tables become one."""

from collections.abc import Sequence

import pytest
from sqlalchemy import bindparam, delete, insert
from sqlalchemy.dialects.postgresql import psycopg

from sms_sandbox.store import deferred_rows, tables
from sms_sandbox.store.deferred_rows import write_rows
from sms_sandbox.store.statement import Statement

ADD_HIT, ADD_OPTOUT = Statement(insert(tables.hits)), Statement(insert(tables.optouts))
ADD_MESSAGE = Statement(insert(tables.messages))
DROP_HIT = Statement(delete(tables.hits).where(tables.hits.c.recipient == bindparam("recipient_")))
HIT = [1] * len(tables.hits.c)
OPTOUT = [1] * len(tables.optouts.c)
MESSAGE = [1] * len(tables.messages.c)


class Driver:
    """A driver's connection that keeps what it is given."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, Sequence[object]]] = []
        self.rowcount = 0

    def execute(self, sql: str, params: Sequence[object]) -> "Driver":
        self.ran.append((sql, params))
        return self


def written(*deferred: tuple[Statement, list[int]]) -> list[tuple[str, int]]:
    """Return the first words of the statements that ran, and how many tables each changed."""
    driver = Driver()
    dialect = psycopg.PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]
    write_rows(driver, dialect, [(statement, object(), [row]) for statement, row in deferred])
    return [(" ".join(sql.split()[:3]), sql.count("INSERT INTO") + sql.count("DELETE FROM")) for sql, _ in driver.ran]


def test_statements_for_different_tables_are_one() -> None:
    assert written((ADD_HIT, HIT), (ADD_OPTOUT, OPTOUT), (ADD_HIT, HIT)) == [("WITH part_0 AS", 2)]


def test_statements_for_one_table_keep_their_order() -> None:
    assert written((ADD_HIT, HIT), (ADD_OPTOUT, OPTOUT), (DROP_HIT, [1])) == [
        ("WITH part_0 AS", 2),
        ("DELETE FROM hits", 1),
    ]


def test_a_lone_statement_stays_as_it_is() -> None:
    assert written((ADD_HIT, HIT)) == [("INSERT INTO hits", 1)]


def test_no_statement_is_longer_than_the_client_library_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deferred_rows, "_MAX_LENGTH", 500)
    assert written((ADD_HIT, HIT), (ADD_OPTOUT, OPTOUT), (ADD_MESSAGE, MESSAGE)) == [
        ("WITH part_0 AS", 2),
        ("INSERT INTO messages", 1),
    ]


def test_amounts_for_the_same_row_are_added_up() -> None:
    count = Statement("UPDATE hits SET at = at + :at WHERE tenant = :tenant", table=tables.hits, amounts=1)
    driver = Driver()
    dialect = psycopg.PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]
    write_rows(driver, dialect, [(count, object(), [(1, 7), (2, 8)]), (count, object(), [(4, 7)])])
    assert [params for _, params in driver.ran] == [('[{"c0":5,"c1":7},{"c0":2,"c1":8}]',)]
