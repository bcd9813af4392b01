"""Tests of the app, with and without failures."""

from typing import Any

from conftest import PERSON, REPORTED_TWICE

from sms_sandbox.testing import Sandbox

TEXT = "Tomorrow at 9. Reply STOP to get no more reminders."


def test_a_reminder_arrives(app: Any, sms_sandbox: Sandbox) -> None:
    app.remind(PERSON, TEXT)
    sms_sandbox.advance(seconds=5)
    assert sms_sandbox.handset(PERSON).inbox() == [TEXT]
    assert app.delivered == 1


def test_a_reminder_survives_an_outage(app: Any, sms_sandbox: Sandbox) -> None:
    sms_sandbox.fail_next("send-sms", status=503, times=2)
    app.remind(PERSON, TEXT)
    assert sms_sandbox.handset(PERSON).inbox() == [TEXT]


def test_a_lost_answer_does_not_make_two_reminders(app: Any, sms_sandbox: Sandbox) -> None:
    sms_sandbox.fail_next("send-sms", connection="lost")
    app.remind(PERSON, TEXT)
    assert sms_sandbox.handset(PERSON).inbox() == [TEXT]


def test_a_delivery_reported_twice_counts_once(app: Any, sms_sandbox: Sandbox) -> None:
    app.remind(REPORTED_TWICE, TEXT)
    sms_sandbox.advance(hours=1)
    assert app.delivered == 1


def test_nothing_is_sent_after_stop(app: Any, sms_sandbox: Sandbox) -> None:
    app.remind(PERSON, TEXT)
    sms_sandbox.handset(PERSON).reply("STOP")
    sms_sandbox.wait_for(callbacks=1, method="reply")
    app.remind(PERSON, TEXT)
    sms_sandbox.verify(calls=1, method="send-sms")
