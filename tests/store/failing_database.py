"""A database of which one operation fails: a statement, a commit, or a connection that is made."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import event

from sms_sandbox.store.database import Store
from sms_sandbox.store.transaction_state import UnitOfWork

FAILED_CONNECTS = 3
"""Connections in a row that cannot be made after one was lost."""

_WRITES = ("INSERT", "UPDATE", "DELETE")


class FailingDatabase:
    """Counts the operations of a store, and fails one or two of them.

    `disk`: SQLite cannot write. `lost`: the server ends the connection. `refused`: it also takes no new ones.
    `deadlock`: it ends the transaction. Work that is repeated at once meets the second failure of two,
    at its first statement that writes.
    """

    def __init__(self, store: Store, url: str) -> None:
        self._admin = None if store.embedded else psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
        self.ways = ("disk", "disk twice") if store.embedded else ("lost", "deadlock twice", "refused", "deadlock")
        self.count = 0
        self.failed = 0
        """Operations that failed."""
        self._fails_at = self._left = 0
        self._way = ""
        self._refused = 0

    def arm(self, number: int, way: str) -> None:
        """Fail the operation with this number, counted from now; 0 is none."""
        self.count = self.failed = self._refused = 0
        self._way, _, twice = way.partition(" ")
        self._fails_at, self._left = number, 2 if twice else 1

    def disarm(self) -> None:
        """Fail nothing any more."""
        self.arm(0, "")

    def step(self, driver: Any, statement: str = "") -> None:
        """Count an operation on a driver's connection. Raises, or ends the connection, if it is to fail."""
        self.count += 1
        if self._must_fail() and (not self.failed or statement.startswith(_WRITES)):
            self.failed += 1
            self._left -= 1
            self._fail(driver)

    def _must_fail(self) -> bool:
        return self.count >= self._fails_at > 0 < self._left

    def _fail(self, driver: Any) -> None:
        if self._way == "disk":
            raise sqlite3.OperationalError("disk I/O error")
        if self._way == "deadlock":
            raise psycopg.errors.DeadlockDetected("deadlock detected")
        if self._way == "refused":
            self._refused = FAILED_CONNECTS
        assert self._admin is not None
        self._admin.execute("SELECT pg_terminate_backend(%s, 1000)", (driver.info.backend_pid,))

    def connect(self) -> None:
        """Count a connection that is made. Raises if it is to fail."""
        self.count += 1
        if self._refused or self._must_fail():
            self._refused = max(0, self._refused - 1)
            self._left -= 1
            self.failed += 1
            raise psycopg.OperationalError("connection refused")

    def close(self) -> None:
        """Close the connection that ends the others."""
        if self._admin is not None:
            self._admin.close()


class _Driver:
    """A driver's connection whose operations are counted."""

    def __init__(self, driver: Any, step: Callable[..., None]) -> None:
        self._driver = driver
        self._step = step

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    def execute(self, *args: Any) -> Any:
        self._step(self._driver, str(args[0]))
        return self._driver.execute(*args)

    def commit(self) -> None:
        self._step(self._driver)
        self._driver.commit()

    def cursor(self) -> Any:
        self._step(self._driver)
        return self._driver.cursor()


@contextmanager
def failing(store: Store) -> Iterator[FailingDatabase]:
    """Wrap the connections that the store opens from now on."""
    database = FailingDatabase(store, store.engine.url.render_as_string(hide_password=False))
    begin = UnitOfWork.__init__

    def wrapped(unit: UnitOfWork, *args: Any) -> None:
        begin(unit, *args)
        unit.driver = _Driver(unit.driver, database.step)

    def before(db: Any, *_: Any) -> None:
        database.step(db.connection.dbapi_connection)

    def connect(*_: Any) -> None:
        database.connect()

    while store._idle:
        store._idle.pop().close()
    event.listen(store.engine, "before_cursor_execute", before)
    event.listen(store.engine, "do_connect", connect, insert=True)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(UnitOfWork, "__init__", wrapped)
            yield database
    finally:
        database.disarm()
        event.remove(store.engine, "before_cursor_execute", before)
        event.remove(store.engine, "do_connect", connect)
        database.close()
