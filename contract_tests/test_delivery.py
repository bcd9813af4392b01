"""Delivery reports, replies and link hits: by callback and by asking (4.5 to 4.10, 9, 10)."""

import time
from itertools import count
from typing import Any

import pytest

from .callback_receiver import Call, Receiver, signature
from .client import Api, eventually
from .grants import CALLBACK, MONEY, SANDBOX, STATE
from .messages import handset, send, settle
from .plugin import about, needs
from .run import Run
from .scene import HANDSETS, tap
from .target import Control
from .test_lists import new_list

World = tuple[Api, Control]
_numbers = count(1)


def path() -> str:
    """A path that only one test is called back at."""
    return f"/contract-{next(_numbers)}-{time.time_ns() % 1_000_000}"


def is_signed(api: Api, call: Call) -> None:
    assert call.signature == signature(api.credentials.secret, call.pairs)


@needs(MONEY)
@about(
    "get-sms", "get-sms-sent", "get-sms-stats", "get-sms-delivery-status", "get-user-sms-sent", "get-contact-sms-stats"
)
def test_a_delivery_is_seen_by_asking(run: Run, api: Api) -> None:
    message = send(api, handset(run), "contract suite")["message_id"]
    assert settle(run, api, message)["delivery_stats"]["delivered"] == 1
    sent = api.ok("get-sms-sent", message_id=message)["recipients"]
    assert [(str(each["msisdn"]), each["delivery_status"], each["optout"]) for each in sent] == [
        (handset(run), "delivered", False)
    ]
    assert api.ok("get-sms-sent", message_id=message, delivery="delivered")["total"] == 1
    assert "recipients" not in api.ok("get-sms-sent", message_id=message, delivery="failed")
    stats = api.ok("get-sms-stats", message_id=message)["stats"]
    assert (stats["delivered"], stats["pending"], stats["total"], stats["recipientCount"]) == (1, 0, 1, 1)
    status = api.ok("get-sms-delivery-status", message_id=message, msisdn=handset(run))["stats"]
    assert (status["status"], status["message"]) == ("delivered", "contract suite")


@pytest.mark.parametrize("own", ["", "?order=17&name=a+b%2Fc"], ids=["bare", "with parameters"])
@needs(MONEY, CALLBACK)
@about("send-sms")
def test_a_delivery_is_called_back(run: Run, api: Api, receiver: Receiver, own: str) -> None:
    at = path()
    said = send(api, handset(run), dlr_callback=f"{receiver.url}{at}{own}")
    settle(run, api, said["message_id"])
    call, *more = receiver.wait_for(at, seconds=180 if run.control is None else 20)
    assert not more
    first = [("order", "17"), ("name", "a b/c")] if own else []
    assert call.pairs[: len(first)] == first
    given = call.pairs[len(first) :]
    assert [name for name, _ in given] == ["message_id", "mobile", "datetime", "status", "user_id", "rate"]
    assert (call["message_id"], call["mobile"]) == (str(said["message_id"]), handset(run))
    assert call["status"] == "delivered"
    is_signed(api, call)
    assert own.lstrip("?") + ("&" if own else "") + "message_id=" in call.raw_query


@needs(SANDBOX, CALLBACK, why="it decides what becomes of a message")
@about("send-sms")
def test_a_bounce_is_called_back_as_what_it_is(world: World, receiver: Receiver) -> None:
    api, control = world
    at, states = path(), {HANDSETS[0]: "hard-bounce", HANDSETS[1]: "soft-bounce"}
    control.ask("POST", "/clock/freeze")
    message = send(api, ",".join(states), dlr_callback=f"{receiver.url}{at}")["message_id"]
    for row in control.ask("GET", f"/recipients?message={message}")["recipients"]:
        fate = {"status": states[row["msisdn"]], "after_seconds": 60}
        control.ask("PUT", f"/recipients/{row['id']}/fate", fate)
    control.advance(seconds=120)
    assert {call["mobile"]: call["status"] for call in receiver.wait_for(at, 2)} == states


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


@needs(SANDBOX, CALLBACK, why="it writes as a handset")
@about("send-sms", "get-sms-responses", "get-user-sms-responses")
def test_a_reply_is_called_back_and_can_be_asked_for(world: World, receiver: Receiver) -> None:
    api, control = world
    at, text = path(), "Thanks / é 漢 & more"
    message = send(api, HANDSETS[0], "Coming?", reply_callback=f"{receiver.url}{at}")["message_id"]
    control.inbound(HANDSETS[0], text)
    (call,) = receiver.wait_for(at)
    assert [name for name, _ in call.pairs] == REPLY
    assert (call["response"], call["message_id"], call["mobile"]) == (text, str(message), HANDSETS[0])
    assert call["is_optout"] == "no"
    is_signed(api, call)
    for said in (
        api.ok("get-sms-responses", message_id=message, include_original="yes"),
        api.ok("get-user-sms-responses", include_original="1"),
    ):
        assert said["total"] == 1
        (reply,) = said["responses"]
        assert reply["message_id"] == message
        assert (reply["response"], reply["original_message"]) == (text, "Coming?")
        assert (str(reply["id"]), str(reply["longcode"])) == (call["response_id"], call["longcode"])
        assert reply["received_at"] == call["datetime_entry"]
    assert "original_message" not in api.ok("get-sms-responses", message_id=message)["responses"][0]
    assert api.ok("get-sms", message_id=message)["delivery_stats"]["responses"] == 1


@needs(SANDBOX, CALLBACK, why="it writes as a handset")
@about("send-sms", "add-to-list", "get-sms-sent", "get-sms-stats")
@pytest.mark.parametrize("word", ["STOP", " stop ", "Unsubscribe", "opt out"])
def test_who_writes_stop_is_opted_out(world: World, receiver: Receiver, word: str) -> None:
    api, control = world
    at = path()
    made = api.ok("add-list", name="crowd")["id"]
    for number in HANDSETS[:2]:
        api.ok("add-to-list", list_id=made, msisdn=number)
    message = api.ok("send-sms", list_id=made, message="hi", reply_callback=f"{receiver.url}{at}")["message_id"]
    control.inbound(HANDSETS[0], word)
    (call,) = receiver.wait_for(at)
    assert call["is_optout"] == "yes"
    assert api.ok("get-contact", list_id=made, msisdn=HANDSETS[0])["status"] == "inactive"
    assert api.ok("get-sms", message_id=message)["delivery_stats"]["optouts"] == 1
    assert api.ok("get-sms-stats", message_id=message)["stats"]["opt-outs"] == 1
    only = api.ok("get-sms-sent", message_id=message, optouts="only")["recipients"]
    assert [(str(each["msisdn"]), each["optout"]) for each in only] == [(HANDSETS[0], True)]
    assert api.ok("get-sms-sent", message_id=message, optouts="omit")["total"] == 1
    assert api.ok("send-sms", list_id=made, message="again")["recipients"] == 1
    api.refused("RECIPIENTS_ERROR", "send-sms", to=HANDSETS[0], message="again")
    api.refused("OPTOUT", "add-to-list", list_id=made, msisdn=HANDSETS[0])


@pytest.mark.parametrize("word", ["HELP", "MORE", "please stop", "stop it"])
@needs(SANDBOX, why="it writes as a handset")
@about("send-sms")
def test_other_words_opt_nobody_out(world: World, word: str) -> None:
    api, control = world
    send(api, HANDSETS[0])
    assert control.inbound(HANDSETS[0], word)["is_optout"] is False
    assert send(api, HANDSETS[0])["recipients"] == 1


@needs(SANDBOX, CALLBACK, why="it opens links as a handset")
@about("send-sms", "get-link-hits", "get-sms-stats")
def test_link_hits_are_counted_and_called_back(world: World, receiver: Receiver) -> None:
    api, control = world
    at = path()
    message = send(api, HANDSETS[0], "See [tracked-link]", tracked_link_url="https://example.com/",
                   link_hits_callback=f"{receiver.url}{at}")["message_id"]  # fmt: skip
    control.advance(seconds=3)
    for hits in (1, 2):
        tap(api, message, HANDSETS[0])
        call = receiver.wait_for(at, hits)[-1]
        assert [name for name, _ in call.pairs] == [
            "datetime", "firstname", "lastname", "link_hits", "list_id", "longcode", "message", "message_id",
            "mobile", "rate", "user_id",
        ]  # fmt: skip
        assert (call["link_hits"], call["mobile"]) == (str(hits), HANDSETS[0])
        is_signed(api, call)
    said = api.ok("get-link-hits", message_id=message)
    assert (said["total"], said["link_hits"][0]["link_hits"]) == (1, 2)
    assert api.ok("get-sms-stats", message_id=message)["stats"]["link_hits"] == 2


@needs(SANDBOX, why="it opens links as a handset")
@about("send-sms")
def test_the_link_to_leave_opts_out(world: World) -> None:
    api, control = world
    message = send(api, HANDSETS[0], "Leave by [unsub-reply-link]", from_="Shop")["message_id"]
    control.advance(seconds=3)
    tap(api, message, HANDSETS[0])
    api.refused("RECIPIENTS_ERROR", "send-sms", to=HANDSETS[0], message="again")


@needs(SANDBOX, CALLBACK, why="it lets a day pass")
@about("send-sms")
def test_a_callback_that_fails_is_made_again_four_times(world: World, receiver: Receiver) -> None:
    api, control = world
    at = path()
    receiver.status = 500
    send(api, HANDSETS[0], dlr_callback=f"{receiver.url}{at}")
    control.advance(seconds=5)
    assert len(receiver.wait_for(at)) == 1
    for hours, tries in {0.02: 2, 0.12: 3, 1.2: 4, 25: 5, 48: 5}.items():
        control.advance(hours=hours)
        assert len(receiver.at(at)) == tries, f"after {hours} hours more"
    assert len({each.raw_query for each in receiver.at(at)}) == 1
    assert len({each.signature for each in receiver.at(at)}) == 1


@needs(SANDBOX, CALLBACK, why="it writes to a number nobody wrote from")
@about("edit-number-options", "get-user-sms-responses")
def test_inbound_messages_go_where_the_number_says(world: World, receiver: Receiver) -> None:
    api, control = world
    at = path()
    number = api.ok("get-numbers")["numbers"][0]["number"]
    for fmt in ("json", "xml"):
        assert api.ok("edit-number-options", fmt, number=number, forward_url=f"{receiver.url}{at}") == {}
    control.inbound(HANDSETS[3], "0042", str(number))
    (call,) = receiver.wait_for(at)
    assert (call["message_id"], call["response"], call["longcode"]) == ("0", "0042", str(number))
    (row,) = api.ok("get-user-sms-responses")["responses"]
    assert (row["message_id"], row["list_id"], row["response"]) == (0, 0, 42)
    api.ok("edit-number-options", number=number, forward_url="")
    control.inbound(HANDSETS[3], "again", str(number))
    control.advance(seconds=2)
    assert len(receiver.at(at)) == 1


@needs(STATE, CALLBACK)
@about("set-list-callback", "add-to-list", "delete-from-list")
def test_who_joins_and_leaves_a_list_is_called_back(run: Run, api: Api, receiver: Receiver) -> None:
    at, made, slowest = path(), new_list(api, field_1="City")["id"], 180 if run.control is None else 20
    api.ok("set-list-callback", list_id=made, url=f"{receiver.url}{at}")
    api.ok("add-to-list", list_id=made, msisdn=HANDSETS[0], first_name="Abc", field_1="Perth")
    (joined,) = receiver.wait_for(at, seconds=slowest)
    assert [name for name, _ in joined.pairs] == [
        "City", "datetime_entry", "firstname", "lastname", "list_id", "mobile", "type",
    ]  # fmt: skip
    assert (joined["list_id"], joined["mobile"], joined["type"]) == (str(made), HANDSETS[0], "add")
    assert (joined["City"], joined["firstname"], joined["lastname"]) == ("Perth", "Abc", "")
    is_signed(api, joined)
    api.ok("delete-from-list", list_id=made, msisdn=HANDSETS[0])
    left = receiver.wait_for(at, 2, slowest)[-1]
    assert (left["mobile"], left["type"]) == (HANDSETS[0], "delete")
    api.ok("set-list-callback", list_id=made)
    api.ok("add-to-list", list_id=made, msisdn=HANDSETS[1])
    if run.control is not None:
        run.control.of(api.credentials).advance(seconds=2)
        assert len(receiver.at(at)) == 2


@pytest.mark.parametrize("fmt", ["json", "xml"])
@needs(MONEY)
@about("message-reply", "get-sms-responses")
def test_a_reply_can_be_injected(run: Run, api: Api, fmt: str) -> None:
    message = send(api, handset(run))["message_id"]
    own: Any = api.ok("get-sms-delivery-status", message_id=message, msisdn=handset(run))["stats"]["sender_id"]
    said = api.ok("message-reply", fmt, message="contract reply", from_=handset(run), to=own)
    assert said["result"] == "SYSTEM: Message response handled\n"
    seconds, every = (10, 0.05) if run.control else (30, 1)
    replies = eventually(lambda: api.ok("get-sms-responses", message_id=message).get("responses"), seconds, every)
    assert [(each["response"], str(each["msisdn"])) for each in replies] == [("contract reply", handset(run))]
