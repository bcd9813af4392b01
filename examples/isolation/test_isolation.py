"""COUNT tests (20 by default), each in its own tenant. None of them sees a trace of another."""

import os

import pytest

from sms_sandbox.testing import Sandbox

PERSON = "61491570156"
"""A handset that is the same in every tenant. It replies STOP in each."""


@pytest.mark.parametrize("n", range(int(os.environ.get("COUNT", "20"))))
def test_a_tenant_holds_only_its_own_data(sms_sandbox: Sandbox, n: int) -> None:
    def send() -> str:
        return str(sms_sandbox.call("send-sms", message=f"text {n}", to=PERSON)["error"]["code"])

    sms_sandbox.fail_next("send-sms", error="LEDGER_ERROR", match={"text": f"text {n}"})
    assert [send(), send()] == ["LEDGER_ERROR", "SUCCESS"]
    sms_sandbox.advance(seconds=2)
    assert sms_sandbox.handset(PERSON).reply("STOP").response_id == 36500001
    sms_sandbox.advance(seconds=1)
    assert send() == "RECIPIENTS_ERROR"

    messages = [(message.id, message.text, message.delivered) for message in sms_sandbox.messages()]
    assert messages == [(340000001, f"text {n}", 1)]
    callbacks = sms_sandbox.receiver().received()
    assert [(callback.event, callback["message_id"]) for callback in callbacks] == [
        ("dlr", "340000001"),
        ("reply", "340000001"),
    ]
    assert all(callback.signed for callback in callbacks)
    assert [(fault.used, fault.remaining) for fault in sms_sandbox.faults()] == [(1, 0)]
    assert sms_sandbox.call("get-balance")["balance"] == pytest.approx(999.913)
