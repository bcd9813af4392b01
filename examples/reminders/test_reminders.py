"""What the app must do, also on a bad day."""

from typing import Any

from conftest import PERSON, TWICE

from sms_sandbox.testing import Sandbox

TEXT = "Tomorrow at 9. Reply STOP to hear no more."


def test_a_reminder_arrives(app: Any, sms_sandbox: Sandbox) -> None:
    app.remind(PERSON, TEXT)
    sms_sandbox.advance(seconds=5)
    assert sms_sandbox.handset(PERSON).inbox() == [TEXT]
    assert app.delivered == 1


def test_an_outage_is_overcome(app: Any, sms_sandbox: Sandbox) -> None:
    sms_sandbox.fail_next("send-sms", status=503, times=2)
    app.remind(PERSON, TEXT)
    assert sms_sandbox.handset(PERSON).inbox() == [TEXT]


def test_a_lost_answer_does_not_make_two_reminders(app: Any, sms_sandbox: Sandbox) -> None:
    sms_sandbox.fail_next("send-sms", connection="lost")
    app.remind(PERSON, TEXT)
    assert sms_sandbox.handset(PERSON).inbox() == [TEXT]


def test_a_delivery_reported_twice_counts_once(app: Any, sms_sandbox: Sandbox) -> None:
    app.remind(TWICE, TEXT)
    sms_sandbox.advance(hours=1)
    assert app.delivered == 1


def test_who_says_stop_is_left_alone(app: Any, sms_sandbox: Sandbox) -> None:
    app.remind(PERSON, TEXT)
    sms_sandbox.handset(PERSON).reply("STOP")
    sms_sandbox.wait_for(callbacks=1, method="reply")
    app.remind(PERSON, TEXT)
    sms_sandbox.verify(calls=1, method="send-sms")
