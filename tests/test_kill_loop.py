"""Killed processes lose nothing: a short run of `python -m benchmarks.kill_loop`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import kill_loop
from sms_sandbox.server.certificates import Certificates

KILLS = 2


@pytest.mark.parametrize("where", ["file", "postgresql"])
def test_the_books_are_right_after_kills_under_load(
    where: str, certificates: Certificates, fresh_postgres: Callable[[], str], tmp_path: Path
) -> None:
    if where == "file":
        books = kill_loop.run(certificates, f"sqlite:///{tmp_path / 'kills.db'}", KILLS)
    else:
        books = kill_loop.run(certificates, fresh_postgres(), KILLS, workers=2)
    assert books.problems == []
    assert books.answered >= KILLS * kill_loop.CLIENTS
    assert books.callbacks == books.answered + books.carried_out
