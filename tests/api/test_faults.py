"""Faults at the API: which one meets a call, what the client is answered, and what is left behind."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from xml.etree.ElementTree import ParseError

import pytest

from sms_sandbox.api import answer, faults
from sms_sandbox.api.errors import Code
from sms_sandbox.api.gate import Gate
from sms_sandbox.api.routes import methods
from sms_sandbox.domain.clock import real_now
from sms_sandbox.domain.faults import Fault
from sms_sandbox.domain.matching import Match, Turns
from sms_sandbox.store import accounts, rules
from sms_sandbox.store.accounts import NewAccount
from sms_sandbox.store.rules import NewRule
from sms_sandbox.store.unit import changed
from tests.api.acts import BASIC, OTHER, neighbours_call, settle
from tests.api.spelling import parsed
from tests.conftest import KEY, SECRET, Caller, World

TO = "61491570156"
HEADER = BASIC[1].decode()
ERRORS = [code for code in Code if code is not Code.SUCCESS]


def let(world: World, match: Match | None = None, turns: Turns | None = None, **what: Any) -> int:
    """Let something go wrong at the API; the fault's id."""
    new = NewRule(rules.API, match or Match(), turns or Turns(), Fault("api", **what).as_given())
    with world.store.begin() as db:
        return rules.add(db, world.tenant, new)


def code(call: Caller, method: str = "get-balance", **params: Any) -> str:
    return str(call(method, **params)["error"]["code"])


def balance(call: Caller) -> float:
    return float(call.ok("get-balance")["balance"])


# What is answered


@pytest.mark.parametrize("wanted", ERRORS, ids=lambda each: each.name)
def test_every_documented_error_in_both_formats(fresh: World, call: Caller, wanted: Code) -> None:
    let(fresh, error=wanted.name)
    as_json, as_xml = call.http.get("/send-sms.json"), call.http.get("/get-lists.xml")
    assert (as_json.status_code, as_xml.status_code) == (wanted.status, wanted.status)
    assert as_json.json() == {"error": {"code": wanted.name, "description": wanted.text}}
    error = parsed(as_xml.content).find("error")
    assert error is not None
    assert (error.findtext("code"), error.findtext("description")) == (wanted.name, wanted.text)
    assert as_json.headers["content-type"] == "application/json; charset=utf-8"
    assert as_json.headers["x-mashape-billing"] == "Queries=1"
    assert ("www-authenticate" in as_json.headers) is (wanted is Code.AUTH_FAILED_NO_DATA)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_page_of_the_web_server(fresh: World, call: Caller, status: int) -> None:
    let(fresh, status=status)
    page = call.http.get("/get-balance.json")
    assert (page.status_code, page.headers["content-type"], page.headers["server"]) == (status, "text/html", "nginx")
    assert page.text.startswith("<html>\r\n")
    assert str(status) in page.text
    assert not any(name.startswith(("x-", "expires", "cache-", "pragma")) for name in page.headers)


def send(call: Caller) -> Any:
    return call.http.post("/send-sms.json", data={"message": "Hi", "to": TO})


def test_a_body_that_no_parser_takes(fresh: World, call: Caller) -> None:
    let(fresh, body="malformed")
    said = send(call)
    assert said.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        said.json()
    with pytest.raises(ParseError):
        parsed(call.http.get("/get-balance.xml").content)


def test_a_page_in_the_place_of_the_reply(fresh: World, call: Caller) -> None:
    let(fresh, body="html")
    said = send(call)
    assert (said.status_code, said.headers["content-type"]) == (200, "text/html")
    assert said.text.startswith("<html>")


def test_a_refusal_is_spoilt_as_well(fresh: World, call: Caller) -> None:
    let(fresh, body="malformed")
    said = call.http.post("/send-sms.json", data={"message": "Hi"})
    assert said.status_code == 400
    assert '"code":"FIELD_INVALID"' in said.text
    assert not said.text.endswith("}}")


def test_a_slow_answer(fresh: World, call: Caller) -> None:
    let(fresh, delay={"from": 0.2, "to": 0.3})
    began = real_now()
    assert code(call) == "SUCCESS"
    assert real_now() - began >= timedelta(seconds=0.2)


# What is left behind


@pytest.mark.parametrize(
    ("effect", "sent"),
    [
        ({"error": "LEDGER_ERROR"}, 0), ({"status": 503}, 0), ({"connection": "reset"}, 0), ({"connection": "lost"}, 1),
        ({"body": "malformed"}, 1), ({"body": "truncated"}, 1), ({"body": "html"}, 1),
        ({"delay": {"seconds": 0.01}}, 1), ({"status": 502, "delay": {"seconds": 0.01}}, 0),
    ],
)  # fmt: skip
def test_a_call_is_carried_out_and_billed_wholly_or_not_at_all(
    fresh: World, call: Caller, effect: dict[str, Any], sent: int
) -> None:
    let(fresh, turns=Turns(count=1), **effect)
    if {"connection", "body"} & effect.keys() and effect.get("body") not in ("malformed", "html"):
        with pytest.raises(ConnectionError):  # there is no connection in this test that could be ended
            send(call)
    else:
        send(call)
    assert balance(call) == pytest.approx(1000 - sent * 0.087)
    assert call.ok("send-sms", message="Hi", to=TO)["message_id"] == 340000001 + sent


def test_a_fault_is_counted_even_if_the_call_is_refused(fresh: World, call: Caller) -> None:
    let(fresh, turns=Turns(count=1), body="html")
    call.http.post("/send-sms.json")
    assert call.refused("send-sms")[0] == "FIELD_EMPTY"


# Which calls


def test_a_method_or_all(fresh: World, call: Caller) -> None:
    let(fresh, method="get-lists", error="NOT_FOUND")
    assert (code(call), code(call, "get-lists")) == ("SUCCESS", "NOT_FOUND")
    let(fresh, error="NO_ACCESS")
    assert (code(call), code(call, "get-lists")) == ("NO_ACCESS", "NOT_FOUND")


@pytest.mark.parametrize(
    ("match", "params"),
    [
        (Match(to=TO), {"to": f"61491570157, {TO}"}),
        (Match(to=TO), {"to": "0491570156", "countrycode": "AU"}),
        (Match(to=TO), {"to": "0491 570 156"}),
        (Match(to="0491570156"), {"to": f"+{TO}"}),
        (Match(to="64211*"), {"to": "0211234567", "countrycode": "New Zealand"}),
        (Match(to=TO), {"msisdn": TO}),
        (Match(to=TO), {"mobile": "0491570156"}),
        (Match(to="614915*"), {"number": TO}),
        (Match(sender="abc"), {"from": "Abc"}),
        (Match(text="code"), {"message": "Your Code"}),
        (Match(key=KEY), {}),
    ],
)  # fmt: skip
def test_what_a_call_says(fresh: World, call: Caller, match: Match, params: dict[str, str]) -> None:
    let(fresh, match, error="KEY_EXISTS")
    wanted = "SUCCESS" if match.key is None else "KEY_EXISTS"
    assert code(call) == wanted
    assert code(call, "get-balance", **params) == "KEY_EXISTS"
    others = {"to": "61455555555,x,,1234567890123456789", "from": "Abcd", "message": "Hi", "countrycode": "nowhere"}
    assert code(call, "get-balance", **others) == wanted


def test_the_key_of_an_account(fresh: World, call: Caller) -> None:
    other = neighbours_call(fresh)
    let(fresh, Match(key=OTHER), error="NO_ACCESS")
    assert (code(call), code(other)) == ("SUCCESS", "NO_ACCESS")


def test_the_nth_the_next_few_and_no_longer(fresh: World, call: Caller) -> None:
    let(fresh, turns=Turns(nth=3, count=2), error="FAILED")
    assert [code(call) for _ in range(6)] == ["SUCCESS"] * 2 + ["FAILED"] * 2 + ["SUCCESS"] * 2


def test_a_share_is_the_same_again_for_the_same_seed(fresh: World, call: Caller) -> None:
    let(fresh, turns=Turns(share=0.4), error="FAILED")
    codes = [code(call) for _ in range(50)]
    expected = [
        "FAILED" if Turns(share=0.4).come(n, 0, f"seed of default rule 1 {n}") else "SUCCESS" for n in range(1, 51)
    ]
    assert codes == expected
    assert 10 < codes.count("FAILED") < 30


def test_for_a_time_by_the_clock_of_the_tenant(world: World) -> None:
    call = Caller(world.store)
    with world.store.begin() as db:
        account = accounts.by_key(db, KEY)
        assert account is not None
        now = account.clock.now(real_now())
        for until, error in ((now, "NOT_FOUND"), (now + timedelta(seconds=1), "FAILED")):
            rules.add(db, world.tenant, NewRule("api", Match(), Turns(), Fault("api", error=error).as_given(), until))
    assert code(call) == "FAILED"


def test_delays_are_drawn_anew_for_each_call_and_the_same_again(fresh: World) -> None:
    let(fresh, delay={"from": 0, "to": 5})
    account = fresh.account if fresh.account.faulty else _read(fresh)

    def seconds() -> float:
        found = faults.find(fresh.store, account, methods()["get-balance"], {})
        assert found is not None
        return found.seconds

    found = [seconds() for _ in range(3)]
    fault = Fault("api", delay={"from": 0, "to": 5})
    assert found == [fault.wait("seed of default", 1, seen) for seen in (1, 2, 3)]
    assert len(set(found)) == 3


def _read(world: World) -> accounts.Account:
    with world.store.begin() as db:
        found = accounts.by_key(db, KEY)
    assert found is not None
    return found


def test_faults_that_many_calls_meet_at_once_are_counted_exactly(fresh: World) -> None:
    let(fresh, turns=Turns(count=5), error="FAILED")
    let(fresh, turns=Turns(count=3), error="NO_ACCESS")
    method, gate = methods()["get-balance"], Gate(fresh.store)

    def once(_: int) -> str:
        return answer.answer(fresh.store, gate, method, {}, HEADER).code.name

    if fresh.store.embedded:  # which one thread works on
        codes = [once(n) for n in range(20)]
    else:
        with ThreadPoolExecutor(20) as threads:
            codes = list(threads.map(once, range(20)))
    assert (codes.count("FAILED"), codes.count("NO_ACCESS"), codes.count("SUCCESS")) == (5, 3, 12)
    with fresh.store.begin() as db:
        found = rules.of_kind(db, fresh.tenant, rules.API)
    assert [(rule.seen, rule.used, rule.remaining) for rule in found] == [(20, 5, 0), (15, 3, 0)]


# Before and behind what the gate says


def test_only_who_is_known_meets_a_fault_and_it_counts_for_the_throttle(fresh: World, call: Caller) -> None:
    let(fresh, error="FAILED")
    assert code(Caller(fresh.store, KEY, "wrong")) == "AUTH_FAILED"
    settle(fresh, throttle=2)
    codes = [code(call) for _ in range(3)]
    assert codes.count("FAILED") == 2 or codes == ["FAILED"] * 3  # where the machine took a second for three calls
    with fresh.store.begin() as db:
        (rule,) = rules.of_kind(db, fresh.tenant, rules.API)
    assert rule.seen == codes.count("FAILED")


def test_a_throttle_on_demand(fresh: World, call: Caller) -> None:
    let(fresh, turns=Turns(count=1), error="OVER_LIMIT")
    refused = call.http.get("/get-balance.json")
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "OVER_LIMIT")
    assert code(call) == "SUCCESS"


def test_an_unreadable_body_meets_faults_that_ask_nothing(fresh: World, call: Caller) -> None:
    let(fresh, Match(text="Hi"), error="NOT_FOUND")
    let(fresh, turns=Turns(count=1), error="NO_ACCESS")
    headers = {"content-type": "multipart/form-data"}
    codes = [call.http.post("/get-balance.json", content=b"x", headers=headers).json()["error"]["code"] for _ in "12"]
    assert codes == ["NO_ACCESS", "FIELD_INVALID"]


def test_which_fault_decided_is_told(fresh: World) -> None:
    def rule(authorization: str = HEADER, **form: str) -> tuple[str | None, int]:
        given = answer.answer(fresh.store, Gate(fresh.store), methods()["send-sms"], form, authorization)
        return given.rule, given.status

    assert rule(message="Hi", to=TO) == (None, 200)
    assert rule(from_="x", **{"from": "NOCREDIT"}) == ("magic sender NOCREDIT", 400)
    let(fresh, turns=Turns(count=1), status=503)
    let(fresh, turns=Turns(count=1), body="html")
    let(fresh, connection="lost")
    assert [rule() for _ in range(3)] == [("fault 1", 503), ("fault 2", 200), ("fault 3", 0)]


def test_without_faults_nothing_is_asked(fresh: World, call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    call.ok("get-balance")

    def ask(*_: object, **__: object) -> None:
        raise AssertionError

    with monkeypatch.context() as blind:
        blind.setattr(rules, "deciding", ask)
        call.ok("send-sms", message="Hi", to=TO)
    let(fresh, status=503)
    assert call.http.get("/get-balance.json").status_code == 503


# Magic


@pytest.mark.parametrize(
    ("word", "expected"),
    [("BADSENDER", "BAD_CALLER_ID"), ("nocredit", "LEDGER_ERROR"), ("Expired", "ACCOUNT_EXPIRED")],
)
def test_magic_senders(fresh: World, call: Caller, word: str, expected: str) -> None:
    refused = call.refused("send-sms", message="Hi", to=TO, from_=word)
    assert refused == (expected, Code[expected].text)
    assert balance(call) == 1000
    assert code(call, "get-balance", from_=word) == "SUCCESS"
    assert code(call, "send-sms", message="Hi", to=TO, from_=f"{word}X"[:11]) == "SUCCESS"
    let(fresh, Match(sender=word), error="NOT_FOUND")
    assert code(call, "send-sms", message="Hi", to=TO, from_=word) == "NOT_FOUND"


@pytest.fixture
def magic(fresh: World) -> Callable[[str], Caller]:
    """A caller by one of the account's magic keys."""
    return lambda ending: Caller(fresh.store, f"{KEY}-{ending}", SECRET)


def test_magic_keys_refuse_what_may_be_refused_so(fresh: World, call: Caller, magic: Callable[[str], Caller]) -> None:
    message = {"message": "Hi", "to": TO}
    assert code(magic("badsender"), "send-sms", **message) == "BAD_CALLER_ID"
    assert code(magic("nocredit"), "send-sms", **message) == "LEDGER_ERROR"
    assert code(magic("nocredit"), "lease-number") == "LEDGER_ERROR"
    for method in ("send-sms", "get-balance", "get-lists"):
        assert code(magic("expired"), method, **message) == "ACCOUNT_EXPIRED"
    assert balance(magic("nocredit")) == balance(call) == 1000
    magic("badsender").ok("add-list", name="made by a magic key")
    assert call.ok("get-lists")["lists_total"] == 1
    let(fresh, Match(key=KEY), error="NOT_FOUND")
    assert code(magic("expired")) == "NOT_FOUND"


def test_a_magic_key_needs_the_secret_and_the_account(fresh: World, magic: Callable[[str], Caller]) -> None:
    for stranger in (
        Caller(fresh.store, f"{KEY}-expired", "wrong"), Caller(fresh.store, "nobody-expired", SECRET), magic("other"),
        magic("expired-expired"),
    ):  # fmt: skip
        assert code(stranger) == "AUTH_FAILED"


def test_a_real_account_of_that_name_wins(fresh: World, magic: Callable[[str], Caller]) -> None:
    assert code(magic("expired")) == "ACCOUNT_EXPIRED"
    with fresh.store.begin() as db:
        accounts.add(db, fresh.tenant, NewAccount(f"{KEY}-expired", SECRET, throttle=0), real_now())
        changed(db)
    assert code(magic("expired")) == "SUCCESS"
