"""A text with merge fields to a long list: its parts are counted in steps, between which others are answered."""

from collections.abc import Iterator

import pytest

from sms_sandbox.api.answer import Answer, answer_in_steps
from sms_sandbox.api.errors import Code
from sms_sandbox.api.gate import Gate
from sms_sandbox.api.routes import methods
from tests.api.acts import advance
from tests.conftest import KEY, SECRET, Caller, FreshTenant

TO = 61491570156
LONG = "x" * 150
BASIC = "Basic dGVzdC1rZXk6dGVzdC1zZWNyZXQ="


@pytest.fixture
def long(call: Caller, monkeypatch: pytest.MonkeyPatch) -> int:
    """A list of five, which is long if two are counted at a time."""
    monkeypatch.setattr("sms_sandbox.api.methods.sms.CHUNK", 2)
    made = int(call.ok("add-list", name="long")["id"])
    for index, name in enumerate(("One", LONG, "Two", "Six", LONG)):
        call.ok("add-to-list", list_id=made, msisdn=TO + index, first_name=name)
    return made


def test_parts_are_counted_over_all_members(call: Caller, fresh: FreshTenant, long: int) -> None:
    sent = call.ok("send-sms", list_id=long, message="Dear [firstname], hello")
    assert (sent["recipients"], sent["sms"]) == (5, 7)
    advance(fresh, minutes=1)
    told = call.ok("get-sms-sent", message_id=sent["message_id"], delivery="delivered")
    assert [each["msisdn"] for each in told["recipients"]] == [TO + index for index in range(5)]


def test_a_text_that_is_too_long_for_one_is_sent_to_nobody(call: Caller, fresh: FreshTenant, long: int) -> None:
    before = call.ok("get-balance")["balance"]
    call.ok("edit-list-member", list_id=long, msisdn=TO + 4, first_name="y" * 255)
    assert call.refused("send-sms", list_id=long, message=f"[firstname]{LONG * 3}")[0] == "FIELD_INVALID"
    assert call.ok("get-balance")["balance"] == before
    assert call.ok("get-message-report")["messages_total"] == 0


def test_others_are_answered_between_the_steps(call: Caller, fresh: FreshTenant, long: int) -> None:
    steps = sending(fresh, long)
    waited = 0
    while (found := next(steps)) is None:
        waited += 1
        assert call.ok("get-balance")["balance"] == 1000
    assert waited >= 3
    assert (found.code, found.sent_to) == (Code.SUCCESS, 5)


def test_a_list_that_goes_away_meanwhile(call: Caller, fresh: FreshTenant, long: int) -> None:
    steps = sending(fresh, long)
    assert next(steps) is None
    call.ok("remove-list", list_id=long)
    assert [found.code for found in steps if found is not None] == [Code.NOT_FOUND]


def sending(fresh: FreshTenant, on: int) -> Iterator[Answer | None]:
    assert (KEY, SECRET) == ("test-key", "test-secret")
    form = {"list_id": str(on), "message": "Dear [firstname]"}
    return answer_in_steps(fresh.store, Gate(fresh.store), methods()["send-sms"], form, BASIC)
