"""Handsets: the texts they show, their switches, and links that are opened."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.control.conftest import NOON
from tests.receiver import Receiver
from tests.sandbox import HANDSET, Account

OTHER, THIRD = "61491570157", "61491570159"
BROKEN = "61491572665"


def texts(tenant: Account, number: str = HANDSET) -> list[tuple[str, str, str]]:
    """Return direction, text and status of a handset's texts, oldest first."""
    page = tenant.ok("GET", f"/handsets/{number}/texts")["texts"]
    return [(each["direction"], each["text"], each["status"]) for each in reversed(page)]


def states(tenant: Account, number: str = HANDSET) -> tuple[Any, ...]:
    handset = tenant.ok("GET", f"/handsets/{number}")
    return handset["state"], handset["replies"], handset["scenario"]


def outcome(tenant: Account, number: str = HANDSET) -> str:
    """Return the status of a new message to a handset."""
    tenant.send("ping", number)
    tenant.ok("POST", "/clock/advance", {"seconds": 30})
    return str(tenant.ok("GET", "/recipients", msisdn=number)["recipients"][0]["status"])


def test_a_conversation_is_in_order_even_while_the_clock_is_frozen(frozen: Account) -> None:
    frozen.send("one")
    frozen.ok("POST", "/inbound", {"from": HANDSET, "text": "two"})
    frozen.send("three")
    frozen.ok("POST", "/inbound", {"from": HANDSET, "text": "four"})
    assert [text for _, text, _ in texts(frozen)] == ["one", "two", "three", "four"]
    assert [direction for direction, _, _ in texts(frozen)] == ["got", "sent"] * 2


def test_pages_of_a_conversation_begin_with_the_newest(frozen: Account) -> None:
    for text in ("one", "two", "three"):
        frozen.send(text)
    first = frozen.ok("GET", f"/handsets/{HANDSET}/texts", max=2)
    second = frozen.ok("GET", f"/handsets/{HANDSET}/texts", max=2, page=2)
    assert first["page"] == {"number": 1, "count": 2, "total": 3}
    assert [text["text"] for text in first["texts"] + second["texts"]] == ["three", "two", "one"]


def test_a_scheduled_message_is_shown_as_such_and_a_cancelled_one_is_not(frozen: Account) -> None:
    frozen.send("later", send_at="2030-02-01 09:00:00")
    gone = frozen.send("never", send_at="2030-02-01 09:00:00")
    frozen.api_ok("cancel-sms", id=gone)
    assert texts(frozen) == [("got", "later", "scheduled")]
    frozen.ok("POST", "/clock/advance", {"days": 2})
    assert texts(frozen) == [("got", "later", "delivered")]


def test_handsets_are_listed_the_one_with_the_latest_text_first(frozen: Account) -> None:
    frozen.send("one", f"{HANDSET},{OTHER}")
    frozen.ok("POST", "/clock/advance", {"seconds": 10})
    frozen.ok("POST", "/inbound", {"from": HANDSET, "text": "two"})
    listed = frozen.ok("GET", "/handsets")
    assert listed["page"]["total"] == 2
    assert [(each["number"], each["last"]["text"]) for each in listed["handsets"]] == [(HANDSET, "two"), (OTHER, "one")]
    for number, wanted in (("0157", [OTHER]), ("0491 570 156", [HANDSET]), ("+61491570156", [HANDSET]), ("999", [])):
        handsets = frozen.ok("GET", "/handsets", number=number)["handsets"]
        assert [each["number"] for each in handsets] == wanted, number


def test_a_text_that_is_still_to_come_is_not_the_latest(frozen: Account) -> None:
    def listed() -> list[tuple[str, str]]:
        return [(each["number"], each["last"]["text"]) for each in frozen.ok("GET", "/handsets")["handsets"]]

    frozen.send("now")
    frozen.send("tomorrow", f"{HANDSET},{THIRD}", send_at="2030-02-01 00:00:00")
    frozen.send("in two days", THIRD, send_at="2030-02-02 00:00:00")
    assert listed() == [(HANDSET, "now"), (THIRD, "tomorrow")]
    frozen.ok("POST", "/clock/advance", {"seconds": 10})
    frozen.send("and now", OTHER)
    assert listed() == [(OTHER, "and now"), (HANDSET, "now"), (THIRD, "tomorrow")]
    frozen.ok("POST", "/clock/advance", {"seconds": 10})
    frozen.send("later", HANDSET, send_at="2030-02-03 00:00:00")
    assert listed()[0] == (HANDSET, "now")
    frozen.ok("POST", "/clock/advance", {"days": 1})
    assert listed() == [(HANDSET, "tomorrow"), (THIRD, "tomorrow"), (OTHER, "and now")]


def test_a_handset_without_texts_exists(tenant: Account) -> None:
    assert tenant.ok("GET", "/handsets") == {"page": {"number": 1, "count": 1, "total": 0}, "handsets": []}
    handset = tenant.ok("GET", "/handsets/0491570156")
    assert (handset["number"], handset["last"], handset["opted_out_of"]) == (HANDSET, None, [])
    assert tenant.refused("GET", "/handsets/nobody") == (404, "not_found")


def test_texts_have_codes_links_and_parts(frozen: Account) -> None:
    frozen.send("Your code is 481516 ✓ https://example.com/a.")
    (text,) = frozen.ok("GET", f"/handsets/{HANDSET}/texts")["texts"]
    assert (text["codes"], text["links"]) == (["481516"], ["https://example.com/a"])
    assert (text["encoding"], text["parts"]) == ("UCS-2", 1)
    recipient = frozen.ok("GET", "/recipients")["recipients"][0]
    assert (recipient["codes"], recipient["links"]) == (text["codes"], text["links"])


def test_an_opted_out_handset_says_so(frozen: Account) -> None:
    frozen.send("one")
    frozen.ok("POST", "/inbound", {"from": HANDSET, "text": "STOP"})
    handset = frozen.ok("GET", f"/handsets/{HANDSET}")
    assert handset["opted_out_of"] == [frozen.ok("GET", "/accounts")["accounts"][0]["id"]]
    assert handset["last"]["is_optout"] is True


@pytest.mark.parametrize(("state", "status"), [("off", "soft-bounce"), ("disconnected", "hard-bounce")])
def test_a_handset_is_switched_off_and_on(frozen: Account, state: str, status: str) -> None:
    changed = frozen.ok("PATCH", f"/handsets/{HANDSET}", {"state": state})
    assert (changed["state"], changed["scenario"]) == (state, status)
    assert states(frozen) == (state, None, status)
    assert outcome(frozen) == status
    assert outcome(frozen, OTHER) == "delivered"
    frozen.ok("PATCH", f"/handsets/{HANDSET}", {"state": "on"})
    assert outcome(frozen) == "delivered"
    assert frozen.ok("GET", "/rules")["rules"] == []


def test_a_handset_can_answer_automatically(frozen: Account) -> None:
    assert frozen.ok("PATCH", f"/handsets/{HANDSET}", {"replies": "Yes"})["replies"] == "Yes"
    assert outcome(frozen) == "delivered"
    assert texts(frozen)[-1][:2] == ("sent", "Yes")
    frozen.ok("PATCH", f"/handsets/{HANDSET}", {"replies": None})
    assert states(frozen) == ("on", None, "delivered")
    assert frozen.ok("GET", "/rules")["rules"] == []


def test_a_number_with_a_scenario_is_mended_by_a_rule(frozen: Account) -> None:
    assert states(frozen, BROKEN) == ("disconnected", None, "hard-bounce")
    mended = frozen.ok("PATCH", f"/handsets/{BROKEN}", {"state": "on"})
    assert (mended["state"], mended["rule_id"]) == ("on", frozen.ok("GET", "/rules")["rules"][0]["id"])
    assert outcome(frozen, BROKEN) == "delivered"
    assert states(frozen, "61491579760")[1] == "STOP"


def test_wider_rules_stay_and_are_overruled(frozen: Account) -> None:
    wide = frozen.ok("POST", "/rules", {"match": {"to": "6149157*"}, "scenario": "soft-bounce"})["id"]
    frozen.ok("POST", "/rules", {"match": {"text": "once"}, "scenario": "hard-bounce"})
    frozen.ok("POST", "/rules", {"scenario": "hard-bounce", "count": 1, "first": True})
    assert states(frozen) == ("off", None, "soft-bounce")
    frozen.ok("PATCH", f"/handsets/{HANDSET}", {"state": "on"})
    assert states(frozen) == ("on", None, "delivered")
    assert len(frozen.ok("GET", "/rules")["rules"]) == 4
    assert states(frozen, OTHER) == ("off", None, "soft-bounce")
    frozen.ok("PATCH", f"/rules/{wide}", {"enabled": False})
    assert states(frozen, OTHER) == ("on", None, "delivered")


def test_a_link_is_tapped(frozen: Account, new_tenant: Callable[..., Account], receiver: Receiver) -> None:
    target = "https://example.com/offer"
    frozen.send("[tracked-link]", tracked_link_url=target, link_hits_callback=receiver.url)
    frozen.send("[unsub-reply-link]")
    opt_out, tracked = frozen.ok("GET", "/recipients")["recipients"]
    taps = f"/recipients/{tracked['id']}/tap"
    assert frozen.ok("POST", taps, {"link": tracked["links"][0].lower()[:9] + tracked["links"][0][9:]}) == {
        "target": target
    }
    frozen.ok("POST", "/clock/advance", {"seconds": 1})
    assert receiver.wait_for(1)[0]["link_hits"] == "1"
    assert frozen.ok("GET", f"/handsets/{HANDSET}/texts")["texts"][1]["link_hits"] == 1
    assert frozen.refused("POST", taps, {"link": opt_out["links"][0]}) == (404, "not_found")
    assert frozen.refused("POST", taps, {"link": "https://example.com/"}) == (404, "not_found")
    assert frozen.refused("POST", "/recipients/1/tap", {"link": tracked["links"][0]}) == (404, "not_found")
    assert new_tenant().refused("POST", taps, {"link": tracked["links"][0]}) == (404, "not_found")
    assert frozen.ok("POST", f"/recipients/{opt_out['id']}/tap", {"link": opt_out["links"][0]}) == {"target": None}
    assert frozen.ok("GET", f"/handsets/{HANDSET}")["opted_out_of"] != []


def test_a_link_of_a_scheduled_message_cannot_be_tapped(frozen: Account) -> None:
    frozen.send("[unsub-reply-link]", send_at="2030-02-01 09:00:00")
    (row,) = frozen.ok("GET", "/recipients")["recipients"]
    assert frozen.refused("POST", f"/recipients/{row['id']}/tap", {"link": row["links"][0]}) == (409, "conflict")
    assert frozen.ok("GET", "/clock")["now"] == NOON
