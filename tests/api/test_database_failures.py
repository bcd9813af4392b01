"""Answers while the database fails."""

import sqlite3

import pytest
from sqlalchemy import text

from sms_sandbox.store import recipients
from tests.conftest import Caller, FreshTenant

AWAY = "The sandbox can't reach its database at the moment. Try again later."


def full(*_: object, **__: object) -> None:
    raise sqlite3.OperationalError("database or disk is full")


def test_a_call_that_the_database_fails_is_answered_503(
    call: Caller, fresh: FreshTenant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    send = {"to": "61491570156", "message": "Hi"}
    before = call.ok("get-balance")["balance"]
    with monkeypatch.context() as failing:
        failing.setattr(recipients, "add", full)
        answer = call.http.post("/send-sms.json", data=send)
        assert (answer.status_code, answer.json()) == (503, {"error": {"code": "FAILED", "description": AWAY}})
        as_xml = call.http.post("/send-sms.xml", data=send)
        assert as_xml.status_code == 503
        assert "<code>FAILED</code>" in as_xml.text
    assert "disk is full" in caplog.text
    assert call.ok("get-balance")["balance"] == before
    assert call.ok("send-sms", **send)["message_id"] == 340000001


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_a_lost_connection_is_opened_again_before_a_client_sees_it(call: Caller, fresh: FreshTenant) -> None:
    for number in range(5):
        assert call.ok("send-sms", to="61491570156", message="Hi")["message_id"] == 340000001 + number
        with fresh.store.begin() as db:
            db.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE pid <> pg_backend_pid() AND datname = current_database()"
                )
            )
