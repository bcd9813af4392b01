"""Faults and scenarios by the Python API."""

import pytest

from sms_sandbox.testing import Delay, Sandbox, SandboxError
from tests.sandbox import HANDSET


def code(tenant: Sandbox) -> str:
    reply = tenant.call("send-sms", message="hello", to=HANDSET)
    return str(reply["error"]["code"])


def test_the_next_calls_fail_with_an_error(tenant: Sandbox) -> None:
    fault = tenant.fail_next("send-sms", error="LEDGER_ERROR", times=2)
    assert (fault.on, fault.method, fault.remaining) == ("api", "send-sms", 2)
    assert tenant.call("get-balance")["error"]["code"] == "SUCCESS"
    assert [code(tenant) for _ in range(3)] == ["LEDGER_ERROR", "LEDGER_ERROR", "SUCCESS"]
    assert [(each.used, each.remaining) for each in tenant.faults()] == [(2, 0)]


def test_all_calls_fail_until_the_faults_are_cleared(tenant: Sandbox) -> None:
    tenant.fail_next(error="NO_ACCESS", times=None)
    assert {code(tenant) for _ in range(3)} == {"NO_ACCESS"}
    tenant.clear_faults()
    assert code(tenant) == "SUCCESS"
    assert tenant.faults() == []


def test_an_answer_is_lost_after_the_work_was_done(tenant: Sandbox) -> None:
    tenant.fail_next("send-sms", connection="lost")
    with pytest.raises(SandboxError, match="send-sms was not answered"):
        code(tenant)
    assert [each.text for each in tenant.messages()] == ["hello"]


def test_an_answer_can_be_a_page_instead_of_json(tenant: Sandbox) -> None:
    tenant.fail_next("send-sms", body="html", match={"to": HANDSET})
    with pytest.raises(SandboxError, match="send-sms is not JSON"):
        code(tenant)


def test_an_answer_can_be_late(tenant: Sandbox) -> None:
    assert tenant.fail_next(delay=0.01).delay == Delay(seconds=0.01)
    assert tenant.fail_next(delay={"from": 0.01, "to": 0.02}).delay == Delay(from_=0.01, to=0.02)
    assert [code(tenant) for _ in range(3)] == ["SUCCESS"] * 3


def test_the_next_callbacks_go_wrong(tenant: Sandbox) -> None:
    tenant.fail_next_callback("duplicate", event="dlr")
    tenant.fail_next_callback("wrong-signature", event="reply", times=1)
    code(tenant)
    tenant.advance(minutes=1)
    tenant.handset(HANDSET).reply("Yes")
    tenant.advance(minutes=1)
    assert [each.signed for each in tenant.receiver().dlrs] == [True, True]
    assert [each.signed for each in tenant.receiver().replies] == [False]
    assert [(each.on, each.event, each.callback, each.used) for each in tenant.faults()] == [
        ("callback", "dlr", "duplicate", 1),
        ("callback", "reply", "wrong-signature", 1),
    ]


def test_a_scenario_can_be_for_one_number_and_a_count_of_messages(tenant: Sandbox) -> None:
    rule = tenant.scenario("soft-bounce", to="0491570156", count=1)
    assert (rule.scenario, rule.remaining) == ("soft-bounce", 1)
    assert [code(tenant), code(tenant)] == ["SUCCESS"] * 2
    tenant.advance(minutes=1)
    requests = sorted(tenant.receiver().dlrs, key=lambda each: each["message_id"])
    assert [each["status"] for each in requests] == ["soft-bounce", "delivered"]
    assert [(each.used, each.remaining) for each in tenant.rules()] == [(1, 0)]
    assert [each.rule for each in tenant.callbacks()] == ["rule 1 (soft-bounce)", ""]


def test_a_scenario_with_options_can_replace_another(tenant: Sandbox) -> None:
    tenant.scenario("never-reports")
    tenant.scenario("replies", options={"text": "Yes please"}, first=True)
    code(tenant)
    tenant.advance(hours=1)
    assert [each["response"] for each in tenant.receiver().replies] == ["Yes please"]
    tenant.clear_rules()
    assert tenant.rules() == []


def test_scenarios_are_listed_and_a_misspelt_one_is_refused(tenant: Sandbox) -> None:
    known = {each.name: each for each in tenant.scenarios()}
    twice = known["report-twice"]
    assert "61491576398" in twice.numbers
    assert [each.does for each in twice.steps] == ["report", "report"]
    with pytest.raises(SandboxError, match="report-twice"):
        tenant.scenario("report-twise")


def test_an_invalid_fault_is_refused(tenant: Sandbox) -> None:
    with pytest.raises(SandboxError, match="did you mean 'send-sms'"):
        tenant.fail_next("send-smss", status=503)
    with pytest.raises(SandboxError):
        tenant.fail_next("send-sms")
    with pytest.raises(SandboxError, match="unknown field `colour`"):
        tenant.fail_next("send-sms", status=503, colour="red")
    assert tenant.faults() == []
