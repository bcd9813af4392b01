"""The unit of work: what transactions cache, write later and announce."""

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from sms_sandbox.domain.clock import real_now, to_micros
from sms_sandbox.store import timeline, unit_of_work
from sms_sandbox.store.database import Store
from sms_sandbox.store.schema import open_store
from sms_sandbox.store.statement import Statement
from sms_sandbox.store.timeline import Plan
from sms_sandbox.store.unit_of_work import cached, invalidate, write_later
from tests.conftest import FreshTenant

PUT = Statement("INSERT INTO law (k, v) VALUES (:k, :v) ON CONFLICT (k) DO UPDATE SET v = excluded.v")
ADD = Statement("INSERT INTO law (k, v) VALUES (:k, :v)")
RAISE = Statement("UPDATE law SET v = v + 1")
READ = Statement("SELECT k, v FROM law ORDER BY k")


class UndoneError(Exception):
    pass


@pytest.fixture(params=["in memory", "in a file"])
def embedded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store with a table of its own, and nothing that waits to be written."""
    opened = open_store("sqlite://" if request.param == "in memory" else f"sqlite:///{tmp_path}/unit.db")
    with opened.begin() as db:
        db.execute(text("CREATE TABLE law (k INTEGER PRIMARY KEY, v INTEGER NOT NULL)"))
    yield opened
    opened.close()


def run_on(store: Store) -> list[str]:
    """Record the statements that SQLite runs from now on."""
    seen: list[str] = []
    store.connect().unit.driver.set_trace_callback(seen.append)
    return seen


def rows(db: Connection) -> dict[int, int]:
    return dict(READ.all(db))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("owe"), st.integers(0, 3), st.integers(0, 9)),
        st.tuples(st.sampled_from(["raise", "read", "look", "change", "commit", "undo"])),
    ),
    max_size=40,
)


@settings(max_examples=60)
@given(STEPS)
def test_that_something_is_owed_shows_nowhere(embedded: Store, steps: list[tuple[Any, ...]]) -> None:
    """Transactions of rows that are put off, statements, and ends of both kinds leave what they would if nothing were
    put off, and see it at every moment."""
    with embedded.begin() as db:
        db.execute(text("DELETE FROM law"))
    kept: dict[int, int] = {}
    for transaction in by_transaction(steps):
        seen = dict(kept)
        with suppress(UndoneError), embedded.begin() as db:
            for what, *args in transaction:
                do(db, what, args, seen)
        if transaction[-1] == ("commit",):
            kept = seen
    with embedded.begin() as db:
        assert rows(db) == kept


def by_transaction(steps: list[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the steps of each transaction, with its end."""
    some: list[tuple[Any, ...]] = []
    for step in [*steps, ("commit",)]:
        some.append(step)
        if step[0] in ("commit", "undo"):
            yield some
            some = []


def do(db: Connection, what: str, args: list[int], seen: dict[int, int]) -> None:
    match what:
        case "owe":
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
            invalidate(db)
        case "undo":
            raise UndoneError


def test_what_only_adds_runs_no_statement_in_memory_and_all_of_them_in_a_file(embedded: Store) -> None:
    seen = run_on(embedded)
    for each in range(3):
        with embedded.begin() as db:
            unit_of_work.insert_rows(db, ADD, [(each, (each, each))])
    assert len(seen) == (0 if embedded.volatile else 9)
    with embedded.begin() as db:
        assert len(rows(db)) == 3


def test_a_transaction_inside_of_another_is_a_mistake(embedded: Store) -> None:
    with embedded.begin() as db:
        write_later(db, PUT, 1, (1, 1))
        with pytest.raises(RuntimeError), embedded.begin():
            pass
    with embedded.begin() as db:
        assert rows(db) == {1: 1}


def test_what_asks_nothing_runs_no_statement(embedded: Store) -> None:
    seen = run_on(embedded)
    with embedded.begin() as db:
        cached(db, "it", lambda: 1)
    assert seen == []


def test_what_waits_does_not_grow_for_ever(embedded: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_of_work, "MAX_LATE_ROWS", 5)
    seen = run_on(embedded)
    for each in range(6):
        with embedded.begin() as db:
            unit_of_work.insert_rows(db, ADD, [(each, (each, each))])
    assert sum("INSERT" in each for each in seen) == 6


def test_what_is_owed_fails_with_its_transaction_if_that_runs_statements(embedded: Store) -> None:
    def fail_at_the_end(db: Connection) -> None:
        PUT.run(db, k=1, v=1)
        write_later(db, PUT, 2, (2, None))

    with pytest.raises(sqlite3.IntegrityError), embedded.begin() as db:
        fail_at_the_end(db)
    with embedded.begin() as db:
        assert rows(db) == {}


def test_a_row_that_can_not_be_written_costs_no_other_transaction_its_rows(caplog: pytest.LogCaptureFixture) -> None:
    """No row of ours is such; but if one were, the calls that were answered before it should not pay for it."""
    store = open_store("sqlite://")
    with store.begin() as db:
        db.execute(text("CREATE TABLE law (k INTEGER PRIMARY KEY, v INTEGER NOT NULL)"))
    for each, value in ((1, 1), (2, None), (3, 3)):
        with store.begin() as db:
            unit_of_work.insert_rows(db, ADD, [(each, (each, value))])
    with store.begin() as db:
        assert rows(db) == {1: 1, 3: 3}
    store.close()
    assert "Deferred rows of a transaction cannot be written, and are lost." in caplog.text


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///{}/kept.db"])
def test_which_store_is_volatile(url: str, tmp_path: Path) -> None:
    store = open_store(url.format(tmp_path))
    assert store.volatile == ("kept" not in url)
    store.close()


def test_an_embedded_store_remembers_until_something_changed_or_was_undone(fresh: FreshTenant) -> None:
    asked: list[str] = []

    def ask(db: Connection, what: str) -> None:
        cached(db, what, lambda: asked.append(what))

    def ask_and_fail(db: Connection, what: str) -> None:
        ask(db, what)
        raise RuntimeError

    def asks(db: Connection, *what: str) -> list[str]:
        asked.clear()
        for each in what:
            ask(db, each)
        return list(asked)

    store, twice = fresh.store, ("one", "one")
    with store.begin() as db:
        assert asks(db, "one", "two", "one") == (["one", "two"] if store.embedded else ["one", "two", "one"])
    with store.begin() as db:
        assert asks(db, *twice) == ([] if store.embedded else ["one", "one"])
        invalidate(db)
        assert asks(db, *twice) == ["one", "one"]
    with store.begin() as db:
        assert asks(db, "one") == ["one"]
    with pytest.raises(RuntimeError), store.begin() as db:
        ask_and_fail(db, "two")
    with store.begin() as db:
        assert asks(db, "two", "one") == ["two", "one"]


def test_what_is_remembered_does_not_grow_for_ever(fresh: FreshTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_of_work, "MAX_CACHED", 2)
    with fresh.store.begin() as db:
        assert [cached(db, each, lambda: each) for each in "abcab"] == list("abcab")  # noqa: B023


def test_the_earliest_of_what_was_scheduled_is_told_after_the_commit(fresh: FreshTenant) -> None:
    heard: list[int] = []
    fresh.store.on_scheduled = heard.append
    now = real_now()
    with fresh.store.begin() as db:
        timeline.schedule(db, fresh.tenant, [Plan(now.replace(year=now.year + 2), "send", 1)])
        timeline.schedule(db, fresh.tenant, [Plan(now, "send", 2), Plan(now.replace(year=now.year + 1), "send", 3)])
        assert heard == []
    assert heard == [to_micros(now)]
