"""Whichever statement the database fails: nothing that was answered is missing, and the books balance."""

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from sms_sandbox.store.connection import UnitOfWork
from tests.conftest import Caller, FreshTenant

STATEMENTS = 40
"""More than the calls of the scenario run."""


class FailingDriver:
    """A driver's connection of which one statement fails, counted over all connections."""

    left: float = float("inf")
    fail: Any = None

    def __init__(self, driver: Any) -> None:
        self._driver = driver

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    def _count(self) -> None:
        FailingDriver.left -= 1
        if FailingDriver.left == 0:
            FailingDriver.fail(self._driver)

    def execute(self, *args: Any) -> Any:
        self._count()
        return self._driver.execute(*args)

    def commit(self) -> None:
        self._count()
        self._driver.commit()

    def cursor(self) -> Any:
        self._count()
        return self._driver.cursor()


@pytest.fixture
def _failing(store: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Wrap the connections of the store."""
    begin = UnitOfWork.__init__

    def wrapped(unit: UnitOfWork, *args: Any) -> None:
        begin(unit, *args)
        unit.driver = FailingDriver(unit.driver)

    def lose(driver: Any) -> None:
        with store.engine.connect() as db:
            db.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": driver.info.backend_pid})

    def fail(driver: Any) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(UnitOfWork, "__init__", wrapped)
    monkeypatch.setattr(FailingDriver, "fail", staticmethod(fail if store.embedded else lose))
    store._connection = None
    yield
    FailingDriver.left = float("inf")


@pytest.mark.usefixtures("_failing")
def test_the_books_balance_whichever_statement_fails(fresh: FreshTenant, call: Caller) -> None:
    send = {"to": "61491570156,61491570157", "message": "Hi [firstname]"}
    answered: set[int] = set()
    statuses: set[int] = set()
    for number in range(1, STATEMENTS):
        FailingDriver.left = number
        for path, form in (("send-sms", send), ("get-balance", {}), ("send-sms", send), ("lease-number", {})):
            answer = call.http.post(f"/{path}.json", data=form)
            statuses.add(answer.status_code)
            if answer.status_code == 200 and path == "send-sms":
                answered.add(answer.json()["message_id"])
    FailingDriver.left = float("inf")
    assert statuses <= {200, 400, 503}  # 400: no number is left to lease
    with fresh.store.begin() as db:
        rows = {name: db.execute(text(f"SELECT {what}")).all() for name, what in QUERIES.items()}
    stored = {row[0] for row in rows["messages"]}
    assert answered <= stored
    assert len(stored) - len(answered) <= STATEMENTS  # one whose commit was uncertain, at most, for each failure
    assert [row[0] for row in rows["charged"]] == sorted(stored)
    assert rows["balance"] == rows["ledger"]
    assert {row[0] for row in rows["recipients of each"]} == {2}
    assert call.ok("send-sms", **send)["message_id"] > max(stored)


QUERIES = {
    "messages": "id FROM messages",
    "charged": "message FROM transactions WHERE message <> 0 ORDER BY message",
    "balance": "balance FROM accounts",
    "ledger": "CAST(sum(amount) AS bigint) FROM transactions",
    "recipients of each": "count(*) FROM recipients GROUP BY message",
}
