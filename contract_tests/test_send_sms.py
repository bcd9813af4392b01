"""Sending: who gets it, how many parts, what it costs (4.1, 8)."""

from decimal import Decimal
from typing import Any

import pytest

from .cleanup import name_of_a_list
from .client import Api
from .grants import MONEY, SANDBOX
from .messages import handset, send
from .plugin import about, needs
from .run import Run
from .scene import HANDSETS
from .target import Control
from .test_lists import new_list
from .wire import as_xml_says

NOTHING_YET = {"delivered": 0, "pending": 0, "bounced": 0, "responses": 0, "optouts": 0}
World = tuple[Api, Control]


def balance(api: Api) -> Decimal:
    return Decimal(str(api.ok("get-balance")["balance"]))


@pytest.mark.parametrize("fmt", ["json", "xml"])
@needs(MONEY)
@about("send-sms")
def test_a_message_is_taken_and_paid_for(run: Run, api: Api, fmt: str) -> None:
    before = balance(api)
    reply = api.call("send-sms", fmt, {"to": handset(run), "message": "contract suite"})
    said = api.succeeded(reply)
    assert (str(said["recipients"]), str(said["sms"])) == ("1", "1")
    assert said["delivery_stats"] == (NOTHING_YET if fmt == "json" else as_xml_says(NOTHING_YET))
    assert "list" not in said
    assert Decimal(str(said["cost"])) > 0
    assert before - balance(api) == Decimal(str(said["cost"]))
    assert reply.headers.get("x-mashape-billing") == "Queries=1; Messages=1"


@needs(MONEY)
@about("send-sms", "get-sms")
def test_a_message_can_be_looked_up_as_it_was_taken(run: Run, api: Api) -> None:
    said = send(api, handset(run), "contract suite / 漢 [firstname]")
    found = api.ok("get-sms", message_id=said["message_id"])
    assert found["message"] == "contract suite / 漢 [firstname]"
    for key in ("message_id", "send_at", "recipients", "cost", "sms"):
        assert found[key] == said[key], key


@needs(MONEY)
@about("send-sms")
def test_ids_grow(run: Run, api: Api) -> None:
    first, second = send(api, handset(run)), send(api, handset(run))
    assert second["message_id"] > first["message_id"]


PARTS = {
    "160 of GSM-7": ("x" * 160, 1), "161 of GSM-7": ("x" * 161, 2), "306 of GSM-7": ("x" * 306, 2),
    "307 of GSM-7": ("x" * 307, 3), "612 of GSM-7": ("x" * 612, 4), "70 of UCS-2": ("漢" * 70, 1),
    "71 of UCS-2": ("漢" * 71, 2), "134 of UCS-2": ("漢" * 134, 2), "268 of UCS-2": ("漢" * 268, 4),
    "extension counts 2": ("€" * 80, 1), "extension over": ("€" * 80 + "x", 2),
    "emoji counts 2": ("\U0001f600" * 35, 1), "emoji over": ("\U0001f600" * 35 + "x", 2),
    "line feed counts 1": ("x\n" * 80, 1),
    "GSM letters": ("@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà" * 4, 2),
}  # fmt: skip


@needs(SANDBOX, why="it costs dozens of parts")
@pytest.mark.parametrize("text", PARTS)
@about("send-sms")
def test_parts_and_their_price(world: World, text: str) -> None:
    api, _ = world
    price = send(api, HANDSETS[0], "one part")["cost"]
    said = send(api, f"{HANDSETS[0]},{HANDSETS[1]}", PARTS[text][0])
    assert (said["recipients"], said["sms"]) == (2, 2 * PARTS[text][1])
    assert said["cost"] == price * said["sms"]


TAKEN = {
    "local": ({"to": "0491570156", "countrycode": "AU"}, [61491570156]),
    "country by name": ({"to": "0491570156", "countrycode": "australia"}, [61491570156]),
    "of New Zealand": ({"to": "0211234567", "countrycode": "NZ"}, [64211234567]),
    "of Britain": ({"to": "07700900123", "countrycode": "gb"}, [447700900123]),
    "of America": ({"to": "2025550143", "countrycode": "US"}, [12025550143]),
    "international with a country": ({"to": "64211234567", "countrycode": "AU"}, [64211234567]),
    "plus, blanks and brackets": ({"to": " +61 (491) 570-156"}, [61491570156]),
    "several": ({"to": "61491570156, 61491570157,,61491570158"}, [61491570156, 61491570157, 61491570158]),
    "twice the same": ({"to": "61491570156,61491570156"}, [61491570156, 61491570156]),
    "with invalid ones": ({"to": "61491570156,123,nonsense"}, [61491570156]),
}


@needs(SANDBOX, why="it writes to numbers kept for fiction")
@pytest.mark.parametrize("way", TAKEN)
@about("send-sms", "get-sms-sent")
def test_numbers_are_taken_as_people_write_them(world: World, way: str) -> None:
    api, _ = world
    form, expected = TAKEN[way]
    said = api.ok("send-sms", message="hi", **form)
    assert said["recipients"] == len(expected)
    sent = api.ok("get-sms-sent", message_id=said["message_id"])
    assert [each["msisdn"] for each in sent["recipients"]] == expected


@needs(SANDBOX, why="500 recipients cost much")
@about("send-sms")
def test_five_hundred_numbers_are_taken(world: World) -> None:
    api, _ = world
    to = ",".join(str(61491570156 + n) for n in range(500))
    reply = api.call("send-sms", "json", {"to": to, "message": "hi"})
    assert api.succeeded(reply)["recipients"] == 500
    assert reply.headers["x-mashape-billing"] == "Queries=1; Messages=500"


@pytest.mark.parametrize("fmt", ["json", "xml"])
@needs(MONEY)
@about("send-sms", "get-sms", "get-sms-sent")
def test_a_list_gets_a_message_by_name(run: Run, api: Api, fmt: str) -> None:
    name, number = name_of_a_list(), handset(run)
    made = api.ok("add-list", name=name, field_1="City")
    api.ok("add-to-list", list_id=made["id"], msisdn=number, first_name="Abc", field_1="Uno/Due")
    text = "Hi [firstname] of [City], [lastname][nothing] {x}"
    said = api.ok("send-sms", fmt, list_id=made["id"], message=text)
    assert said["list"] == (as_xml_says if fmt == "xml" else dict)({"id": made["id"], "name": name})
    message = said["message_id"]
    assert api.ok("get-sms", message_id=message)["list"] == {"id": made["id"], "name": name}
    sent = api.ok("get-sms-sent", message_id=message)
    assert sent["message"]["list"] == {"id": made["id"], "name": name}
    assert [each["first_name"] for each in sent["recipients"]] == ["Abc"]
    log = api.ok("get-message-log", message_id=message, mobile=number)
    assert log["message"] == "Hi Abc of Uno/Due, [nothing] {x}"


@needs(SANDBOX, why="it writes to numbers kept for fiction")
@about("send-sms", "optout-list-member", "delete-from-list")
def test_only_active_members_are_written_to(world: World) -> None:
    api, _ = world
    made = new_list(api)
    for number in HANDSETS[:3]:
        api.ok("add-to-list", list_id=made["id"], msisdn=number)
    api.ok("delete-from-list", list_id=made["id"], msisdn=HANDSETS[0])
    api.ok("optout-list-member", list_id=made["id"], msisdn=HANDSETS[1])
    said = api.ok("send-sms", list_id=made["id"], message="hi", to=HANDSETS[4])
    assert said["recipients"] == 1
    sent = api.ok("get-sms-sent", message_id=said["message_id"])
    assert [str(each["msisdn"]) for each in sent["recipients"]] == [HANDSETS[2]]
    api.ok("delete-from-list", list_id=made["id"], msisdn=HANDSETS[2])
    api.refused("LIST_EMPTY", "send-sms", list_id=made["id"], message="hi")


@needs(SANDBOX, why="it sends from words and numbers the account may not have")
@about("send-sms", "get-sms-delivery-status")
def test_senders(world: World) -> None:
    api, _ = world
    own = api.ok("get-numbers")["numbers"][0]["number"]
    for given, seen in {"Shop": "Shop", "ElevenChars": "ElevenChars", str(own): own, f"+{own}": own, "": own}.items():
        message = api.ok("send-sms", message="hi", to=HANDSETS[0], from_=given)["message_id"]
        stats = api.ok("get-sms-delivery-status", message_id=message, msisdn=HANDSETS[0])["stats"]
        assert stats["sender_id"] == seen, given
    shared = api.ok("send-sms", message="hi", to=HANDSETS[0], from_shared="yes")["message_id"]
    stats = api.ok("get-sms-delivery-status", message_id=shared, msisdn=HANDSETS[0])["stats"]
    assert isinstance(stats["sender_id"], int)
    assert stats["sender_id"] != own


@needs(SANDBOX, why="it spends all there is")
@about("send-sms", "get-balance")
def test_without_money_nothing_is_sent(world: World) -> None:
    api, control = world
    price = send(api, HANDSETS[0])["cost"]
    control.settle(balance=float(2 * price))
    before = api.ok("get-message-report")["messages_total"]
    to = ",".join(HANDSETS[:3])
    for fmt in ("json", "xml"):
        api.refused("LEDGER_ERROR", "send-sms", fmt, message="hi", to=to)
    assert balance(api) == 2 * price
    assert api.ok("get-message-report")["messages_total"] == before
    assert send(api, ",".join(HANDSETS[:2]))["recipients"] == 2
    assert balance(api) == 0


@needs(SANDBOX, why="it writes to numbers kept for fiction")
@about("send-sms")
def test_recipients_that_are_no_good_are_named(world: World) -> None:
    api, control = world
    send(api, HANDSETS[0])
    control.inbound(HANDSETS[0], "Stop ")
    form = {"message": "hi", "to": f"0491570007x, {HANDSETS[0]},12"}
    reply = api.call("send-sms", "json", form)
    api.was_refused("RECIPIENTS_ERROR", reply)
    says = reply.tree["error"]["description"]
    assert list(says) == ["fails", "optouts"]
    assert says == {"fails": ["0491570007x", "12"], "optouts": [HANDSETS[0]]}
    xml = api.call("send-sms", "xml", form)
    api.was_refused("RECIPIENTS_ERROR", xml)
    assert xml.tree["error"]["description"] == as_xml_says(says)
    assert send(api, f"{HANDSETS[0]},{HANDSETS[1]}")["recipients"] == 1


@needs(MONEY)
@about("send-sms", "get-message-log")
def test_links_are_made_for_each_handset(run: Run, api: Api) -> None:
    text = "See [tracked-link] or leave [unsub-reply-link]"
    said = send(api, handset(run), text, tracked_link_url="https://example.com/?a=b")
    log = api.ok("get-message-log", message_id=said["message_id"], mobile=handset(run))
    shown: Any = log["message"].split(" ")
    assert [shown[0], *shown[2:4]] == ["See", "or", "leave"]
    assert shown[1].startswith("TapTh.is/")
    assert len(shown[1]) == 17
    assert shown[4].startswith("UnsubRep.ly/")
    assert len(shown[4]) == 20


@needs(MONEY)
@about("send-sms", "get-message-log")
def test_texts_of_digits_are_numbers_in_json(run: Run, api: Api) -> None:
    message = send(api, handset(run), "0042")["message_id"]
    assert api.ok("get-sms", message_id=message)["message"] == 42
    assert api.ok("get-message-log", message_id=message, mobile=handset(run))["message"] == 42
    assert api.ok("get-sms", "xml", message_id=message)["message"] == "42"
