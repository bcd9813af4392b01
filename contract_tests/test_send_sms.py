"""Sending: recipients, parts and costs (4.1, 8)."""

from decimal import Decimal
from typing import Any

import pytest

from .cleanup import new_list_name
from .client import Api
from .grants import MONEY, SANDBOX
from .messages import allowed_handset, send
from .plugin import about, needs
from .run import Run
from .scene import HANDSETS
from .target import Control
from .test_lists import new_list
from .wire import as_xml

NOTHING_YET = {"delivered": 0, "pending": 0, "bounced": 0, "responses": 0, "optouts": 0}
Tenant = tuple[Api, Control]


def balance(api: Api) -> Decimal:
    return Decimal(str(api.ok("get-balance")["balance"]))


@pytest.mark.parametrize("fmt", ["json", "xml"])
@needs(MONEY)
@about("send-sms")
def test_a_message_is_accepted_and_charged(run: Run, api: Api, fmt: str) -> None:
    before = balance(api)
    answer = api.call("send-sms", fmt, {"to": allowed_handset(run), "message": "contract suite"})
    payload = api.check_success(answer)
    assert (str(payload["recipients"]), str(payload["sms"])) == ("1", "1")
    assert payload["delivery_stats"] == (NOTHING_YET if fmt == "json" else as_xml(NOTHING_YET))
    assert "list" not in payload
    assert Decimal(str(payload["cost"])) > 0
    assert before - balance(api) == Decimal(str(payload["cost"]))
    assert answer.headers.get("x-mashape-billing") == "Queries=1; Messages=1"


@needs(MONEY)
@about("send-sms", "get-sms")
def test_get_sms_agrees_with_send_sms(run: Run, api: Api) -> None:
    payload = send(api, allowed_handset(run), "contract suite / 漢 [firstname]")
    stored = api.ok("get-sms", message_id=payload["message_id"])
    assert stored["message"] == "contract suite / 漢 [firstname]"
    for key in ("message_id", "send_at", "recipients", "cost", "sms"):
        assert stored[key] == payload[key], key


@needs(MONEY)
@about("send-sms")
def test_message_ids_increase(run: Run, api: Api) -> None:
    first, second = send(api, allowed_handset(run)), send(api, allowed_handset(run))
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
def test_parts_and_their_price(tenant: Tenant, text: str) -> None:
    api, _ = tenant
    price = send(api, HANDSETS[0], "one part")["cost"]
    payload = send(api, f"{HANDSETS[0]},{HANDSETS[1]}", PARTS[text][0])
    assert (payload["recipients"], payload["sms"]) == (2, 2 * PARTS[text][1])
    assert payload["cost"] == price * payload["sms"]


ACCEPTED_NUMBERS = {
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


@needs(SANDBOX, why="it sends to numbers reserved for fiction")
@pytest.mark.parametrize("way", ACCEPTED_NUMBERS)
@about("send-sms", "get-sms-sent")
def test_numbers_may_be_written_in_many_ways(tenant: Tenant, way: str) -> None:
    api, _ = tenant
    form, expected = ACCEPTED_NUMBERS[way]
    payload = api.ok("send-sms", message="hi", **form)
    assert payload["recipients"] == len(expected)
    sent = api.ok("get-sms-sent", message_id=payload["message_id"])
    assert [row["msisdn"] for row in sent["recipients"]] == expected


@needs(SANDBOX, why="500 recipients cost a lot")
@about("send-sms")
def test_five_hundred_numbers_are_accepted(tenant: Tenant) -> None:
    api, _ = tenant
    to = ",".join(str(61491570156 + n) for n in range(500))
    answer = api.call("send-sms", "json", {"to": to, "message": "hi"})
    assert api.check_success(answer)["recipients"] == 500
    assert answer.headers["x-mashape-billing"] == "Queries=1; Messages=500"


@pytest.mark.parametrize("fmt", ["json", "xml"])
@needs(MONEY)
@about("send-sms", "get-sms", "get-sms-sent")
def test_a_message_to_a_list_uses_its_members_names(run: Run, api: Api, fmt: str) -> None:
    name, number = new_list_name(), allowed_handset(run)
    list_ = api.ok("add-list", name=name, field_1="City")
    api.ok("add-to-list", list_id=list_["id"], msisdn=number, first_name="Abc", field_1="Uno/Due")
    text = "Hi [firstname] of [City], [lastname][nothing] {x}"
    payload = api.ok("send-sms", fmt, list_id=list_["id"], message=text)
    assert payload["list"] == (as_xml if fmt == "xml" else dict)({"id": list_["id"], "name": name})
    message = payload["message_id"]
    assert api.ok("get-sms", message_id=message)["list"] == {"id": list_["id"], "name": name}
    sent = api.ok("get-sms-sent", message_id=message)
    assert sent["message"]["list"] == {"id": list_["id"], "name": name}
    assert [row["first_name"] for row in sent["recipients"]] == ["Abc"]
    log = api.ok("get-message-log", message_id=message, mobile=number)
    assert log["message"] == "Hi Abc of Uno/Due, [nothing] {x}"


@needs(SANDBOX, why="it sends to numbers reserved for fiction")
@about("send-sms", "optout-list-member", "delete-from-list")
def test_only_active_members_get_a_message(tenant: Tenant) -> None:
    api, _ = tenant
    list_ = new_list(api)
    for number in HANDSETS[:3]:
        api.ok("add-to-list", list_id=list_["id"], msisdn=number)
    api.ok("delete-from-list", list_id=list_["id"], msisdn=HANDSETS[0])
    api.ok("optout-list-member", list_id=list_["id"], msisdn=HANDSETS[1])
    payload = api.ok("send-sms", list_id=list_["id"], message="hi", to=HANDSETS[4])
    assert payload["recipients"] == 1
    sent = api.ok("get-sms-sent", message_id=payload["message_id"])
    assert [str(row["msisdn"]) for row in sent["recipients"]] == [HANDSETS[2]]
    api.ok("delete-from-list", list_id=list_["id"], msisdn=HANDSETS[2])
    api.refused("LIST_EMPTY", "send-sms", list_id=list_["id"], message="hi")


@needs(SANDBOX, why="it uses sender IDs that the account may not have")
@about("send-sms", "get-sms-delivery-status")
def test_senders_are_accepted_or_refused(tenant: Tenant) -> None:
    api, _ = tenant
    own = api.ok("get-numbers")["numbers"][0]["number"]
    for given, seen in {"Shop": "Shop", "ElevenChars": "ElevenChars", str(own): own, f"+{own}": own, "": own}.items():
        message = api.ok("send-sms", message="hi", to=HANDSETS[0], from_=given)["message_id"]
        stats = api.ok("get-sms-delivery-status", message_id=message, msisdn=HANDSETS[0])["stats"]
        assert stats["sender_id"] == seen, given
    shared = api.ok("send-sms", message="hi", to=HANDSETS[0], from_shared="yes")["message_id"]
    stats = api.ok("get-sms-delivery-status", message_id=shared, msisdn=HANDSETS[0])["stats"]
    assert isinstance(stats["sender_id"], int)
    assert stats["sender_id"] != own


@needs(SANDBOX, why="it spends the whole balance")
@about("send-sms", "get-balance")
def test_without_money_nothing_is_sent(tenant: Tenant) -> None:
    api, control = tenant
    price = send(api, HANDSETS[0])["cost"]
    control.update_account(balance=float(2 * price))
    before = api.ok("get-message-report")["messages_total"]
    to = ",".join(HANDSETS[:3])
    for fmt in ("json", "xml"):
        api.refused("LEDGER_ERROR", "send-sms", fmt, message="hi", to=to)
    assert balance(api) == 2 * price
    assert api.ok("get-message-report")["messages_total"] == before
    assert send(api, ",".join(HANDSETS[:2]))["recipients"] == 2
    assert balance(api) == 0


@needs(SANDBOX, why="it sends to numbers reserved for fiction")
@about("send-sms")
def test_refused_recipients_are_named(tenant: Tenant) -> None:
    api, control = tenant
    send(api, HANDSETS[0])
    control.send_inbound(HANDSETS[0], "Stop ")
    form = {"message": "hi", "to": f"0491570007x, {HANDSETS[0]},12,0491570007"}
    answer = api.call("send-sms", "json", form)
    api.check_refusal("RECIPIENTS_ERROR", answer)
    says = answer.tree["error"]["description"]
    stopped = int(HANDSETS[0])
    assert says == {
        "fails": ["0491570007x", stopped, 12, "0491570007"], "optouts": [stopped], "reason": "Number has opted-out",
    }  # fmt: skip
    bad = api.refused("RECIPIENTS_ERROR", "send-sms", message="hi", to="12")
    assert bad == {"fails": [12], "optouts": []}
    xml = api.call("send-sms", "xml", form)
    api.check_refusal("RECIPIENTS_ERROR", xml)
    assert xml.tree["error"]["description"] == as_xml(says)
    assert send(api, f"{HANDSETS[0]},{HANDSETS[1]}")["recipients"] == 1


@needs(MONEY)
@about("send-sms", "get-message-log")
def test_links_are_made_for_each_handset(run: Run, api: Api) -> None:
    text = "See [tracked-link] or leave [unsub-reply-link]"
    payload = send(api, allowed_handset(run), text, tracked_link_url="https://example.com/?a=b")
    log = api.ok("get-message-log", message_id=payload["message_id"], mobile=allowed_handset(run))
    shown: Any = log["message"].split(" ")
    assert [shown[0], *shown[2:4]] == ["See", "or", "leave"]
    assert shown[1].startswith("TapTh.is/")
    assert len(shown[1]) == 17
    assert shown[4].startswith("UnsubRep.ly/")
    assert len(shown[4]) == 20


@needs(MONEY)
@about("send-sms", "get-message-log")
def test_numeric_texts_are_numbers_in_json(run: Run, api: Api) -> None:
    message = send(api, allowed_handset(run), "0042")["message_id"]
    assert api.ok("get-sms", message_id=message)["message"] == 42
    assert api.ok("get-message-log", message_id=message, mobile=allowed_handset(run))["message"] == 42
    assert api.ok("get-sms", "xml", message_id=message)["message"] == "42"
