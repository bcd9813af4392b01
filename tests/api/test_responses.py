"""Responses: get-sms-responses and get-user-sms-responses."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from sms_sandbox.services.new_tenant import OWN_NUMBER, SHARED_NUMBER
from sms_sandbox.store import responses
from sms_sandbox.store.responses import NewResponse
from tests.api.tenant_setup import NOW, TOLD, add_other_caller, advance, reply
from tests.conftest import Caller, FreshTenant

TO, OTHER_TO = "61491570156", "61491570157"


def send(call: Caller, to: str = TO, message: str = "Hi [firstname]!", **params: Any) -> int:
    return int(call.ok("send-sms", message=message, to=to, **params)["message_id"])


def answer(fresh: FreshTenant, message: int, at: datetime, words: str = "old", **more: Any) -> None:
    """Add a response received at another time."""
    new = NewResponse(
        account=fresh.account.id, message=message, recipient=None, list_id=0, msisdn=TO, text=words,
        longcode=OWN_NUMBER, received_at=at, is_optout=False, **more,
    )  # fmt: skip
    with fresh.store.begin() as db:
        responses.add(db, fresh.tenant, new)


def words(reply: Any) -> list[Any]:
    return [each["response"] for each in reply.get("responses", [])]


def test_a_reply_is_returned_as_documented(call: Caller, frozen: FreshTenant) -> None:
    sent = send(call)
    received = reply(frozen, TO, "Hi, who is this?")
    response = call.ok("get-sms-responses", message_id=sent)
    assert list(response) == ["page", "total", "responses", "error"]
    assert (response["page"], response["total"]) == ({"count": 1, "number": 1}, 1)
    expected = {
        "id": received.response, "message_id": sent, "list_id": 0, "received_at": TOLD, "first_name": None,
        "last_name": None, "msisdn": int(TO), "response": "Hi, who is this?", "longcode": int(OWN_NUMBER),
    }  # fmt: skip
    assert list(response["responses"][0].items()) == list(expected.items())
    assert call.ok("get-user-sms-responses")["responses"] == response["responses"]


def test_a_reply_can_include_the_original_message(call: Caller, frozen: FreshTenant) -> None:
    sent = send(call)
    reply(frozen, TO, "Yes")
    [response] = call.ok("get-sms-responses", message_id=sent, include_original="true")["responses"]
    assert list(response)[-1] == "original_message"
    assert response["original_message"] == "Hi !"
    [response] = call.ok("get-user-sms-responses", include_original=1)["responses"]
    assert response["original_message"] == "Hi !"
    assert "original_message" not in call.ok("get-user-sms-responses", include_original="")["responses"][0]


def test_a_reply_of_a_member_has_its_name(call: Caller, frozen: FreshTenant) -> None:
    list_id = call.ok("add-list", name="friends")["id"]
    call.ok("add-to-list", list_id=list_id, msisdn=TO, first_name="Abc", last_name="2")
    sent = call.ok("send-sms", message="Hi [firstname]!", list_id=list_id)["message_id"]
    reply(frozen, TO, "007")
    [response] = call.ok("get-sms-responses", message_id=sent, include_original="yes")["responses"]
    assert (response["list_id"], response["first_name"], response["last_name"]) == (list_id, "Abc", 2)
    assert (response["response"], response["original_message"]) == (7, "Hi Abc!")


def test_a_message_without_replies_has_none(call: Caller) -> None:
    response = call.ok("get-sms-responses", message_id=send(call))
    assert list(response) == ["page", "total", "error"]
    assert response["total"] == 0


def test_an_unsolicited_message_is_listed_for_the_account(call: Caller, frozen: FreshTenant) -> None:
    reply(frozen, TO, "Anybody there?", to=OWN_NUMBER)
    [response] = call.ok("get-user-sms-responses", include_original="true")["responses"]
    assert (response["message_id"], response["list_id"], response["original_message"]) == (0, 0, None)


def test_replies_are_listed_newest_first(call: Caller, frozen: FreshTenant) -> None:
    sent = send(call, f"{TO},{OTHER_TO}")
    for each in ("one", "two"):
        reply(frozen, TO, each)
    advance(frozen, minutes=1)
    reply(frozen, OTHER_TO, "three")
    assert words(call.ok("get-sms-responses", message_id=sent)) == ["three", "two", "one"]
    assert words(call.ok("get-user-sms-responses", max=2, page=2)) == ["one"]
    assert words(call.ok("get-sms-responses", message_id=sent, msisdn=f"+{OTHER_TO}")) == ["three"]
    assert words(call.ok("get-sms-responses", message_id=sent, msisdn="61491570111")) == []


def test_replies_to_other_messages_are_left_out(call: Caller, frozen: FreshTenant) -> None:
    first = send(call)
    reply(frozen, TO, "one")
    second = send(call)
    reply(frozen, TO, "two")
    assert words(call.ok("get-sms-responses", message_id=first)) == ["one"]
    assert words(call.ok("get-sms-responses", message_id=second)) == ["two"]


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ({}, ["now", "week", "months"]),
        ({"start": "2026-02-20"}, ["now", "week"]),
        ({"end": "2026-02-28"}, ["week", "months"]),
        ({"start": "2026-02-20", "end": "2026-02-28"}, ["week"]),
        ({"start": TOLD, "end": TOLD}, ["now"]),
        ({"end": "2026-03-01 10:00:41"}, ["week", "months"]),
        ({"start": "2026-03-02"}, []),
        ({"start": "2026-03-01", "end": "2026-02-01"}, []),
        ({"start": "2001-01-01"}, ["now", "week", "months"]),
    ],
)
def test_replies_to_a_message_are_filtered_by_time(
    call: Caller, frozen: FreshTenant, span: dict[str, str], expected: list[str]
) -> None:
    sent = send(call)
    for name, days in (("now", 0), ("week", 7), ("months", 200)):
        answer(frozen, sent, NOW - timedelta(days=days), name)
    # For one message there is no default period. A given period may be as long as a year.
    assert words(call.ok("get-sms-responses", message_id=sent, **span)) == expected


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ({}, ["now", "week"]),
        ({"start": "2025-06-01"}, ["now", "week", "months"]),
        ({"start": "2001-01-01"}, ["now", "week", "months"]),
        ({"end": "2026-02-28"}, ["week"]),
        ({"start": "2025-06-01", "end": "2025-12-31"}, ["months"]),
    ],
)
def test_replies_to_an_account_are_filtered_by_time(
    call: Caller, frozen: FreshTenant, span: dict[str, str], expected: list[str]
) -> None:
    for name, days in (("now", 0), ("week", 7), ("months", 200), ("years", 400)):
        answer(frozen, 0, NOW - timedelta(days=days), name)
    assert words(call.ok("get-user-sms-responses", **span)) == expected


@pytest.mark.parametrize("method", ["get-sms-responses", "get-user-sms-responses"])
@pytest.mark.parametrize("name", ["start", "end", "include_original"])
def test_invalid_parameters_are_refused(call: Caller, method: str, name: str) -> None:
    refused = call.refused(method, message_id=send(call), **{name: "nonsense"})
    assert refused == ("FIELD_INVALID", "Field has invalid format (see proper format in the description).")


# Selectors of get-sms-responses


@pytest.mark.parametrize("nothing", [{}, {"message_id": "0", "keyword_id": "0", "keyword": ""}, {"number": OWN_NUMBER}])
def test_a_message_or_a_keyword_must_be_given(call: Caller, nothing: dict[str, str]) -> None:
    assert call.refused("get-sms-responses", **nothing) == ("FIELD_EMPTY", "Required field 'message_id' is empty")


def test_a_keyword_needs_its_number(call: Caller) -> None:
    assert call.refused("get-sms-responses", keyword="NEWS") == (
        "FIELD_INVALID",
        "If you provide 'keyword', you must provide 'number'",
    )


def test_a_keyword_id_is_a_number(call: Caller) -> None:
    assert call.refused("get-sms-responses", keyword_id="NEWS") == (
        "FIELD_INVALID",
        'Field "keyword_id" has wrong type, expected type - numeric',
    )


def test_replies_with_a_keyword_are_found(call: Caller, frozen: FreshTenant) -> None:
    answer(frozen, 0, NOW, "news please", keyword="NEWS", keyword_id=7)
    answer(frozen, 0, NOW - timedelta(days=40), "old news", keyword="NEWS", keyword_id=7)
    answer(frozen, 0, NOW, "hello")
    assert words(call.ok("get-sms-responses", keyword="news", number=OWN_NUMBER)) == ["news please"]
    assert words(call.ok("get-sms-responses", keyword="news", number=SHARED_NUMBER)) == []
    assert words(call.ok("get-sms-responses", keyword_id=7)) == ["news please"]
    assert words(call.ok("get-sms-responses", keyword_id=7, start="2026-01-01")) == ["news please", "old news"]
    assert words(call.ok("get-sms-responses", keyword_id=8)) == []
    assert words(call.ok("get-user-sms-responses", keywords="only")) == ["news please"]
    assert words(call.ok("get-user-sms-responses", keywords="OMIT")) == ["hello"]
    assert words(call.ok("get-user-sms-responses", keywords="both")) == ["hello", "news please"]
    assert words(call.ok("get-user-sms-responses", keywords="true")) == ["hello", "news please"]


# Responses of other accounts


def test_replies_are_found_by_the_number_that_received_them(call: Caller, frozen: FreshTenant) -> None:
    send(call, from_shared=1)
    reply(frozen, TO, "to the shared one")
    reply(frozen, TO, "to our own", to=OWN_NUMBER)
    assert words(call.ok("get-user-sms-responses", number=f"+{SHARED_NUMBER}")) == ["to the shared one"]
    assert words(call.ok("get-user-sms-responses", number=OWN_NUMBER)) == ["to our own"]
    assert words(call.ok("get-user-sms-responses", number="")) == ["to our own", "to the shared one"]


def test_a_reply_to_the_shared_number_goes_to_the_last_sender(call: Caller, frozen: FreshTenant) -> None:
    other = add_other_caller(frozen)
    send(call, from_=SHARED_NUMBER)
    theirs = send(other)
    reply(frozen, TO, "hello you")
    assert words(call.ok("get-user-sms-responses")) == []
    assert words(other.ok("get-user-sms-responses")) == ["hello you"]
    assert words(other.ok("get-sms-responses", message_id=theirs)) == ["hello you"]


def test_the_parameter_of_the_ruby_client_is_ignored(call: Caller, frozen: FreshTenant) -> None:
    reply(frozen, TO, "hi", to=OWN_NUMBER)
    assert words(call.ok("get-user-sms-responses", enddate="2020-01-01")) == ["hi"]
