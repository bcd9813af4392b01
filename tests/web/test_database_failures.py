"""Pages, links, receivers, sign-ins and control while the database fails."""

import logging
import sqlite3
import time
from typing import Any

import pytest

from sms_sandbox.store import grouped_log
from sms_sandbox.store.database import Store
from tests.sandbox import Account, fetch
from tests.timing import eventually

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
def test_requests_that_need_the_database_are_answered_503(
    server: Account, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    verb: str, path: str, body: bytes, headers: dict[str, str],
) -> None:  # fmt: skip
    with monkeypatch.context() as failing:
        for name in ("run", "begin"):
            failing.setattr(Store, name, full)
        answer = fetch(f"{server.ready.http}{path}", verb, body, headers)
    assert (answer.status, b"can't reach its database" in answer.body) == (503, True)
    assert [each for each in caplog.records if each.name.startswith("uvicorn")] == []

    def lines() -> list[logging.LogRecord]:  # the timeline may fail meanwhile, too
        return [each for each in caplog.records if each.getMessage().startswith(f"{path} failed, because the database")]

    eventually(lambda: bool(lines()))
    assert [(each.levelno, each.exc_info) for each in lines()] == [(logging.WARNING, None)]


def test_an_outage_is_one_line_a_second_with_the_number_of_failures(
    server: Account, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    requests = [
        *REQUESTS,
        ("GET", "/get-balance.json", b"", {}),
        ("GET", "/readyz", b"", {}),
        ("GET", "/metrics", b"", {}),
    ]
    monkeypatch.setattr(grouped_log, "INTERVAL_SECONDS", 1.0)
    server.ok("GET", "/traffic")  # by then all is loaded
    began, rounds = time.monotonic(), 5
    with monkeypatch.context() as failing:
        for name in ("run", "begin"):
            failing.setattr(Store, name, full)
        for verb, path, body, headers in requests * rounds:
            fetch(f"{server.ready.http}{path}", verb, body, headers)

    def lines() -> list[str]:
        return [each for each in caplog.messages if "because the database did" in each]

    def count() -> int:
        return sum(
            int(line.rpartition(" (")[2].partition(" failures")[0]) if line.endswith(" failures like this)") else 1
            for line in lines()
        )

    failed = rounds * len(requests)
    eventually(lambda: count() >= failed)
    took = time.monotonic() - began  # including the wait for the last line
    assert count() <= failed + 2 * (1 + took)  # the timeline and the traffic fail once a second, too
    assert len(lines()) <= 2 + took
