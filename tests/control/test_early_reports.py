"""Delivery reports that arrive before the answer to send-sms."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.receiver import Receiver
from tests.sandbox import Account

EARLY, ORDINARY = "61491578957", "61491570157"


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A longer wait for early reports than these tests have patience for a call.

    So a call that is answered did not wait for a report that never came."""
    monkeypatch.setattr("sms_sandbox.api.early_reports.MAX_WAIT_SECONDS", 600)


@pytest.mark.parametrize("stands", [False, True])
@pytest.mark.usefixtures("patient")
def test_the_report_is_answered_before_the_call(
    tenant: Account, frozen: Account, stands: bool, receiver: Receiver
) -> None:
    account = frozen if stands else tenant
    receiver.delay = 0.3
    sent = account.send(to=f"{ORDINARY},{EARLY}", dlr_callback=receiver.url)
    answered = time.monotonic()
    first = receiver.received[0]
    assert (first["mobile"], first["status"], first["message_id"]) == (EARLY, "delivered", str(sent))
    assert answered - first.at >= receiver.delay
    (callback,) = account.ok("GET", "/callbacks", msisdn=EARLY)["callbacks"]
    assert (callback["state"], [each["status"] for each in callback["attempts"]]) == ("delivered", [200])


@pytest.mark.usefixtures("patient")
def test_a_failed_attempt_does_not_delay_the_answer(tenant: Account, receiver: Receiver) -> None:
    receiver.status = 500
    tenant.send(to=EARLY, dlr_callback=receiver.url)
    assert len(receiver.received) == 1


@pytest.mark.usefixtures("patient")
def test_without_a_callback_url_the_answer_is_not_delayed(tenant: Account) -> None:
    message = tenant.send(to=EARLY)
    assert tenant.ok("GET", f"/messages/{message}")["delivered"] == 1


@pytest.mark.usefixtures("patient")
def test_a_replay_waits_for_no_early_report(frozen: Account) -> None:
    frozen.send(to=EARLY)
    document = frozen.ok("GET", "/export", with_secrets="true")
    assert frozen.control("POST", "/replay", {"document": document}).status == 200


def test_an_app_that_waits_for_the_answer_gets_it(
    tenant: Account, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sms_sandbox.api.early_reports.MAX_WAIT_SECONDS", 0.2)
    with receiver.holding():
        began = time.monotonic()
        tenant.send(to=EARLY, dlr_callback=receiver.url)
        assert time.monotonic() - began >= 0.2
        receiver.wait_for(1)
        (callback,) = tenant.ok("GET", "/callbacks")["callbacks"]
        assert [(each["status"], each["error"]) for each in callback["attempts"]] == [(None, None)], "it is under way"


def test_a_rule_can_report_early_while_other_calls_are_answered(tenant: Account, receiver: Receiver) -> None:
    tenant.ok("POST", "/rules", {"scenario": "early-report", "match": {"to": ORDINARY}})
    with ThreadPoolExecutor(1) as pool, receiver.holding():
        sending = pool.submit(tenant.send, to=ORDINARY, dlr_callback=receiver.url)
        receiver.wait_for(1)
        assert tenant.api("get-balance")["error"]["code"] == "SUCCESS"
        assert not sending.done()
    assert sending.result() > 0
