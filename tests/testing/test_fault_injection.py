"""Calls, callbacks and deliveries that fail when a test wants them to."""

import pytest

from sms_sandbox.testing import Sandbox, SandboxError
from tests.serving import HANDSET


def code(world: Sandbox) -> str:
    reply = world.call("send-sms", message="hello", to=HANDSET)
    return str(reply["error"]["code"])


def test_the_next_calls_fail_with_an_error(world: Sandbox) -> None:
    fault = world.fail_next("send-sms", error="LEDGER_ERROR", times=2)
    assert (fault.on, fault.method, fault.remaining) == ("api", "send-sms", 2)
    assert world.call("get-balance")["error"]["code"] == "SUCCESS"
    assert [code(world) for _ in range(3)] == ["LEDGER_ERROR", "LEDGER_ERROR", "SUCCESS"]
    assert [(each.used, each.remaining) for each in world.faults()] == [(2, 0)]


def test_all_calls_fail_until_the_faults_are_cleared(world: Sandbox) -> None:
    world.fail_next(error="NO_ACCESS", times=None)
    assert {code(world) for _ in range(3)} == {"NO_ACCESS"}
    world.clear_faults()
    assert code(world) == "SUCCESS"
    assert world.faults() == []


def test_an_answer_is_lost_after_the_work_was_done(world: Sandbox) -> None:
    world.fail_next("send-sms", connection="lost")
    with pytest.raises(SandboxError, match="send-sms was not answered"):
        code(world)
    assert [each.text for each in world.messages()] == ["hello"]


def test_a_page_instead_of_json(world: Sandbox) -> None:
    world.fail_next("send-sms", body="html", match={"to": HANDSET})
    with pytest.raises(SandboxError, match="something that is no JSON"):
        code(world)


def test_an_answer_is_late(world: Sandbox) -> None:
    assert world.fail_next(delay=0.01).delay == {"seconds": 0.01}
    assert world.fail_next(delay={"from": 0.01, "to": 0.02}).delay == {"from": 0.01, "to": 0.02}
    assert [code(world) for _ in range(3)] == ["SUCCESS"] * 3


def test_the_next_callbacks_go_wrong(world: Sandbox) -> None:
    world.fail_next_callback("duplicate", event="dlr")
    world.fail_next_callback("wrong-signature", event="reply", times=1)
    code(world)
    world.advance(minutes=1)
    world.handset(HANDSET).reply("Yes")
    world.advance(minutes=1)
    assert [each.signed for each in world.receiver().dlrs] == [True, True]
    assert [each.signed for each in world.receiver().replies] == [False]
    assert [(each.on, each.event, each.callback, each.used) for each in world.faults()] == [
        ("callback", "dlr", "duplicate", 1),
        ("callback", "reply", "wrong-signature", 1),
    ]


def test_a_scenario_for_a_number_and_so_many_messages(world: Sandbox) -> None:
    rule = world.scenario("soft-bounce", to="0491570156", count=1)
    assert (rule.scenario, rule.remaining) == ("soft-bounce", 1)
    assert [code(world), code(world)] == ["SUCCESS"] * 2
    world.advance(minutes=1)
    told = sorted(world.receiver().dlrs, key=lambda each: each["message_id"])
    assert [each["status"] for each in told] == ["soft-bounce", "delivered"]
    assert [(each.used, each.remaining) for each in world.rules()] == [(1, 0)]
    assert [each.rule for each in world.callbacks()] == ["rule 1 (soft-bounce)", ""]


def test_a_scenario_with_options_in_the_place_of_another(world: Sandbox) -> None:
    world.scenario("never-reports")
    world.scenario("replies", options={"text": "Yes please"}, first=True)
    code(world)
    world.advance(hours=1)
    assert [each["response"] for each in world.receiver().replies] == ["Yes please"]
    world.clear_rules()
    assert world.rules() == []


def test_the_catalogue(world: Sandbox) -> None:
    known = {each.name: each for each in world.scenarios()}
    twice = known["report-twice"]
    assert "61491576398" in twice.numbers
    assert [each.does for each in twice.steps] == ["report", "report"]
    with pytest.raises(SandboxError, match="report-twice"):
        world.scenario("report-twise")


def test_a_fault_that_makes_no_sense_is_refused(world: Sandbox) -> None:
    with pytest.raises(SandboxError, match="did you mean 'send-sms'"):
        world.fail_next("send-smss", status=503)
    with pytest.raises(SandboxError):
        world.fail_next("send-sms")
    with pytest.raises(SandboxError, match="unknown field `colour`"):
        world.fail_next("send-sms", status=503, colour="red")
    assert world.faults() == []
