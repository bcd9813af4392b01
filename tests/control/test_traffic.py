"""Traffic entries over HTTP: their fields, and filters."""

import json
from urllib.parse import urlencode

import pytest

from tests.control.conftest import NOON
from tests.control.traffic_client import entries, ids
from tests.receiver import Receiver
from tests.sandbox import HANDSET, Account, basic, fetch

OTHER_HANDSET = "61491570157"


# Entries


def test_the_entry_of_a_call_is_complete(frozen: Account) -> None:
    frozen.send("Grüße", f"{HANDSET},{OTHER_HANDSET}", from_="SHOP")
    (entry,) = entries(frozen)
    assert entry == frozen.ok("GET", "/traffic/1")
    assert entry.pop("took_ms") > 0
    reply = entry.pop("reply")
    assert (reply["message_id"], reply["error"]["code"]) == (340000001, "SUCCESS")
    assert entry == {
        "id": 1, "at": NOON, "kind": "call", "account_id": 54911, "method": "send-sms", "number": HANDSET,
        "code": "SUCCESS", "status": 200, "rule": None, "verb": "POST", "url": "/send-sms.json",
        "request": {"message": "Grüße", "to": f"{HANDSET},{OTHER_HANDSET}", "from": "SHOP"}, "error": None,
        "message_id": 340000001, "hints": [], "cut": False, "by": None,
    }  # fmt: skip


def test_calls_of_every_form_have_an_entry(tenant: Account) -> None:
    api, key = tenant.ready.https, basic(tenant.key, tenant.secret)
    fetch(f"{api}/2/get-balance.xml", headers=key, ca=tenant.ready.ca)
    fetch(f"{api}/get-sms.json?{urlencode({'message_id': 12})}", headers=key, ca=tenant.ready.ca)
    fetch(
        f"{api}/fly.json", "POST", "a=b", {**key, "Content-Type": "application/x-www-form-urlencoded"}, tenant.ready.ca
    )
    fly, sms, balance = entries(tenant)
    assert (balance["url"], balance["verb"], balance["method"]) == ("/2/get-balance.xml", "GET", "get-balance")
    assert balance["reply"]["error"] == {"code": "SUCCESS", "description": "OK"}
    assert (sms["code"], sms["status"], sms["request"], sms["message_id"]) == (
        "NOT_FOUND",
        400,
        {"message_id": "12"},
        12,
    )
    assert (fly["code"], fly["status"], fly["request"]) == ("NOT_IMPLEMENTED", 404, {"a": "b"})
    assert fly["hints"] == ["There is no method 'fly'."]


def test_a_wrong_secret_is_in_the_keys_tenant_and_an_unknown_key_in_the_default_one(
    server: Account, tenant: Account
) -> None:
    strange = Account(tenant.ready, "key-of-nobody-here", "secret-of-nobody-here")
    assert Account(tenant.ready, tenant.key, "not-its-secret").api("get-balance")["error"]["code"] == "AUTH_FAILED"
    assert strange.api("get-balance")["error"]["code"] == "AUTH_FAILED"
    (wrong,) = entries(tenant)
    assert (wrong["code"], wrong["account_id"]) == ("AUTH_FAILED", 54911)
    (unknown, *_) = entries(server)
    assert (unknown["code"], unknown["account_id"]) == ("AUTH_FAILED", None)
    assert unknown["hints"] == ["No account in this sandbox has the key key-…."]
    traffic = json.dumps([wrong, *entries(server)])
    assert not any(each in traffic for each in (strange.key, strange.secret, "not-its-secret"))


def test_callback_attempts_are_recorded_as_they_end(frozen: Account, receiver: Receiver) -> None:
    receiver.status = 503
    frozen.send("hi", dlr_callback=f"{receiver.url}/hook?order=7&token=abc")
    frozen.ok("POST", "/clock/advance", {"seconds": 1})
    receiver.status = 200
    frozen.ok("POST", "/clock/advance", {"minutes": 2})
    good, bad = entries(frozen, kind="callback")
    assert (bad["code"], bad["status"], bad["error"], bad["at"]) == (
        "failed",
        503,
        "answered 503",
        "2030-01-31T12:00:01Z",
    )
    assert (good["code"], good["status"], good["error"], good["reply"]) == ("ok", 200, None, "ok")
    assert (good["method"], good["number"], good["message_id"]) == ("dlr", HANDSET, 340000001)
    assert (good["verb"], good["url"]) == ("GET", f"{receiver.url}/hook")
    assert good["request"]["order"] == "7"
    assert good["request"]["status"] == "delivered"
    assert good["request"]["token"] == "…"
    assert good["took_ms"] > 0
    assert ids(frozen, kind="callback", code="failed") == [bad["id"]]


def test_no_entry_shows_a_secret_wherever_it_was_put(frozen: Account, receiver: Receiver) -> None:
    own, theirs = frozen.secret, "sentinel"
    receiver.files[f"/{own}"] = f"not {own}".encode()
    hook = f"{receiver.url}/{own}?key={own}&access_token={theirs}&{own}=1&order=7"
    frozen.send("hi", dlr_callback=hook, reply_callback=hook)
    frozen.ok("POST", "/clock/advance", {"seconds": 1})
    frozen.ok("POST", "/inbound", {"from": HANDSET, "text": f"it is {own}"})
    frozen.ok("POST", "/clock/advance", {"seconds": 1})
    frozen.api("get-balance", **{own: "1"})
    frozen.api(own)
    reports = json.dumps(entries(frozen))
    assert own not in reports
    assert theirs not in reports
    reply, dlr = entries(frozen, kind="callback")
    assert dlr["request"] | {"key": "…", "access_token": "…", "order": "7", "status": "delivered"} == dlr["request"]
    assert (reply["url"], reply["reply"], reply["request"]["response"]) == (f"{receiver.url}/…", "not …", "it is …")


def test_a_refused_callback_says_how_to_allow_it(frozen: Account) -> None:
    frozen.send("hi", dlr_callback="http://8.8.8.8/")
    frozen.ok("POST", "/clock/advance", {"seconds": 1})
    (entry,) = entries(frozen, kind="callback")
    assert entry["error"].startswith("refused: 8.8.8.8 is a public address")
    assert entry["hints"] == [
        "Callbacks are sent to this machine and private networks only; --callback-host allows a public host."
    ]
    assert entries(frozen, kind="call")[0]["hints"][0].startswith("`dlr_callback`: 8.8.8.8 is a public address")


def test_messages_from_handsets_have_an_entry_even_if_they_reach_nobody(frozen: Account) -> None:
    frozen.send("hi")
    frozen.ok("POST", "/inbound", {"from": HANDSET, "text": "Yes please"})
    frozen.refused("POST", "/inbound", {"from": OTHER_HANDSET, "text": "lost"})
    lost, reply = entries(frozen, kind="inbound")
    assert (reply["method"], reply["code"], reply["number"], reply["message_id"]) == (
        "reply", "received", HANDSET, 340000001,
    )  # fmt: skip
    assert reply["request"] == {"from": HANDSET, "to": "61491570112", "text": "Yes please"}
    assert reply["reply"] == {"response_id": 36500001, "is_optout": False}
    assert (lost["code"], lost["account_id"], lost["request"]) == (
        "unreachable", None, {"from": OTHER_HANDSET, "text": "lost"},
    )  # fmt: skip
    assert lost["error"].startswith(f"No message was sent to {OTHER_HANDSET} yet")


def test_reports_have_an_entry(frozen: Account) -> None:
    frozen.send("hi", f"{HANDSET},{OTHER_HANDSET}")
    frozen.ok("POST", "/clock/advance", {"seconds": 1})
    reports = entries(frozen, kind="report")
    assert [(each["number"], each["code"], each["message_id"]) for each in reports] == [
        (OTHER_HANDSET, "delivered", 340000001), (HANDSET, "delivered", 340000001),
    ]  # fmt: skip


# Filters


def test_traffic_is_filtered(frozen: Account) -> None:
    frozen.send("Hello", "0491570156", countrycode="AU")
    frozen.api("get-contact", list_id=1, msisdn=OTHER_HANDSET)
    frozen.ok("POST", "/clock/advance", {"seconds": 10})
    frozen.send("Bye")
    assert ids(frozen, kind="call") == [5, 2, 1]
    for written in (HANDSET, "+61 491 570 156", "0491570156", "0491-570-156", "(0491) 570.156"):
        assert ids(frozen, number=written) == [5, 3, 1], written
    assert ids(frozen, number=OTHER_HANDSET) == [2]
    assert ids(frozen, code="NOT_FOUND") == [2]
    assert ids(frozen, text="ell") == [1]
    assert ids(frozen, method="send-sms", since="2030-01-31T12:00:05Z") == [5]
    assert ids(frozen, until=NOON) == [2, 1]
    assert ids(frozen, after=4) == [5]
    assert ids(frozen, page=2, max=1) == [4]
    assert frozen.ok("GET", "/traffic", page=2, max=3)["page"] == {"number": 2, "count": 2, "total": 5}


@pytest.mark.parametrize(
    "query",
    [{"kind": "sms"}, {"number": "SHOP"}, {"number": ""}, {"after": "x"}, {"since": "2030-01-31T12:00:00"},
     {"until": "soon"}, {"text": "a\x00b"}, {"max": 1001}, {"colour": "red"}],
)  # fmt: skip
def test_invalid_filters_are_refused(tenant: Account, query: dict[str, object]) -> None:
    assert tenant.refused("GET", "/traffic", **query) == (422, "invalid")


def test_an_unknown_entry_is_not_found(tenant: Account) -> None:
    assert tenant.refused("GET", "/traffic/1") == (404, "not_found")
    assert tenant.refused("GET", "/traffic/x") == (404, "not_found")
