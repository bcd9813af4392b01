"""get-link-hits, whose form is invented, and get-message-log."""

from datetime import UTC, datetime

import pytest

from sms_sandbox.services.new_tenant import OWN_NUMBER
from sms_sandbox.simulation.inbound import link_tap
from tests.api.tenant_setup import add_other_caller, advance, freeze
from tests.conftest import Caller, FreshTenant

NOW = datetime(2026, 3, 1, 10, 0, 42, tzinfo=UTC)
TO = 61491570156


@pytest.fixture
def frozen(fresh: FreshTenant) -> FreshTenant:
    freeze(fresh, NOW)
    return fresh


def click(call: Caller, fresh: FreshTenant, message: int, msisdn: int) -> None:
    text = call.ok("get-message-log", message_id=message, mobile=msisdn)["message"]
    with fresh.store.begin() as db:
        assert link_tap.open_link(db, text[-8:], NOW)


def test_link_hits_list_each_recipient_with_its_count(call: Caller, frozen: FreshTenant) -> None:
    list_id = call.ok("add-list", name="people")["id"]
    for index in range(3):
        call.ok("add-to-list", list_id=list_id, msisdn=TO + index, first_name=f"N{index}")
    template = {"message": "see [tracked-link]", "tracked_link_url": "http://localhost/x"}
    sent = call.ok("send-sms", list_id=list_id, **template)["message_id"]
    other = call.ok("send-sms", to=TO, **template)["message_id"]
    advance(frozen, minutes=1)
    assert call.ok("get-link-hits", message_id=sent)["total"] == 0
    for index in (0, 1, 0):
        click(call, frozen, sent, TO + index)
        advance(frozen, minutes=1)
    click(call, frozen, other, TO)
    response = call.ok("get-link-hits", message_id=sent)
    assert (list(response), response["total"]) == (["page", "total", "link_hits", "error"], 2)
    newest, oldest = response["link_hits"]
    assert list(newest.items()) == [
        ("msisdn", TO), ("first_name", "N0"), ("last_name", None), ("link_hits", 2),
        ("datetime", "2026-03-01 10:03:42"),
    ]  # fmt: skip
    assert (oldest["msisdn"], oldest["link_hits"], oldest["datetime"]) == (TO + 1, 1, "2026-03-01 10:02:42")
    second = call.ok("get-link-hits", message_id=sent, page=2, max=1)
    assert [each["msisdn"] for each in second["link_hits"]] == [TO + 1]
    assert call.ok("get-link-hits", message_id=other)["link_hits"][0]["first_name"] is None


def test_a_message_without_taps_has_no_link_hits(call: Caller, frozen: FreshTenant) -> None:
    sent = call.ok("send-sms", to=TO, message="hi")["message_id"]
    response = call.ok("get-link-hits", message_id=sent)
    assert (response["page"], response["total"], "link_hits" in response) == ({"count": 1, "number": 1}, 0, False)


def test_link_hits_can_be_limited_to_one_handset(call: Caller, frozen: FreshTenant) -> None:
    sent = call.ok("send-sms", to=f"{TO},{TO + 1}", message="Dear [firstname], 2+2")["message_id"]
    response = call.ok("get-message-log", message_id=sent, mobile=f"+{TO}")
    assert [(key, value) for key, value in response.items() if key != "error"] == [
        ("message_id", sent), ("message", "Dear , 2+2"), ("mobile", TO), ("caller_id", int(OWN_NUMBER)),
        ("datetime_send", "2026-03-01 10:00:42"),
    ]  # fmt: skip
    assert call.refused("get-message-log", message_id=sent, mobile=TO + 2)[0] == "NOT_FOUND"
    assert call.refused("get-message-log", message_id=sent) == ("FIELD_EMPTY", "Required field 'mobile' is empty")


@pytest.mark.parametrize("method", ["get-link-hits", "get-message-log"])
def test_unknown_messages_and_those_of_others_are_not_found(call: Caller, frozen: FreshTenant, method: str) -> None:
    sent = call.ok("send-sms", to=TO, message="hi")["message_id"]
    assert call.refused(method, message_id=1, mobile=TO) == ("NOT_FOUND", "Message with this ID does not exist")
    theirs = add_other_caller(frozen)
    assert theirs.refused(method, message_id=sent, mobile=TO) == (
        "NO_ACCESS",
        "You do not have access to this 'message'",
    )
