"""Database files that are damaged, read-only, deleted or replaced: a sentence, and no 200 for what is not kept."""

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from sms_sandbox.store.failures import explain_failure, is_database_failure
from sms_sandbox.store.schema import StoreError, open_store
from tests.conftest import make_tenant
from tests.sandbox import Account, fetch, run_sandbox


def status_of_send(account: Account) -> int:
    reply = account.api("send-sms", message="Hi", to="61491570156")
    return 200 if reply["error"]["code"] == "SUCCESS" else 503 if "database" in reply["error"]["description"] else 400


def readiness(account: Account) -> tuple[int, str]:
    answer = fetch(f"{account.ready.http}/readyz")
    return answer.status, answer.body.decode()


def test_no_call_is_accepted_while_the_file_is_missing_or_replaced(certificates: Certificates, tmp_path: Path) -> None:
    """With the file back in its place, everything goes on."""
    path, away = tmp_path / "a.db", tmp_path / "away.db"
    settings = Settings(
        https_port=0, http_port=0, certs=str(certificates.directory), throttle=0, database=f"sqlite:///{path}"
    )
    with run_sandbox(settings) as account:
        assert status_of_send(account) == 200
        path.rename(away)
        assert status_of_send(account) == 503
        status, text = readiness(account)
        assert status == 503
        assert f"The database file {path} is gone" in text
        shutil.copy(away, path)
        assert status_of_send(account) == 503
        assert "was replaced" in readiness(account)[1]
        away.rename(path)
        assert status_of_send(account) == 200
        assert account.ok("GET", "/messages")["page"]["total"] == 2
    with run_sandbox(settings) as account:
        assert account.ok("GET", "/messages")["page"]["total"] == 2


@pytest.mark.parametrize("suffix", ["", "-wal"])
@pytest.mark.parametrize("how", ["cut", "deleted"])
def test_no_call_is_accepted_after_the_file_or_its_log_was_cut_or_deleted(
    certificates: Certificates, tmp_path: Path, suffix: str, how: str
) -> None:
    """SQLite itself does not see it for a while. Everything that was answered meanwhile would be lost."""
    path = tmp_path / f"a.db{suffix}"
    settings = Settings(
        https_port=0, http_port=0, certs=str(certificates.directory), throttle=0, database=f"sqlite:///{tmp_path}/a.db"
    )
    with run_sandbox(settings) as account:
        assert [status_of_send(account) for _ in range(3)] == [200] * 3
        if how == "cut":
            os.truncate(path, path.stat().st_size // 2)
        else:
            path.unlink()
        assert [status_of_send(account) for _ in range(3)] == [503] * 3
        status, text = readiness(account)
        assert status == 503
        assert f"The database file {path} {'was cut' if how == 'cut' else 'is gone'}" in text
    if (suffix, how) == ("-wal", "deleted"):  # what it held is saved when the server ends
        with run_sandbox(settings) as account:
            assert account.ok("GET", "/messages")["page"]["total"] == 3


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """A database of which all pages but the first are overwritten."""
    path = tmp_path / "damaged.db"
    store = open_store(f"sqlite:///{path}")
    make_tenant(store)
    store.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\x7f" * (len(content) - 4096)
    path.write_bytes(content)
    return path


def test_a_damaged_file_is_an_error_at_the_start(damaged: Path) -> None:
    with pytest.raises(StoreError, match=r"damaged\.db can't be used: it is damaged; put a copy in its place"):
        open_store(f"sqlite:///{damaged}")


def test_a_damaged_file_is_a_database_failure_and_not_a_failed_event(damaged: Path) -> None:
    db = sqlite3.connect(damaged)
    with pytest.raises(sqlite3.DatabaseError) as why:
        db.execute("SELECT * FROM accounts").fetchall()
    db.close()
    assert is_database_failure(why.value)
    assert explain_failure(why.value).startswith("The database file is damaged")


def test_a_read_only_file_is_reported_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    open_store(f"sqlite:///{path}").close()
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    with pytest.raises(sqlite3.OperationalError) as why:
        db.execute("UPDATE meta SET version = 0")
    db.close()
    assert is_database_failure(why.value)
    assert explain_failure(why.value) == "The database file, or the folder or disk it is on, is read-only."


def test_a_read_only_file_is_an_error_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may write everywhere, so SQLite is told to open the file read-only."""
    path = tmp_path / "a.db"
    open_store(f"sqlite:///{path}").close()
    real = sqlite3.connect
    monkeypatch.setattr(sqlite3.dbapi2, "connect", lambda name, **more: real(f"file:{name}?mode=ro", uri=True, **more))
    with pytest.raises(StoreError, match=r"can't be used: .*read-only\."):
        open_store(f"sqlite:///{path}")
