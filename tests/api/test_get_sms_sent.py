"""get-sms-sent: the recipients of a message."""

from typing import Any

import pytest

from tests.api.tenant_setup import TOLD, add_other_caller, advance, reply
from tests.api.test_reports import OTHER_TO, TO, bounced, send
from tests.conftest import Caller, FreshTenant


def test_each_recipient_is_listed_once_for_each_text_it_got(call: Caller, frozen: FreshTenant) -> None:
    sent = send(call, f"{OTHER_TO},{TO},{OTHER_TO}")
    advance(frozen, seconds=2)
    reply(frozen, str(TO), "stop")
    response = call.ok("get-sms-sent", message_id=sent)
    assert list(response) == ["page", "total", "message", "recipients", "error"]
    assert response["total"] == 3
    assert response["message"] == {
        "message_id": sent, "send_at": TOLD, "recipients": 3, "cost": 0.261, "sms": 3,
        "delivery_stats": {"delivered": 3, "pending": 0, "bounced": 0, "responses": 1, "optouts": 1},
    }  # fmt: skip
    one = {"msisdn": OTHER_TO, "first_name": None, "last_name": None, "delivery_status": "delivered", "optout": False}
    assert response["recipients"] == [one, {**one, "msisdn": TO, "optout": True}, one]
    assert [list(each) for each in response["recipients"]] == [list(one)] * 3


@pytest.mark.parametrize(
    ("filters", "shown"),
    [
        ({}, [1, 2, 3]),
        ({"delivery": "all"}, [1, 2, 3]),
        ({"delivery": ""}, [1, 2, 3]),
        ({"delivery": "delivered"}, [1, 2, 3]),
        ({"delivery": "DELIVERED"}, [1, 2, 3]),
        ({"delivery": "pending"}, []),
        ({"delivery": "failed"}, []),
        ({"optouts": "include"}, [1, 2, 3]),
        ({"optouts": "only"}, [2]),
        ({"optouts": "omit"}, [1, 3]),
        ({"optouts": "only", "delivery": "pending"}, []),
        ({"max": 2, "page": 2}, [3]),
        ({"optouts": "omit", "max": 1, "page": 2}, [3]),
    ],
)
def test_recipients_are_filtered_by_delivery(
    call: Caller, frozen: FreshTenant, filters: dict[str, Any], shown: list[int]
) -> None:
    sent = send(call, "61491570151,61491570152,61491570153")
    advance(frozen, seconds=2)
    reply(frozen, "61491570152", "stop")
    response = call.ok("get-sms-sent", message_id=sent, **filters)
    assert [each["msisdn"] - 61491570150 for each in response.get("recipients", [])] == shown
    assert ("recipients" in response) is bool(shown)
    assert response["total"] == len(shown) if "max" not in filters else response["total"] >= 2


def test_bounced_recipients_are_found_as_failed(call: Caller, frozen: FreshTenant) -> None:
    sent = bounced(call, frozen)
    response = call.ok("get-sms-sent", message_id=sent, delivery="failed")
    assert [each["delivery_status"] for each in response["recipients"]] == ["soft-bounce"]
    assert call.ok("get-sms-sent", message_id=sent, delivery="delivered")["total"] == 0


def test_recipients_of_a_pending_message_are_pending(call: Caller, frozen: FreshTenant) -> None:
    response = call.ok("get-sms-sent", message_id=send(call), delivery="pending")
    assert [each["delivery_status"] for each in response["recipients"]] == ["pending"]


@pytest.mark.parametrize(
    "filters", [{"delivery": "bounced"}, {"delivery": "true"}, {"optouts": "all"}, {"optouts": "false"}]
)
def test_unknown_words_filter_nothing(call: Caller, frozen: FreshTenant, filters: dict[str, str]) -> None:
    sent = send(call)
    assert call.ok("get-sms-sent", message_id=sent, **filters) == call.ok("get-sms-sent", message_id=sent)


def test_recipients_have_the_names_of_their_list(call: Caller, frozen: FreshTenant) -> None:
    plain = call.ok("add-list", name="plain")["id"]
    call.ok("add-to-list", list_id=plain, msisdn=TO, first_name="Abc")
    rich = call.ok("add-list", name="rich", field_1="City", field_3="Post Code")["id"]
    call.ok("add-to-list", list_id=rich, msisdn=TO, field_3="06000")

    sent = send(call, f"{TO},{OTHER_TO}")
    assert [each["first_name"] for each in call.ok("get-sms-sent", message_id=sent)["recipients"]] == [None, None]
    known, unknown = call.ok("get-sms-sent", message_id=sent, list_id=plain)["recipients"]
    assert (known["first_name"], known["last_name"], "fields" in known) == ("Abc", None, False)
    known, unknown = call.ok("get-sms-sent", message_id=sent, list_id=rich)["recipients"]
    assert (known["first_name"], known["fields"]) == ("", {"City": "", "Post Code": 6000})
    assert list(known) == ["msisdn", "first_name", "last_name", "delivery_status", "optout", "fields"]
    assert (unknown["first_name"], "fields" in unknown) == (None, False)

    to_list = call.ok("send-sms", message="hi", list_id=rich)["message_id"]
    [member] = call.ok("get-sms-sent", message_id=to_list)["recipients"]
    assert (member["first_name"], "fields" in member) == ("", False)
    as_xml = call.http.get(f"/get-sms-sent.xml?message_id={to_list}&list_id={rich}").text
    assert "<optout>false</optout><fields><City/><Post_Code>6000</Post_Code></fields></item>" in as_xml


def test_unknown_lists_and_those_of_others_are_refused(call: Caller, frozen: FreshTenant) -> None:
    sent = send(call)
    theirs = add_other_caller(frozen).ok("add-list", name="theirs")["id"]
    assert call.refused("get-sms-sent", message_id=sent, list_id=theirs)[0] == "NO_ACCESS"
    assert call.refused("get-sms-sent", message_id=sent, list_id=1)[0] == "NOT_FOUND"
    assert call.ok("get-sms-sent", message_id=sent, list_id=0)["total"] == 1
