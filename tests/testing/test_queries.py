"""Traffic, expectations, waits and reports by the Python API."""

import re
import threading
import time

import pytest

from sms_sandbox.testing import Sandbox, SandboxError
from tests.sandbox import HANDSET


def send(tenant: Sandbox, text: str = "hello", **params: object) -> int:
    return int(tenant.call("send-sms", message=text, to=HANDSET, **params)["message_id"])


def test_the_traffic_tells_what_happened_in_order(tenant: Sandbox) -> None:
    tenant.fail_next("send-sms", status=503)
    with pytest.raises(SandboxError):
        send(tenant)
    message = send(tenant, "hello there")
    tenant.advance(seconds=5)
    tenant.handset(HANDSET).reply("Thanks")
    tenant.advance(seconds=5)
    entries = tenant.traffic()
    assert [each.id for each in entries] == sorted(each.id for each in entries)
    failed, sent = tenant.traffic(kind="call", method="send-sms")
    assert (failed.status, failed.rule) == (503, "fault 1")
    assert (sent.status, sent.code, sent.message_id, sent.rule) == (200, "SUCCESS", message, None)
    assert sent.request["message"] == "hello there"
    assert sent.reply["message_id"] == message
    assert sent.hints == []
    (report,) = tenant.traffic(kind="callback", method="dlr")
    assert (report.request["status"], report.code, report.status) == ("delivered", "ok", 200)
    assert [each.request["text"] for each in tenant.traffic(kind="inbound")] == ["Thanks"]
    assert tenant.traffic(text="nobody wrote this") == []
    assert [each.id for each in tenant.traffic(after=sent.id)] == [each.id for each in entries if each.id > sent.id]


def test_verify_explains_the_difference(tenant: Sandbox) -> None:
    send(tenant, "Tomorrow at 9")
    tenant.verify(messages=1, calls=1, callbacks=0, inbound=0)
    tenant.verify(messages=1, text="Tomorrow", number=HANDSET)
    tenant.verify(calls=1, method="send-sms", params={"to": HANDSET})
    with pytest.raises(AssertionError, match=r"1 message .*2 were expected"):
        tenant.verify(messages=2)
    with pytest.raises(AssertionError, match="Tomorrow at 9"):
        tenant.verify(messages=1, text="Yesterday")
    with pytest.raises(TypeError, match="Say how many of what: messages, callbacks, calls, inbound"):
        tenant.verify()
    with pytest.raises(SandboxError, match="unknown field `colour`"):
        tenant.verify(messages=1, colour="red")


def test_waiting_ends_when_it_has_happened(server: Sandbox) -> None:
    with server.new_tenant(delivery_seconds=0.1) as tenant:
        receiver = tenant.receiver()
        later = threading.Timer(0.1, send, [tenant, "late"])
        later.start()
        assert [each.message_id for each in tenant.wait_for(messages=1, text="late")] == [340000001]
        (report,) = tenant.wait_for(callbacks=1, method="dlr")
        assert report.request["status"] == "delivered"
        assert [each["status"] for each in receiver.dlrs] == ["delivered"]
        later.join()
        send(tenant, "again")
        assert [each.message_id for each in tenant.wait_for(messages=2)] == [340000001, 340000002]


def test_a_wait_in_vain_tells_what_was_seen(tenant: Sandbox) -> None:
    send(tenant, "Tomorrow at 9")
    began = time.monotonic()
    with pytest.raises(AssertionError, match=r"(?s)Waited 0\.1 s\. .*2 .*expected.*Tomorrow at 9"):
        tenant.wait_for(messages=2, timeout=0.1)
    assert time.monotonic() - began < 5  # the default timeout
    with pytest.raises(AssertionError, match=r"Waited 0 s\. 0 "):
        tenant.wait_for(inbound=1, timeout=0)


def test_a_report_is_readable_text(tenant: Sandbox) -> None:
    assert tenant.report() == "Nothing happened."
    tenant.fail_next("send-sms", error="LEDGER_ERROR")
    send_refused = tenant.call("send-sms", message="x" * 300, to=HANDSET)
    assert send_refused["error"]["code"] == "LEDGER_ERROR"
    tenant.call("send-sms", mesage="hello", to=HANDSET)
    first, second, *_ = tenant.report().splitlines()
    assert f"call send-sms {HANDSET}" in first
    assert "message='xxxxx" in first
    assert "LEDGER_ERROR: Insufficient funds to carry out debit [fault 1]" in first
    assert len(first) < 250
    assert "mesage='hello'" in second
    assert "Did you mean `message`" in tenant.report()
    assert tenant.secret not in tenant.report()


def test_a_long_report_ends_with_the_newest(tenant: Sandbox) -> None:
    for number in range(60):
        tenant.call("get-sms-stats", message_id=number)
    first, *lines = tenant.report().splitlines()
    assert first == "(10 earlier)"
    numbers = [int(match[1]) for line in lines if (match := re.search(r"call get-sms-stats .*'(\d+)'", line))]
    assert numbers == [*range(10, 60), 59]  # no message was sent, and the last line names the call that was refused
