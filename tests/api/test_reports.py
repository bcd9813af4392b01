"""Reports on messages sent: get-sms, get-sms-stats, get-sms-sent, get-sms-delivery-status, get-user-sms-sent."""

from typing import Any

import pytest

from sms_sandbox.services.new_tenant import OWN_NUMBER
from sms_sandbox.simulation.inbound import link_tap
from tests.api.tenant_setup import NOW, TOLD, add_other_caller, advance, reply, set_tenant
from tests.conftest import Caller, FreshTenant

TO, OTHER_TO = 61491570156, 61491570157
UNKNOWN = ("NOT_FOUND", "Message with this ID does not exist")
FOREIGN = ("NO_ACCESS", "You do not have access to this 'message'")
GENERIC = ("FIELD_INVALID", "Field has invalid format (see proper format in the description).")
OF_A_MESSAGE = ["get-sms", "get-sms-stats", "get-sms-sent", "get-sms-delivery-status", "get-sms-responses"]


def send(call: Caller, to: str = str(TO), message: str = "Hello", **params: Any) -> int:
    return int(call.ok("send-sms", message=message, to=to, **params)["message_id"])


@pytest.mark.parametrize("method", OF_A_MESSAGE)
def test_unknown_messages_and_those_of_others_are_not_found(call: Caller, frozen: FreshTenant, method: str) -> None:
    theirs = send(add_other_caller(frozen))
    also = {"msisdn": TO} if method == "get-sms-delivery-status" else {}
    assert call.refused(method, message_id=1, **also) == UNKNOWN
    assert call.refused(method, message_id="9" * 40, **also) == UNKNOWN
    assert call.refused(method, message_id=theirs, **also) == FOREIGN
    empty = "Field message_id is required" if also else "Required field 'message_id' is empty"
    assert call.refused(method, message_id="0", **also) == ("FIELD_EMPTY", empty)
    assert call.refused(method, message_id="x", **also) == (
        "FIELD_INVALID",
        'Field "message_id" has wrong type, expected type - numeric',
    )


# get-sms


def test_a_message_is_returned_as_documented(call: Caller, frozen: FreshTenant) -> None:
    sent = send(call, f"{TO},{OTHER_TO}", "Hi [firstname] [tracked-link]", tracked_link_url="https://a.example")
    assert call.http.get(f"/get-sms.json?message_id={sent}").text == (
        f'{{"message_id":{sent},"send_at":"{TOLD}","recipients":2,"cost":0.174,"sms":2,'
        '"message":"Hi [firstname] [tracked-link]",'
        '"delivery_stats":{"delivered":0,"pending":2,"bounced":0,"responses":0,"optouts":0},'
        '"error":{"code":"SUCCESS","description":"OK"}}'
    )


def test_a_numeric_text_is_a_number_in_json(call: Caller) -> None:
    assert call.ok("get-sms", message_id=send(call, message="0123"))["message"] == 123


def test_a_message_to_a_list_names_the_list(call: Caller, frozen: FreshTenant) -> None:
    list_id = call.ok("add-list", name="friends")["id"]
    call.ok("add-to-list", list_id=list_id, msisdn=TO)
    sent = call.ok("send-sms", message="hi", list_id=list_id)["message_id"]
    response = call.ok("get-sms", message_id=sent)
    assert list(response) == [
        "message_id", "send_at", "recipients", "cost", "sms", "message", "list", "delivery_stats", "error",
    ]  # fmt: skip
    assert response["list"] == {"id": list_id, "name": "friends"}
    inside = call.ok("get-sms-sent", message_id=sent)["message"]
    assert list(inside) == ["message_id", "send_at", "recipients", "cost", "sms", "list", "delivery_stats"]


def test_in_2015_get_sms_had_no_text(call: Caller, frozen: FreshTenant) -> None:
    set_tenant(frozen, profile="legacy-2015")
    assert list(call.ok("get-sms", message_id=send(call))) == [
        "message_id", "send_at", "recipients", "cost", "sms", "delivery_stats", "error",
    ]  # fmt: skip


def test_counts_follow_the_events(call: Caller, frozen: FreshTenant) -> None:
    sent = send(call, f"{TO},{OTHER_TO}")
    advance(frozen, seconds=2)
    assert call.ok("get-sms", message_id=sent)["delivery_stats"] == {
        "delivered": 2, "pending": 0, "bounced": 0, "responses": 0, "optouts": 0,
    }  # fmt: skip
    reply(frozen, str(TO), "thanks")
    reply(frozen, str(OTHER_TO), "stop")
    assert call.ok("get-sms", message_id=sent)["delivery_stats"] == {
        "delivered": 2, "pending": 0, "bounced": 0, "responses": 2, "optouts": 1,
    }  # fmt: skip


def bounced(call: Caller, fresh: FreshTenant, to: str = str(TO)) -> int:
    """Send a message that reaches no handset."""
    set_tenant(fresh, delivery_delay=10**6 * 3600)
    sent = send(call, to, validity=1)
    advance(fresh, minutes=2)
    set_tenant(fresh, delivery_delay=10**6)
    return sent


# get-sms-stats


def test_stats_are_returned_as_documented(call: Caller, frozen: FreshTenant) -> None:
    sent = send(call, f"{TO},{OTHER_TO}", "a" * 200)
    advance(frozen, seconds=2)
    reply(frozen, str(TO), "STOP")
    answer = call.http.get(f"/get-sms-stats.json?message_id={sent}")
    assert answer.text == (
        '{"stats":{"hard_bounced":0,"soft_bounced":0,"total":2,"recipientCount":2,"delivered":2,"pending":0,'
        '"bounced":0,"responses":1,"opt-outs":1,"link_hits":0},"error":{"code":"SUCCESS","description":"OK"}}'
    )
    as_xml = call.http.get(f"/get-sms-stats.xml?message_id={sent}").text
    assert "<recipientCount>2</recipientCount>" in as_xml
    assert "<opt-outs>1</opt-outs>" in as_xml


def test_stats_count_bounces(call: Caller, frozen: FreshTenant) -> None:
    stats = call.ok("get-sms-stats", message_id=bounced(call, frozen))["stats"]
    assert (stats["soft_bounced"], stats["hard_bounced"], stats["bounced"], stats["pending"]) == (1, 0, 1, 0)


def test_stats_count_taps_on_links(call: Caller, frozen: FreshTenant) -> None:
    sent = send(call, message="[tracked-link]", tracked_link_url="https://a.example")
    link = call.ok("get-sms-delivery-status", message_id=sent, msisdn=TO)["stats"]["message"]
    for _ in range(2):
        with frozen.store.begin() as db:
            assert link_tap.open_link(db, link.removeprefix("TapTh.is/"), NOW) is not None
    assert call.ok("get-sms-stats", message_id=sent)["stats"]["link_hits"] == 2


# get-sms-delivery-status


def test_the_status_of_one_delivery_is_returned(call: Caller, frozen: FreshTenant) -> None:
    sent = send(call, message="Hi [firstname]!")
    stats = {
        "message_id": sent, "sender_id": int(OWN_NUMBER), "mobile": TO, "send_at": TOLD, "datetime": None,
        "status": "pending", "message": "Hi !",
    }  # fmt: skip
    response = call.ok("get-sms-delivery-status", message_id=sent, msisdn=TO)["stats"]
    assert list(response.items()) == list(stats.items())
    advance(frozen, seconds=2)
    # The report's time is told without its seconds, so that it may lie before the sending.
    assert call.ok("get-sms-delivery-status", message_id=sent, msisdn=f"+{TO}")["stats"] == {
        **stats, "datetime": "2026-03-01 10:00:00", "status": "delivered",
    }  # fmt: skip


def test_the_status_of_a_failed_delivery_is_returned(call: Caller, frozen: FreshTenant) -> None:
    sent = bounced(call, frozen)
    assert call.ok("get-sms-delivery-status", message_id=sent, msisdn=TO)["stats"]["status"] == "failed"


def test_a_delivery_shows_a_word_as_sender(call: Caller) -> None:
    sent = send(call, from_="MyShop")
    assert call.ok("get-sms-delivery-status", message_id=sent, msisdn=TO)["stats"]["sender_id"] == "MyShop"


def test_unknown_deliveries_are_not_found(call: Caller) -> None:
    sent = send(call)
    assert call.refused("get-sms-delivery-status", message_id=sent, msisdn=OTHER_TO) == (
        "NOT_FOUND",
        "The resource with this key is not found.",
    )
    assert call.refused("get-sms-delivery-status", message_id=sent, mobile=TO) == (
        "FIELD_EMPTY",
        "Field msisdn is required",
    )
    assert call.refused("get-sms-delivery-status", message_id=sent, msisdn="me") == (
        "FIELD_INVALID",
        'Field "msisdn" has wrong type, expected type - numeric',
    )


# get-user-sms-sent


def test_an_accounts_messages_are_listed(call: Caller, frozen: FreshTenant) -> None:
    first = send(call, f"{TO},{OTHER_TO}", "one\n\ntwo [firstname]")
    advance(frozen, minutes=1)
    second = send(call, message="0042", from_="MyShop")
    send(call, send_at="2026-03-02")
    send(add_other_caller(frozen))
    response = call.ok("get-user-sms-sent", start="2026-03-01", end="2026-03-03", response_style="array")
    assert response["total"] == 3
    newest, *others = response["messages"]
    assert list(newest.items()) == [
        ("id", newest["id"]), ("message_id", second), ("message", 42), ("sent_at", "2026-03-01 10:01:42"),
        ("msisdn", TO), ("caller_id", "MyShop"), ("status", "pending"),
    ]  # fmt: skip
    assert [each["msisdn"] for each in others] == [OTHER_TO, TO]
    for each in others:
        assert (each["message_id"], each["message"], each["caller_id"], each["status"], each["sent_at"]) == (
            first, "one\n\ntwo ", int(OWN_NUMBER), "delivered", TOLD,
        )  # fmt: skip
    ids = [each["id"] for each in response["messages"]]
    assert ids == sorted(ids, reverse=True)
    as_xml = call.http.get("/get-user-sms-sent.xml?start=2026-03-01&end=2026-03-03").text
    assert "<message>one\n\ntwo </message>" in as_xml


@pytest.mark.parametrize(
    ("params", "total"),
    [
        ({"start": "2026-03-01", "end": "2026-03-02"}, 2),
        ({"start": TOLD, "end": TOLD}, 2),  # they were sent half a second later, which the wire can't tell
        ({"start": "2026-03-01", "end": "2026-03-01 10:00:41"}, 0),
        ({"start": "2026-03-01 10:00:43", "end": "2026-03-02"}, 0),
        ({"start": "2026-02-01", "end": "2026-03-01"}, 0),
        ({"start": "2026-03-02", "end": "2026-03-01"}, 0),
        ({"start": "2026-03-01", "end": "2026-03-02", "msisdn": TO}, 1),
        ({"start": "2026-03-01", "end": "2026-03-02", "msisdn": 61491570111}, 0),
        ({"start": "2026-03-01", "end": "2026-03-02", "max": 1, "page": 2}, 2),
    ],
)
def test_messages_are_filtered_by_time(call: Caller, frozen: FreshTenant, params: dict[str, Any], total: int) -> None:
    send(call, f"{TO},{OTHER_TO}")
    assert call.ok("get-user-sms-sent", **params)["total"] == total


@pytest.mark.parametrize("name", ["start", "end"])
def test_start_and_end_are_required(call: Caller, name: str) -> None:
    span = {"start": "2026-03-01", "end": "2026-03-02"}
    without = {key: value for key, value in span.items() if key != name}
    assert call.refused("get-user-sms-sent", **without) == ("FIELD_EMPTY", f"Required field '{name}' is empty")
    assert call.refused("get-user-sms-sent", **{**span, name: "now"}) == GENERIC
