"""Delivery reports, replies and link hits: as callbacks and as queries (4.5 to 4.10, 9, 10)."""

import time
from itertools import count
from typing import Any

import pytest

from .callback_receiver import ReceivedCallback, Receiver, expected_signature
from .client import Api, eventually
from .grants import CALLBACK, MONEY, SANDBOX, STATE
from .messages import allowed_handset, send, wait_until_delivered
from .plugin import about, needs
from .run import Run
from .scene import HANDSETS, tap_link
from .target import Control
from .test_lists import new_list

Tenant = tuple[Api, Control]
_numbers = count(1)


def new_path() -> str:
    """Return a callback path for one test."""
    return f"/contract-{next(_numbers)}-{time.time_ns() % 1_000_000}"


def is_signed(api: Api, call: ReceivedCallback) -> None:
    assert call.signature == expected_signature(api.credentials.secret, call.pairs)


@needs(MONEY)
@about(
    "get-sms", "get-sms-sent", "get-sms-stats", "get-sms-delivery-status", "get-user-sms-sent", "get-contact-sms-stats"
)
def test_a_delivery_can_be_queried(run: Run, api: Api) -> None:
    message = send(api, allowed_handset(run), "contract suite")["message_id"]
    assert wait_until_delivered(run, api, message)["delivery_stats"]["delivered"] == 1
    sent = api.ok("get-sms-sent", message_id=message)["recipients"]
    assert [(str(row["msisdn"]), row["delivery_status"], row["optout"]) for row in sent] == [
        (allowed_handset(run), "delivered", False)
    ]
    assert api.ok("get-sms-sent", message_id=message, delivery="delivered")["total"] == 1
    assert "recipients" not in api.ok("get-sms-sent", message_id=message, delivery="failed")
    stats = api.ok("get-sms-stats", message_id=message)["stats"]
    assert (stats["delivered"], stats["pending"], stats["total"], stats["recipientCount"]) == (1, 0, 1, 1)
    status = api.ok("get-sms-delivery-status", message_id=message, msisdn=allowed_handset(run))["stats"]
    assert (status["status"], status["message"]) == ("delivered", "contract suite")


@pytest.mark.parametrize("own", ["", "?order=17&name=a+b%2Fc"], ids=["bare", "with parameters"])
@needs(MONEY, CALLBACK)
@about("send-sms")
def test_a_delivery_sends_a_callback(run: Run, api: Api, receiver: Receiver, own: str) -> None:
    callback_path = new_path()
    payload = send(api, allowed_handset(run), dlr_callback=f"{receiver.url}{callback_path}{own}")
    wait_until_delivered(run, api, payload["message_id"])
    call, *more = receiver.wait_for(callback_path, seconds=180 if run.control is None else 20)
    assert not more
    first = [("order", "17"), ("name", "a b/c")] if own else []
    assert call.pairs[: len(first)] == first
    given = call.pairs[len(first) :]
    assert [name for name, _ in given] == ["message_id", "mobile", "datetime", "status", "user_id", "rate"]
    assert (call["message_id"], call["mobile"]) == (str(payload["message_id"]), allowed_handset(run))
    assert call["status"] == "delivered"
    is_signed(api, call)
    assert own.lstrip("?") + ("&" if own else "") + "message_id=" in call.raw_query


@needs(SANDBOX, CALLBACK, why="it decides how a message is delivered")
@about("send-sms")
def test_the_callback_of_a_bounce_names_its_status(tenant: Tenant, receiver: Receiver) -> None:
    api, control = tenant
    callback_path, states = new_path(), {HANDSETS[0]: "hard-bounce", HANDSETS[1]: "soft-bounce"}
    control.call("POST", "/clock/freeze")
    message = send(api, ",".join(states), dlr_callback=f"{receiver.url}{callback_path}")["message_id"]
    for row in control.call("GET", f"/recipients?message={message}")["recipients"]:
        fate = {"status": states[row["msisdn"]], "after_seconds": 60}
        control.call("PUT", f"/recipients/{row['id']}/fate", fate)
    control.advance(seconds=120)
    assert {call["mobile"]: call["status"] for call in receiver.wait_for(callback_path, 2)} == states


REPLY = [
    "user_id",
    "rate",
    "mobile",
    "response",
    "message_id",
    "response_id",
    "longcode",
    "datetime_entry",
    "is_optout",
]


@needs(SANDBOX, CALLBACK, why="it sends as a handset")
@about("send-sms", "get-sms-responses", "get-user-sms-responses")
def test_a_reply_sends_a_callback_and_can_be_queried(tenant: Tenant, receiver: Receiver) -> None:
    api, control = tenant
    callback_path, text = new_path(), "Thanks / é 漢 & more"
    message = send(api, HANDSETS[0], "Coming?", reply_callback=f"{receiver.url}{callback_path}")["message_id"]
    control.send_inbound(HANDSETS[0], text)
    (call,) = receiver.wait_for(callback_path)
    assert [name for name, _ in call.pairs] == REPLY
    assert (call["response"], call["message_id"], call["mobile"]) == (text, str(message), HANDSETS[0])
    assert call["is_optout"] == "no"
    is_signed(api, call)
    for payload in (
        api.ok("get-sms-responses", message_id=message, include_original="yes"),
        api.ok("get-user-sms-responses", include_original="1"),
    ):
        assert payload["total"] == 1
        (reply,) = payload["responses"]
        assert reply["message_id"] == message
        assert (reply["response"], reply["original_message"]) == (text, "Coming?")
        assert (str(reply["id"]), str(reply["longcode"])) == (call["response_id"], call["longcode"])
        assert reply["received_at"] == call["datetime_entry"]
    assert "original_message" not in api.ok("get-sms-responses", message_id=message)["responses"][0]
    assert api.ok("get-sms", message_id=message)["delivery_stats"]["responses"] == 1


@needs(SANDBOX, CALLBACK, why="it sends as a handset")
@about("send-sms", "add-to-list", "get-sms-sent", "get-sms-stats")
@pytest.mark.parametrize("word", ["STOP", " stop ", "Unsubscribe", "opt out"])
def test_stop_opts_a_handset_out(tenant: Tenant, receiver: Receiver, word: str) -> None:
    api, control = tenant
    callback_path = new_path()
    list_id = api.ok("add-list", name="crowd")["id"]
    for number in HANDSETS[:2]:
        api.ok("add-to-list", list_id=list_id, msisdn=number)
    message = api.ok("send-sms", list_id=list_id, message="hi", reply_callback=f"{receiver.url}{callback_path}")[
        "message_id"
    ]
    control.send_inbound(HANDSETS[0], word)
    (call,) = receiver.wait_for(callback_path)
    assert call["is_optout"] == "yes"
    assert api.ok("get-contact", list_id=list_id, msisdn=HANDSETS[0])["status"] == "inactive"
    assert api.ok("get-sms", message_id=message)["delivery_stats"]["optouts"] == 1
    assert api.ok("get-sms-stats", message_id=message)["stats"]["opt-outs"] == 1
    only = api.ok("get-sms-sent", message_id=message, optouts="only")["recipients"]
    assert [(str(row["msisdn"]), row["optout"]) for row in only] == [(HANDSETS[0], True)]
    assert api.ok("get-sms-sent", message_id=message, optouts="omit")["total"] == 1
    assert api.ok("send-sms", list_id=list_id, message="again")["recipients"] == 1
    api.refused("RECIPIENTS_ERROR", "send-sms", to=HANDSETS[0], message="again")
    api.refused("OPTOUT", "add-to-list", list_id=list_id, msisdn=HANDSETS[0])


@pytest.mark.parametrize("word", ["HELP", "MORE", "please stop", "stop it"])
@needs(SANDBOX, why="it sends as a handset")
@about("send-sms")
def test_other_words_are_not_opt_outs(tenant: Tenant, word: str) -> None:
    api, control = tenant
    send(api, HANDSETS[0])
    assert control.send_inbound(HANDSETS[0], word)["is_optout"] is False
    assert send(api, HANDSETS[0])["recipients"] == 1


@needs(SANDBOX, CALLBACK, why="it opens links as a handset")
@about("send-sms", "get-link-hits", "get-sms-stats")
def test_link_hits_are_counted_and_send_callbacks(tenant: Tenant, receiver: Receiver) -> None:
    api, control = tenant
    callback_path = new_path()
    message = send(api, HANDSETS[0], "See [tracked-link]", tracked_link_url="https://example.com/",
                   link_hits_callback=f"{receiver.url}{callback_path}")["message_id"]  # fmt: skip
    control.advance(seconds=3)
    for hits in (1, 2):
        tap_link(api, message, HANDSETS[0])
        call = receiver.wait_for(callback_path, hits)[-1]
        assert [name for name, _ in call.pairs] == [
            "datetime", "firstname", "lastname", "link_hits", "list_id", "longcode", "message", "message_id",
            "mobile", "rate", "user_id",
        ]  # fmt: skip
        assert (call["link_hits"], call["mobile"]) == (str(hits), HANDSETS[0])
        is_signed(api, call)
    payload = api.ok("get-link-hits", message_id=message)
    assert (payload["total"], payload["link_hits"][0]["link_hits"]) == (1, 2)
    assert api.ok("get-sms-stats", message_id=message)["stats"]["link_hits"] == 2


@needs(SANDBOX, why="it opens links as a handset")
@about("send-sms")
def test_the_unsubscribe_link_opts_out(tenant: Tenant) -> None:
    api, control = tenant
    message = send(api, HANDSETS[0], "Leave by [unsub-reply-link]", from_="Shop")["message_id"]
    control.advance(seconds=3)
    tap_link(api, message, HANDSETS[0])
    api.refused("RECIPIENTS_ERROR", "send-sms", to=HANDSETS[0], message="again")


@needs(SANDBOX, CALLBACK, why="it moves the clock by a day")
@about("send-sms")
def test_a_failed_callback_is_retried_four_times(tenant: Tenant, receiver: Receiver) -> None:
    api, control = tenant
    callback_path = new_path()
    receiver.status = 500
    send(api, HANDSETS[0], dlr_callback=f"{receiver.url}{callback_path}")
    control.advance(seconds=5)
    assert len(receiver.wait_for(callback_path)) == 1
    for hours, attempts in {0.02: 2, 0.12: 3, 1.2: 4, 25: 5, 48: 5}.items():
        control.advance(hours=hours)
        assert len(receiver.calls_to(callback_path)) == attempts, f"after {hours} hours more"
    assert len({call.raw_query for call in receiver.calls_to(callback_path)}) == 1
    assert len({call.signature for call in receiver.calls_to(callback_path)}) == 1


@needs(SANDBOX, CALLBACK, why="it sends to a number without a message from it")
@about("edit-number-options", "get-user-sms-responses")
def test_inbound_messages_go_to_the_numbers_forward_url(tenant: Tenant, receiver: Receiver) -> None:
    api, control = tenant
    callback_path = new_path()
    number = api.ok("get-numbers")["numbers"][0]["number"]
    for fmt in ("json", "xml"):
        assert api.ok("edit-number-options", fmt, number=number, forward_url=f"{receiver.url}{callback_path}") == {}
    control.send_inbound(HANDSETS[3], "0042", str(number))
    (call,) = receiver.wait_for(callback_path)
    assert (call["message_id"], call["response"], call["longcode"]) == ("0", "0042", str(number))
    (row,) = api.ok("get-user-sms-responses")["responses"]
    assert (row["message_id"], row["list_id"], row["response"]) == (0, 0, 42)
    api.ok("edit-number-options", number=number, forward_url="")
    control.send_inbound(HANDSETS[3], "again", str(number))
    control.advance(seconds=2)
    assert len(receiver.calls_to(callback_path)) == 1


@needs(STATE, CALLBACK)
@about("set-list-callback", "add-to-list", "delete-from-list")
def test_joining_and_leaving_a_list_sends_callbacks(run: Run, api: Api, receiver: Receiver) -> None:
    callback_path, list_id, slowest = (
        new_path(),
        new_list(api, field_1="City")["id"],
        180 if run.control is None else 20,
    )
    api.ok("set-list-callback", list_id=list_id, url=f"{receiver.url}{callback_path}")
    api.ok("add-to-list", list_id=list_id, msisdn=HANDSETS[0], first_name="Abc", field_1="Perth")
    (joined,) = receiver.wait_for(callback_path, seconds=slowest)
    assert [name for name, _ in joined.pairs] == [
        "City", "datetime_entry", "firstname", "lastname", "list_id", "mobile", "type",
    ]  # fmt: skip
    assert (joined["list_id"], joined["mobile"], joined["type"]) == (str(list_id), HANDSETS[0], "add")
    assert (joined["City"], joined["firstname"], joined["lastname"]) == ("Perth", "Abc", "")
    is_signed(api, joined)
    api.ok("delete-from-list", list_id=list_id, msisdn=HANDSETS[0])
    left = receiver.wait_for(callback_path, 2, slowest)[-1]
    assert (left["mobile"], left["type"]) == (HANDSETS[0], "delete")
    api.ok("set-list-callback", list_id=list_id)
    api.ok("add-to-list", list_id=list_id, msisdn=HANDSETS[1])
    if run.control is not None:
        run.control.for_account(api.credentials).advance(seconds=2)
        assert len(receiver.calls_to(callback_path)) == 2


@pytest.mark.parametrize("fmt", ["json", "xml"])
@needs(MONEY)
@about("message-reply", "get-sms-responses")
def test_a_reply_can_be_injected(run: Run, api: Api, fmt: str) -> None:
    message = send(api, allowed_handset(run))["message_id"]
    own: Any = api.ok("get-sms-delivery-status", message_id=message, msisdn=allowed_handset(run))["stats"]["sender_id"]
    payload = api.ok("message-reply", fmt, message="contract reply", from_=allowed_handset(run), to=own)
    assert payload["result"] == "SYSTEM: Message response handled\n"
    seconds, every = (10, 0.05) if run.control else (30, 1)
    replies = eventually(lambda: api.ok("get-sms-responses", message_id=message).get("responses"), seconds, every)
    assert [(row["response"], str(row["msisdn"])) for row in replies] == [("contract reply", allowed_handset(run))]
