"""message-reply: a handset sends a message, by a call of the API."""

from typing import Any

import pytest

from sms_sandbox.services.new_tenant import OWN_NUMBER
from tests.api.tenant_setup import advance
from tests.conftest import Caller, FreshTenant

TO = 61491570156


def say(call: Caller, words: str, **params: Any) -> Any:
    return call.ok("message-reply", **{"message": words, "from_": TO, "to": OWN_NUMBER, **params})


def test_a_reply_arrives(call: Caller, fresh: FreshTenant) -> None:
    sent = call.ok("send-sms", to=TO, message="hi")["message_id"]
    response = say(call, " Yes, please ", to=f"+{OWN_NUMBER}")
    assert list(response) == ["result", "error"]
    assert response["result"] == "SYSTEM: Message response handled\n"
    advance(fresh, seconds=1)
    (row,) = call.ok("get-sms-responses", message_id=sent)["responses"]
    assert (row["response"], row["msisdn"], row["longcode"]) == (" Yes, please ", TO, int(OWN_NUMBER))


def test_the_line_feed_is_in_xml_too(call: Caller) -> None:
    as_xml = call.http.post("/message-reply.xml", data={"message": "hi", "from": str(TO), "to": "1"}).text
    assert "<result>SYSTEM: Message response handled\n</result>" in as_xml


def test_stop_opts_out(call: Caller, fresh: FreshTenant) -> None:
    call.ok("send-sms", to=TO, message="hi")
    say(call, "Stop")
    advance(fresh, seconds=1)
    assert call.refused("send-sms", to=TO, message="hi")[0] == "RECIPIENTS_ERROR"


def test_a_reply_to_an_unknown_number_is_lost(call: Caller, fresh: FreshTenant) -> None:
    say(call, "hello?", to=61491579999)
    advance(fresh, seconds=1)
    assert call.ok("get-user-sms-responses")["total"] == 0
    say(call, "hello!")
    advance(fresh, seconds=1)
    assert call.ok("get-user-sms-responses")["responses"][0]["message_id"] == 0


@pytest.mark.parametrize("name", ["message", "from", "to"])
def test_required_parameters_are_asked_for(call: Caller, name: str) -> None:
    params = {"message": "hi", "from": TO, "to": OWN_NUMBER}
    assert call.refused("message-reply", **{**params, name: ""}) == (
        "FIELD_EMPTY",
        f"Required field '{name}' is empty",
    )
    if name != "message":
        assert call.refused("message-reply", **{**params, name: "Ann"})[0] == "FIELD_INVALID"
