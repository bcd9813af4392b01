"""cancel-sms: messages that are not sent yet."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from sms_sandbox.services import ledger
from sms_sandbox.store import messages, timeline
from tests.api.tenant_setup import add_other_caller, advance, freeze
from tests.conftest import Caller, FreshTenant

ALREADY_SENT = ("ALREADY_SENT", "This message is already sent or can not be cancelled")
NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
LATER = "2026-03-01 11:00:00"


@pytest.fixture
def scheduled(call: Caller, fresh: FreshTenant) -> int:
    freeze(fresh, NOW)
    return int(call.ok("send-sms", message="hi", to="61491570156,61491570157", send_at=LATER)["message_id"])


def test_a_scheduled_message_is_cancelled(call: Caller, fresh: FreshTenant, scheduled: int) -> None:
    assert call.ok("get-balance")["balance"] == 999.826
    answer = call.http.post("/cancel-sms.json", data={"id": scheduled})
    assert answer.text == '{"success":"OK","error":{"code":"SUCCESS","description":"OK"}}'
    assert call.ok("get-balance")["balance"] == 1000

    advance(fresh, days=4)
    assert set(call.ok("get-sms", message_id=scheduled)["delivery_stats"].values()) == {0}
    assert call.ok("get-user-sms-sent", start="2026-01-01", end="2027-01-01")["total"] == 0


def test_cancelling_is_answered_in_xml(call: Caller, scheduled: int) -> None:
    assert "<response><success>OK</success><error>" in call.http.get(f"/cancel-sms.xml?id={scheduled}").text


def test_the_id_may_be_named_message_id(call: Caller, scheduled: int) -> None:
    assert call.ok("cancel-sms", message_id=scheduled)["success"] == "OK"


def test_a_message_is_cancelled_only_once(call: Caller, scheduled: int) -> None:
    call.ok("cancel-sms", id=scheduled)
    assert call.refused("cancel-sms", id=scheduled) == ALREADY_SENT
    assert call.ok("get-balance")["balance"] == 1000


def test_a_refund_during_a_cancel_is_not_repeated(
    call: Caller, fresh: FreshTenant, scheduled: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A member has left the list, and another process refunds its part during the cancel."""
    drop, waits = timeline.drop, ["once"]

    def drop_after_waiting(db: Connection, *which: Any) -> int:
        if waits:
            waits.clear()
            messages.settle(db, fresh.tenant, scheduled, 1, 8_700)
            ledger.refund_sms(db, fresh.account, scheduled, 1, 8_700, NOW)
        return drop(db, *which)

    monkeypatch.setattr(timeline, "drop", drop_after_waiting)
    call.ok("cancel-sms", id=scheduled)
    assert call.ok("get-balance")["balance"] == 1000


def test_a_sent_message_cannot_be_cancelled(call: Caller, fresh: FreshTenant, scheduled: int) -> None:
    advance(fresh, minutes=59, seconds=59)
    at_once = call.ok("send-sms", message="hi", to="61491570156")["message_id"]
    assert call.refused("cancel-sms", id=at_once) == ALREADY_SENT
    freeze(fresh, NOW + timedelta(hours=1))
    assert call.refused("cancel-sms", id=scheduled) == ALREADY_SENT
    advance(fresh, minutes=1)
    assert call.refused("cancel-sms", id=scheduled) == ALREADY_SENT
    # A refused cancel takes nothing off the timeline: both were delivered.
    assert call.ok("get-sms", message_id=scheduled)["delivery_stats"]["delivered"] == 2
    assert call.ok("get-sms", message_id=at_once)["delivery_stats"]["delivered"] == 1


def test_unknown_messages_and_those_of_others_are_not_found(call: Caller, fresh: FreshTenant, scheduled: int) -> None:
    assert call.refused("cancel-sms", id=1) == ("NOT_FOUND", "Message with this ID does not exist")
    assert call.refused("cancel-sms", id="9" * 30) == ("NOT_FOUND", "Message with this ID does not exist")
    foreign = ("NO_ACCESS", "You do not have access to this 'message'")
    assert add_other_caller(fresh).refused("cancel-sms", id=scheduled) == foreign


@pytest.mark.parametrize("nothing", [{}, {"id": ""}, {"id": "0"}])
def test_a_missing_id_is_refused(call: Caller, nothing: dict[str, str]) -> None:
    assert call.refused("cancel-sms", **nothing) == ("FIELD_EMPTY", "Required field 'id' is empty")


def test_an_invalid_id_is_refused(call: Caller) -> None:
    assert call.refused("cancel-sms", id="last") == (
        "FIELD_INVALID",
        'Field "id" has wrong type, expected type - numeric',
    )


def test_a_scheduled_send_to_a_long_list_is_cancelled(
    call: Caller, fresh: FreshTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sms_sandbox.services.send_message.CHUNK_SIZE", 2)
    freeze(fresh, NOW)
    list_id = call.ok("add-list", name="long")["id"]
    for number in range(61491570150, 61491570155):
        call.ok("add-to-list", list_id=list_id, msisdn=number)
    early = call.ok("send-sms", message="hi", list_id=list_id, send_at=LATER)["message_id"]
    call.ok("cancel-sms", id=early)  # before all its recipients are added
    late = call.ok("send-sms", message="hi", list_id=list_id, send_at=LATER)["message_id"]
    advance(fresh, minutes=30)
    call.ok("cancel-sms", id=late)  # after
    advance(fresh, days=1)
    assert call.ok("get-balance")["balance"] == 1000
    assert call.ok("get-user-sms-sent", start="2026-01-01", end="2027-01-01")["total"] == 0
