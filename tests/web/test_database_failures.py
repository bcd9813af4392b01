"""Pages, links, receivers, sign-ins and control while the database fails."""

import logging
import sqlite3
from typing import Any

import pytest

from sms_sandbox.store.database import Store
from tests.sandbox import Account, fetch

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
REQUESTS = [
    ("GET", "/TapTh.is/aB3dE5fG", b"", {}),
    ("POST", "/_sandbox/receiver/default/app", b"a=b", FORM),
    ("POST", "/_sandbox/sign-in", b"key=sandbox-key&secret=sandbox-secret", FORM),
    ("GET", "/_sandbox/v1/messages", b"", {}),
    ("POST", "/_sandbox/v1/tenants/current/reset", b"{}", {"Content-Type": "application/json"}),
    ("POST", "/_sandbox/v1/wait", b'{"of": "calls"}', {"Content-Type": "application/json"}),
    ("GET", "/_sandbox/v1/events", b"", {}),
    ("GET", "/_sandbox/v1/export", b"", {}),
]


def full(*_: Any, **__: Any) -> None:
    raise sqlite3.OperationalError("database or disk is full")


@pytest.mark.parametrize(("verb", "path", "body", "headers"), REQUESTS, ids=lambda value: str(value)[:40])
def test_whatever_needs_the_database_is_answered_503(
    server: Account, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    verb: str, path: str, body: bytes, headers: dict[str, str],
) -> None:  # fmt: skip
    with monkeypatch.context() as failing:
        for name in ("run", "begin"):
            failing.setattr(Store, name, full)
        answer = fetch(f"{server.ready.http}{path}", verb, body, headers)
    assert (answer.status, b"can't reach its database" in answer.body) == (503, True)
    assert [each for each in caplog.records if each.name.startswith("uvicorn")] == []
    lines = [each for each in caplog.records if "because the database did" in each.getMessage()]
    assert [(each.levelno, each.exc_info) for each in lines] == [(logging.WARNING, None)]
