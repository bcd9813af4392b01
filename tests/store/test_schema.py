"""Opening a database."""

import shutil
import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from sms_sandbox.store import accounts, schema, tables
from sms_sandbox.store.database import Store
from sms_sandbox.store.schema import StoreError, open_store
from tests.conftest import make_tenant


def refusal(url: str) -> str:
    with pytest.raises(StoreError) as why:
        open_store(url)
    return str(why.value)


@pytest.mark.parametrize("url", ["", "nonsense", "/data/sandbox.db", "sqlite//x", "sqlite+wonder://"])
def test_an_invalid_url_is_refused(url: str) -> None:
    assert refusal(url).startswith(f"The database URL {url!r} can't be read: ")


@pytest.mark.parametrize("url", ["postgresql://somebody:hidden@host:port/name", "postgres//somebody:hidden@host"])
def test_an_invalid_url_is_refused_without_its_password(url: str) -> None:
    assert refusal(url).startswith(f"The database URL {url.replace('hidden', '***')!r} can't be read: ")


def test_another_kind_of_database_is_refused() -> None:
    assert refusal("mysql://host/name") == "The database must be sqlite or postgresql, not 'mysql'."


def test_a_file_that_is_not_a_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no database at all\n" * 100)
    assert refusal(f"sqlite:///{path}") == f"The database sqlite:///{path} can't be used: file is not a database"
    assert path.read_text().startswith("no database")


def test_a_missing_directory_is_refused(tmp_path: Path) -> None:
    assert refusal(f"sqlite:///{tmp_path}/missing/x.db").endswith("can't be used: unable to open database file")


def test_a_missing_server_is_an_error(closed_port: int) -> None:
    sentence = refusal(f"postgresql://somebody:hidden@127.0.0.1:{closed_port}/sandbox")
    assert sentence.startswith(
        f"The database postgresql://somebody:***@127.0.0.1:{closed_port}/sandbox can't be used: "
    )
    assert "hidden" not in sentence
    assert "\n" not in sentence


def test_a_silent_server_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that takes connections and says nothing must not hold up calls for minutes."""
    monkeypatch.setitem(schema._CONNECTION_TIMEOUTS, "connect_timeout", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        assert "timeout" in refusal(f"postgresql://somebody@127.0.0.1:{silent.getsockname()[1]}/anything")
    assert time.monotonic() - began < 20


def test_a_shared_database_of_another_version_is_refused(fresh_postgres: Callable[[], str]) -> None:
    url = fresh_postgres()
    store = open_store(url)
    with store.begin() as db:
        db.execute(text("UPDATE meta SET version = version + 1"))
    store.close()
    assert refusal(url) == (
        f"The database is of version {schema.VERSION + 1}, and this sms-sandbox uses version {schema.VERSION}."
    )


def test_tables_of_another_version_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    open_store(f"sqlite:///{path}").close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE meta SET version = 0")
    db.close()
    assert refusal(f"sqlite:///{path}") == (
        f"The database is of version 0, and this sms-sandbox uses version {schema.VERSION}."
    )


def test_tables_of_other_programs_are_not_changed(tmp_path: Path) -> None:
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


def test_rows_are_there_after_opening_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/kept.db"
    first = open_store(url)
    tenant = make_tenant(first)
    first.close()
    again = open_store(url)
    with again.begin() as db:
        account = accounts.find_by_key(db, tenant.account.key)
    again.close()
    assert account == tenant.account


def test_a_file_uses_a_write_ahead_log(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/wal.db")
    with store.begin() as db:
        assert db.scalar(text("PRAGMA journal_mode")) == "wal"
        assert db.scalar(text("PRAGMA synchronous")) == 1
    store.close()


def test_a_file_survives_a_process_that_dies(tmp_path: Path) -> None:
    """The process flushes and closes nothing. A restart finds what the files hold at that moment."""
    store = open_store(f"sqlite:///{tmp_path}/dying.db")
    make_tenant(store)
    (tmp_path / "after").mkdir()
    for name in ("dying.db", "dying.db-wal"):
        shutil.copy(tmp_path / name, tmp_path / "after" / name)
    other = sqlite3.connect(tmp_path / "after" / "dying.db")
    assert other.execute("SELECT count(*) FROM accounts").fetchone() == (1,)
    other.close()
    store.close()


def test_a_file_is_used_by_one_process_only(tmp_path: Path) -> None:
    """Accounts and the throttle are cached, and a second process would not notice changes."""
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


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_pages_of_rows_that_reports_change_have_free_room(store: Store) -> None:
    with store.begin() as db:
        options = db.execute(text("SELECT relname, reloptions FROM pg_class WHERE reloptions IS NOT NULL")).all()
    assert {(name, *values) for name, values in options if name in ("messages", "recipients")} == {
        ("messages", "fillfactor=60"),
        ("recipients", "fillfactor=60"),
    }
