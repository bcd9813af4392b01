"""The unit of work: what transactions cache, write later, undo and announce."""

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from sms_sandbox.domain.clock import to_micros
from sms_sandbox.store import connection, timeline, unit_of_work
from sms_sandbox.store.database import Store
from sms_sandbox.store.real_time import real_now
from sms_sandbox.store.schema import open_store
from sms_sandbox.store.statement import Statement
from sms_sandbox.store.timeline import Plan
from sms_sandbox.store.unit_of_work import cached, invalidate, scope, write_later
from tests.conftest import FreshTenant

PUT = Statement("INSERT INTO law (k, v) VALUES (:k, :v) ON CONFLICT (k) DO UPDATE SET v = excluded.v")
ADD = Statement("INSERT INTO law (k, v) VALUES (:k, :v)")
RAISE = Statement("UPDATE law SET v = v + 1")
READ = Statement("SELECT k, v FROM law ORDER BY k")
TENANT = 1


class UndoneError(Exception):
    pass


@pytest.fixture
def with_table(store: Store) -> Store:
    """Return a store with a table of its own."""
    with store.begin() as db:
        db.execute(text("CREATE TABLE law (k INTEGER PRIMARY KEY, v INTEGER NOT NULL)"))
    return store


@pytest.fixture(params=["in memory", "in a file"])
def embedded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = open_store("sqlite://" if request.param == "in memory" else f"sqlite:///{tmp_path}/unit.db")
    with opened.begin() as db:
        db.execute(text("CREATE TABLE law (k INTEGER PRIMARY KEY, v INTEGER NOT NULL)"))
    yield opened
    opened.close()


def run_on(store: Store) -> list[str]:
    """Record the statements that SQLite runs from now on."""
    seen: list[str] = []
    with store.begin() as db:
        connection.unit_of(db).driver.set_trace_callback(seen.append)
    return seen


def rows(db: Connection) -> dict[int, int]:
    return dict(READ.all(db))


STEP = st.one_of(
    st.tuples(st.just("defer"), st.integers(0, 3), st.integers(0, 9)),
    st.tuples(st.sampled_from(["raise", "read", "look", "change"])),
)
PARTS = st.recursive(
    st.lists(STEP, max_size=5),
    lambda inner: st.lists(STEP | st.tuples(st.sampled_from(["done", "undone"]), inner), max_size=5),
    max_leaves=8,
)
"""Steps of a transaction, with scopes of steps in it, some of which are undone."""


@settings(max_examples=100)
@given(st.lists(st.tuples(st.sampled_from(["commit", "roll back"]), PARTS), max_size=4))
def test_deferred_rows_are_read_as_written(with_table: Store, transactions: list[tuple[str, list[Any]]]) -> None:
    """A transaction reads and leaves the same rows as if each were written at once."""
    with with_table.begin() as db:
        db.execute(text("DELETE FROM law"))
    kept: dict[int, int] = {}
    for end, steps in transactions:
        seen = dict(kept)
        with suppress(UndoneError), with_table.begin() as db:
            run_steps(db, steps, seen)
            if end == "roll back":
                raise UndoneError
        if end == "commit":
            kept = seen
    with with_table.begin() as db:
        assert rows(db) == kept


def run_steps(db: Connection, steps: list[Any], seen: dict[int, int]) -> None:
    for what, *args in steps:
        match what:
            case "defer":
                key, value = args
                write_later(db, PUT, key, (key, value))
                seen[key] = value
            case "raise":
                assert RAISE.run(db) == len(seen)
                for key in seen:
                    seen[key] += 1
            case "read":
                assert rows(db) == seen
            case "look":
                assert dict(tuple(row) for row in db.execute(text("SELECT k, v FROM law"))) == seen
            case "change":
                invalidate(db, TENANT)
            case "done":
                with scope(db):
                    run_steps(db, args[0], seen)
            case "undone":
                before = dict(seen)
                with suppress(UndoneError), scope(db):
                    run_steps(db, args[0], seen)
                    raise UndoneError
                seen.clear()
                seen.update(before)


def test_rows_are_written_together_before_the_commit(embedded: Store) -> None:
    seen = run_on(embedded)
    with embedded.begin() as db:
        for key in range(3):
            unit_of_work.write_all_later(db, ADD, [(key, key)])
        assert seen == []
    assert [statement.split()[0] for statement in seen] == ["BEGIN", *["INSERT"] * 3, "COMMIT"]


def test_a_nested_transaction_is_an_error(embedded: Store) -> None:
    with embedded.begin() as db:
        write_later(db, PUT, 1, (1, 1))
        with pytest.raises(RuntimeError), embedded.begin():
            pass
    with embedded.begin() as db:
        assert rows(db) == {1: 1}


def test_work_without_queries_runs_no_statement(embedded: Store) -> None:
    seen = run_on(embedded)
    with embedded.begin() as db, scope(db):
        cached(db, TENANT, "it", lambda: 1)
    assert seen == []


def test_a_deferred_row_fails_with_its_transaction(embedded: Store) -> None:
    def fail_at_the_end(db: Connection) -> None:
        PUT.run(db, k=1, v=1)
        write_later(db, PUT, 2, (2, None))

    with pytest.raises(sqlite3.IntegrityError), embedded.begin() as db:
        fail_at_the_end(db)
    with embedded.begin() as db:
        assert rows(db) == {}


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///{}/kept.db"])
def test_only_a_store_in_memory_is_volatile(url: str, tmp_path: Path) -> None:
    store = open_store(url.format(tmp_path))
    assert store.volatile == ("kept" not in url)
    store.close()


def test_settings_are_cached_until_a_change_or_a_rollback(fresh: FreshTenant) -> None:
    asked: list[str] = []

    def ask(db: Connection, what: str) -> None:
        cached(db, fresh.tenant, what, lambda: asked.append(what))

    def asks(db: Connection, *what: str) -> list[str]:
        asked.clear()
        for each in what:
            ask(db, each)
        return list(asked)

    def change_and_fail(db: Connection) -> None:
        invalidate(db, fresh.tenant)
        ask(db, "two")
        raise UndoneError

    with fresh.store.begin() as db:
        assert asks(db, "one", "two", "one") == ["one", "two"]
        with suppress(UndoneError), scope(db):
            change_and_fail(db)
        assert asks(db, "one", "one") == ["one", "one"]
    with fresh.store.begin() as db:
        assert asks(db, "one", "two") == ["one", "two"]
        invalidate(db, fresh.tenant)
        assert asks(db, "one", "one") == ["one", "one"]
    with suppress(UndoneError), fresh.store.begin() as db:
        change_and_fail(db)
    with fresh.store.begin() as db:
        assert asks(db, "two", "one", "two") == ["two", "one"]


def test_the_cache_has_a_limit(fresh: FreshTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_of_work, "MAX_CACHED_VALUES", 1)
    with fresh.store.begin() as db:
        assert [cached(db, fresh.tenant, each, lambda: each) for each in "abcab"] == list("abcab")  # noqa: B023
        assert len(connection.unit_of(db).cache_of(fresh.tenant).settings) <= 3


def test_the_earliest_scheduled_event_is_announced_after_the_commit(fresh: FreshTenant) -> None:
    heard: list[int] = []
    fresh.store.on_scheduled = heard.append
    now = real_now()
    with fresh.store.begin() as db:
        timeline.schedule(db, fresh.tenant, [Plan(now.replace(year=now.year + 2), "send", 1)])
        with scope(db):
            timeline.schedule(db, fresh.tenant, [Plan(now, "send", 2), Plan(now.replace(year=now.year + 1), "send", 3)])
        with suppress(UndoneError), scope(db):
            timeline.schedule(db, fresh.tenant, [Plan(now.replace(year=now.year - 1), "send", 2)])
            raise UndoneError
        assert heard == []
    assert heard == [to_micros(now)]
