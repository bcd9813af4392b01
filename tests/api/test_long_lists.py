"""A text with merge fields to a long list: its parts are counted in steps, so other calls can run."""

import asyncio

import pytest

from sms_sandbox.api.answer import Answer, prepare_and_answer
from sms_sandbox.api.errors import Code
from sms_sandbox.api.gate import Gate
from sms_sandbox.api.routes import load_methods
from tests import api_calls
from tests.api.tenant_setup import advance
from tests.conftest import KEY, SECRET, Caller, FreshTenant

pytestmark = pytest.mark.anyio

TO = 61491570156
LONG = "x" * 150
BASIC = "Basic dGVzdC1rZXk6dGVzdC1zZWNyZXQ="


@pytest.fixture
def long(call: Caller, monkeypatch: pytest.MonkeyPatch) -> int:
    """A list of five, which is long if two are counted at a time."""
    monkeypatch.setattr("sms_sandbox.services.send_message.CHUNK_SIZE", 2)
    made = int(call.ok("add-list", name="long")["id"])
    for index, name in enumerate(("One", LONG, "Two", "Six", LONG)):
        call.ok("add-to-list", list_id=made, msisdn=TO + index, first_name=name)
    return made


def test_parts_are_counted_over_all_members(call: Caller, fresh: FreshTenant, long: int) -> None:
    sent = call.ok("send-sms", list_id=long, message="Dear [firstname], hello")
    assert (sent["recipients"], sent["sms"]) == (5, 7)
    advance(fresh, minutes=1)
    response = call.ok("get-sms-sent", message_id=sent["message_id"], delivery="delivered")
    assert [each["msisdn"] for each in response["recipients"]] == [TO + index for index in range(5)]


def test_a_text_too_long_for_one_member_is_not_sent_at_all(call: Caller, fresh: FreshTenant, long: int) -> None:
    before = call.ok("get-balance")["balance"]
    call.ok("edit-list-member", list_id=long, msisdn=TO + 4, first_name="y" * 255)
    assert call.refused("send-sms", list_id=long, message=f"[firstname]{LONG * 3}")[0] == "FIELD_INVALID"
    assert call.ok("get-balance")["balance"] == before
    assert call.ok("get-message-report")["messages_total"] == 0


async def test_other_calls_are_answered_between_the_steps(
    fresh: FreshTenant, long: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sms_sandbox.services.send_message.CHUNK_SIZE", 1)
    sending = asyncio.create_task(send(fresh, long))
    answered = 0
    while not sending.done():
        await asyncio.sleep(0)
        answer(fresh, "get-balance")
        answered += 1
    assert answered >= 5
    assert (sending.result().code, sending.result().billed) == (Code.SUCCESS, 5)


async def test_a_list_removed_during_the_count_is_refused(fresh: FreshTenant, long: int) -> None:
    sending = asyncio.create_task(send(fresh, long))
    await asyncio.sleep(0)
    assert not sending.done()
    answer(fresh, "remove-list", list_id=str(long))
    assert (await sending).code is Code.NOT_FOUND


@pytest.mark.parametrize("members", [4, 1])
def test_a_list_that_shrinks_during_the_count_is_charged_for_its_members(
    call: Caller, fresh: FreshTenant, long: int, members: int
) -> None:
    """The list is counted again if it is no longer long; otherwise members who left are refunded later."""

    async def send_and_shrink() -> Answer:
        sending = asyncio.create_task(send(fresh, long))
        await asyncio.sleep(0)
        for index in range(5 - members):
            answer(fresh, "delete-from-list", list_id=str(long), msisdn=str(TO + 4 - index))
        return await sending

    sent = asyncio.run(send_and_shrink()).reply
    advance(fresh, minutes=1)
    assert call.ok("get-balance")["balance"] == round(1000 - members * 0.087, 3)
    assert sent["recipients"] == members


async def test_a_wrong_parameter_is_refused_before_anything_is_counted(fresh: FreshTenant, long: int) -> None:
    refused = await send(fresh, long, send_at="tomorrow")
    assert refused.code is Code.FIELD_INVALID
    assert (await send(fresh, long, authorization="Basic eDp5")).code is Code.AUTH_FAILED


async def test_an_error_during_the_count_is_a_failure(
    fresh: FreshTenant, long: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("sms_sandbox.services.send_message.values_of", None)
    assert (await send(fresh, long)).code is Code.FAILED
    assert "send-sms failed" in caplog.text


def answer(fresh: FreshTenant, name: str, **form: str) -> None:
    """Answer another call, from inside of the event loop."""
    answered = api_calls.answer(fresh.store, load_methods()[name], form, BASIC)
    assert answered.code is Code.SUCCESS


async def send(fresh: FreshTenant, list_id: int, authorization: str = BASIC, **more: str) -> Answer:
    assert (KEY, SECRET) == ("test-key", "test-secret")
    method = load_methods()["send-sms"]
    form = {"list_id": str(list_id), "message": "Dear [firstname]", **more}
    prepare = method.find_preparation(form)
    assert prepare is not None
    return await prepare_and_answer(fresh.store, Gate(), method, form, authorization, prepare, lambda _, answer: answer)
