"""As many tests as the variable COUNT says, each in a world of its own, and none with a trace of another's."""

import os

import pytest

from sms_sandbox.testing import Sandbox

SOMEBODY = "61491570156"
"""The same handset in every world, which says STOP in each."""


@pytest.mark.parametrize("n", range(int(os.environ.get("COUNT", "20"))))
def test_a_world_holds_its_own_and_nothing_else(sms_sandbox: Sandbox, n: int) -> None:
    def send() -> str:
        return str(sms_sandbox.call("send-sms", message=f"text {n}", to=SOMEBODY)["error"]["code"])

    sms_sandbox.fail_next("send-sms", error="LEDGER_ERROR", match={"text": f"text {n}"})
    assert [send(), send()] == ["LEDGER_ERROR", "SUCCESS"]
    sms_sandbox.advance(seconds=2)
    assert sms_sandbox.handset(SOMEBODY).reply("STOP").response_id == 36500001
    sms_sandbox.advance(seconds=1)
    assert send() == "RECIPIENTS_ERROR"

    assert [(each.id, each.text, each.delivered) for each in sms_sandbox.messages()] == [(340000001, f"text {n}", 1)]
    receiver = sms_sandbox.receiver()
    assert [(each.event, each["message_id"]) for each in receiver.received()] == [
        ("dlr", "340000001"),
        ("reply", "340000001"),
    ]
    assert all(each.signed for each in receiver.received())
    assert [(each.used, each.remaining) for each in sms_sandbox.faults()] == [(1, 0)]
    assert sms_sandbox.call("get-balance")["balance"] == pytest.approx(999.913)
