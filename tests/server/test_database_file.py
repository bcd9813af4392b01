"""Database files are for their owner alone."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.server.database_file import make_private
from sms_sandbox.settings import Settings
from sms_sandbox.store.schema import StoreError
from tests.sandbox import run_sandbox


@pytest.fixture(autouse=True)
def _generous_umask() -> Iterator[None]:
    before = os.umask(0o000)
    yield
    os.umask(before)


@pytest.mark.parametrize("is_old", [False, True])
def test_the_files_of_a_database_are_private(certificates: Certificates, tmp_path: Path, is_old: bool) -> None:
    path = tmp_path / "sandbox.db"
    certs = str(certificates.directory)
    settings = Settings(https_port=0, http_port=0, certs=certs, database=f"sqlite:///{path}")
    if is_old:
        with run_sandbox(settings):
            pass
        path.chmod(0o644)
    with run_sandbox(settings) as account:
        account.send()
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert {"sandbox.db", "sandbox.db-wal"} <= modes.keys()
    assert set(modes.values()) == {0o600}


def test_a_file_that_cannot_be_made_private_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sandbox.db"
    path.touch(0o644)

    def refuse(self: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    with pytest.raises(StoreError, match="can't be made private: Operation not permitted"):
        make_private(f"sqlite:///{path}")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "postgresql://localhost/x", "junk", "a://[b"])
def test_other_databases_are_not_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.chdir(tmp_path)
    make_private(url)
    assert list(tmp_path.iterdir()) == []
