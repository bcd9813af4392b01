"""The database itself: opening it, and what a transaction tells of."""

import shutil
import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, bindparam, text

from sms_sandbox.domain.clock import real_now, to_micros
from sms_sandbox.store import accounts, engine, ids, ledger, opening, tables, tenants, timeline
from sms_sandbox.store.engine import Statement, Store, changed, owe, remembered, scheduled
from sms_sandbox.store.opening import StoreError, open_store
from sms_sandbox.store.tenants import NewTenant
from sms_sandbox.store.timeline import Plan
from tests.conftest import World, found


def refusal(url: str) -> str:
    with pytest.raises(StoreError) as why:
        open_store(url)
    return str(why.value)


# Opening


@pytest.mark.parametrize("url", ["", "nonsense", "/data/sandbox.db", "sqlite//x", "sqlite+wonder://"])
def test_a_url_that_can_not_be_read(url: str) -> None:
    assert refusal(url).startswith(f"The database URL {url!r} can't be read: ")


def test_another_kind_of_database() -> None:
    assert refusal("mysql://host/name") == "The database must be sqlite or postgresql, not 'mysql'."


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no database at all\n" * 100)
    assert refusal(f"sqlite:///{path}") == f"The database sqlite:///{path} can't be used: file is not a database"
    assert path.read_text().startswith("no database")


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    assert refusal(f"sqlite:///{tmp_path}/missing/x.db").endswith("can't be used: unable to open database file")


def test_a_server_that_is_not_there(closed_port: int) -> None:
    said = refusal(f"postgresql://somebody:hidden@127.0.0.1:{closed_port}/sandbox")
    assert said.startswith(f"The database postgresql://somebody:***@127.0.0.1:{closed_port}/sandbox can't be used: ")
    assert "hidden" not in said
    assert "\n" not in said


def test_tables_of_another_version(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    open_store(f"sqlite:///{path}").close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE meta SET version = 0")
    db.close()
    assert refusal(f"sqlite:///{path}") == (
        f"The database is of version 0, and this sms-sandbox uses version {opening.VERSION}."
    )


def test_tables_of_somebody_else_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "app.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE messages (body TEXT)")
        db.execute("CREATE TABLE users (name TEXT)")
    db.close()
    assert refusal(f"sqlite:///{path}") == (
        "The database holds other tables with our names (messages); give it one of its own."
    )
    with sqlite3.connect(path) as db:
        assert {name for (name,) in db.execute("SELECT name FROM sqlite_master")} == {"messages", "users"}
    db.close()


def test_what_is_written_is_there_after_opening_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/kept.db"
    first = open_store(url)
    world = found(first)
    first.close()
    again = open_store(url)
    with again.begin() as db:
        account = accounts.by_key(db, world.account.key)
    again.close()
    assert account == world.account


def test_a_file_is_journaled_ahead(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/wal.db")
    with store.begin() as db:
        assert db.scalar(text("PRAGMA journal_mode")) == "wal"
        assert db.scalar(text("PRAGMA synchronous")) == 1
    store.close()


def test_a_file_survives_a_process_that_dies(tmp_path: Path) -> None:
    """Nothing is flushed or closed: what the files hold at this moment is what a restart would find."""
    store = open_store(f"sqlite:///{tmp_path}/dying.db")
    found(store)
    (tmp_path / "after").mkdir()
    for name in ("dying.db", "dying.db-wal"):
        shutil.copy(tmp_path / name, tmp_path / "after" / name)
    other = sqlite3.connect(tmp_path / "after" / "dying.db")
    assert other.execute("SELECT count(*) FROM accounts").fetchone() == (1,)
    other.close()
    store.close()


def test_a_file_is_one_process_s_alone(tmp_path: Path) -> None:
    """Accounts and the throttle are remembered, which a second process would not hear of."""
    url = f"sqlite:///{tmp_path}/mine.db"
    store = open_store(url)
    with pytest.raises(StoreError, match="another process has it open"):
        open_store(url)
    store.close()
    open_store(url).close()


def test_many_may_prepare_a_shared_database_at_once(postgres_url: str) -> None:
    open_store(postgres_url).close()
    failures: list[Exception] = []

    def prepare() -> None:
        try:
            open_store(postgres_url).close()
        except Exception as why:  # noqa: BLE001
            failures.append(why)

    store = open_store(postgres_url)
    with store.begin() as db:
        tables.metadata.drop_all(db)
    store.close()
    threads = [threading.Thread(target=prepare) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_which_store_is_embedded(store: Store) -> None:
    assert store.embedded == (store.engine.dialect.name == "sqlite")


# Statements


def test_a_statement_of_words_and_one_of_expressions_do_the_same(fresh: World) -> None:
    by_words = Statement("SELECT id, key FROM accounts WHERE tenant = :tenant")
    built = Statement(
        tables.accounts.select()
        .with_only_columns(tables.accounts.c.id, tables.accounts.c.key)
        .where(tables.accounts.c.tenant == bindparam("tenant"))
    )
    with fresh.store.begin() as db:
        rows = by_words.all(db, tenant=fresh.tenant)
        assert rows == built.all(db, tenant=fresh.tenant) == [(fresh.account.id, fresh.account.key)]
        assert by_words.one(db, tenant=fresh.tenant) == rows[0]
        assert by_words.value(db, tenant=fresh.tenant) == fresh.account.id
        assert by_words.value(db, tenant=-1) is None
        assert by_words.one(db, tenant=-1) is None
        assert by_words.all(db, tenant=-1) == []


def test_a_statement_counts_the_rows_it_touched(fresh: World) -> None:
    rename = Statement("UPDATE accounts SET name = :name WHERE tenant = :tenant")
    with fresh.store.begin() as db:
        assert rename.run(db, name="x", tenant=fresh.tenant) == 1
        assert rename.run(db, name="x", tenant=-1) == 0
        rename.many(db, [])
        rename.many(db, [{"name": "y", "tenant": -1}, {"name": "z", "tenant": fresh.tenant}])
        assert db.scalar(text("SELECT name FROM accounts")) == "z"


# Transactions


def test_a_transaction_that_fails_leaves_nothing(fresh: World) -> None:
    def count(db: Connection) -> int:
        return int(db.scalar(text("SELECT count(*) FROM tenants")) or 0)

    def fail(db: Connection) -> None:
        tenants.add(db, NewTenant("second", "seed"), real_now())
        ids.take(db, fresh.tenant, "message")
        assert count(db) == 2
        raise RuntimeError

    with pytest.raises(RuntimeError), fresh.store.begin() as db:
        fail(db)
    with fresh.store.begin() as db:
        assert count(db) == 1
        assert ids.take(db, fresh.tenant, "message") == ids.FIRST["message"]


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_what_is_owed_is_done_with_the_transaction_or_not_at_all(fresh: World) -> None:
    rename = Statement("UPDATE tenants SET name = :name WHERE id = :id")

    def names(db: Connection) -> list[str]:
        return list(db.scalars(text("SELECT name FROM tenants")))

    def fail_at_the_end(db: Connection) -> None:
        tenants.add(db, NewTenant("second", "seed"), real_now())
        owe(db, rename, "it", (None, fresh.tenant))

    with fresh.store.begin() as db:
        owe(db, rename, "it", ("once", fresh.tenant))
        owe(db, rename, "it", ("twice", fresh.tenant))
        assert names(db) == ["default"]
    with pytest.raises(sqlite3.IntegrityError), fresh.store.begin() as db:
        fail_at_the_end(db)
    with fresh.store.begin() as db:
        assert names(db) == ["twice"]


def test_the_generation_rises_with_what_may_be_remembered(fresh: World) -> None:
    store = fresh.store
    before = store.generation
    with store.begin() as db:
        accounts.by_key(db, fresh.account.key)
        ledger.charge(db, fresh.account, 1, ledger.FEE, "test", real_now())
    assert store.generation == before
    with store.begin() as db:
        accounts.change(db, fresh.tenant, fresh.account.id, {"price": 1})
        assert store.generation == before
    assert store.generation == before + 1
    with store.begin() as db:
        tenants.change(db, fresh.tenant, {"strict_senders": 1})
    with store.begin() as db:
        tenants.set_clock(db, fresh.tenant, fresh.account.clock.frozen(real_now()))
    with store.begin() as db:
        tenants.remove(db, fresh.tenant)
    assert store.generation == before + 4


def test_what_failed_is_not_told(fresh: World) -> None:
    heard: list[int] = []
    fresh.store.on_scheduled = heard.append
    before = fresh.store.generation

    def fail(db: Connection) -> None:
        changed(db)
        scheduled(db, 1)
        raise RuntimeError

    with pytest.raises(RuntimeError), fresh.store.begin() as db:
        fail(db)
    with fresh.store.begin():
        pass
    assert (fresh.store.generation, heard) == (before, [])


def test_an_embedded_store_remembers_until_something_changed_or_was_undone(fresh: World) -> None:
    asked: list[str] = []

    def ask(db: Connection, what: str) -> None:
        remembered(db, what, lambda: asked.append(what))

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
        changed(db)
        assert asks(db, *twice) == ["one", "one"]
    with store.begin() as db:
        assert asks(db, "one") == ["one"]
    with pytest.raises(RuntimeError), store.begin() as db:
        ask_and_fail(db, "two")
    with store.begin() as db:
        assert asks(db, "two", "one") == ["two", "one"]


def test_what_is_remembered_does_not_grow_for_ever(fresh: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MOST_KNOWN", 2)
    with fresh.store.begin() as db:
        assert [remembered(db, each, lambda: each) for each in "abcab"] == list("abcab")  # noqa: B023


def test_the_earliest_of_what_was_scheduled_is_told_after_the_commit(fresh: World) -> None:
    heard: list[int] = []
    fresh.store.on_scheduled = heard.append
    now = real_now()
    with fresh.store.begin() as db:
        timeline.schedule(db, fresh.tenant, [Plan(now.replace(year=now.year + 2), "send", 1)])
        timeline.schedule(db, fresh.tenant, [Plan(now, "send", 2), Plan(now.replace(year=now.year + 1), "send", 3)])
        assert heard == []
    assert heard == [to_micros(now)]


# Where work is done


@pytest.mark.anyio
async def test_work_is_done_where_the_store_wants_it(fresh: World) -> None:
    here = threading.get_ident()
    there = await fresh.store.call(threading.get_ident)
    assert (there == here) == fresh.store.embedded
    assert await fresh.store.run(lambda db: accounts.balance(db, fresh.tenant, fresh.account.id)) == 100_000_000


@pytest.mark.anyio
async def test_work_that_fails_is_undone_and_heard_of(fresh: World) -> None:
    def fail(db: Connection) -> None:
        ledger.credit(db, fresh.account, 1, ledger.FEE, "test", real_now())
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await fresh.store.run(fail)
    assert await fresh.store.run(lambda db: accounts.balance(db, fresh.tenant, fresh.account.id)) == 100_000_000
