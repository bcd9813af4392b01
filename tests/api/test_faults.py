"""Faults of API calls: the response, and what the call changed."""

import json
from datetime import timedelta
from typing import Any
from xml.etree.ElementTree import ParseError

import pytest

from sms_sandbox.api.errors import Code
from sms_sandbox.api.routes import load_methods
from sms_sandbox.domain.rule_match import Match, Turns
from sms_sandbox.store import rules
from sms_sandbox.store.real_time import real_now
from tests import api_calls
from tests.api.fault_setup import TO, add_fault, balance, code
from tests.api.tenant_setup import BASIC, set_account, set_tenant
from tests.api.xml_values import parse_xml
from tests.conftest import KEY, Caller, FreshTenant

HEADER = BASIC[1].decode()
ERRORS = [code for code in Code if code not in (Code.SUCCESS, Code.RECIPIENTS_ERROR)]


# Answers


@pytest.mark.parametrize("wanted", ERRORS, ids=lambda each: each.name)
def test_every_documented_error_in_both_formats(fresh: FreshTenant, call: Caller, wanted: Code) -> None:
    add_fault(fresh, error=wanted.name)
    as_json, as_xml = call.http.get("/send-sms.json"), call.http.get("/get-lists.xml")
    assert (as_json.status_code, as_xml.status_code) == (wanted.status, wanted.status)
    assert as_json.json() == {"error": {"code": wanted.name, "description": wanted.text}}
    error = parse_xml(as_xml.content).find("error")
    assert error is not None
    assert (error.findtext("code"), error.findtext("description")) == (wanted.name, wanted.text)
    assert as_json.headers["content-type"] == "application/json; charset=utf-8"
    assert as_json.headers["x-mashape-billing"] == "Queries=1"
    assert ("www-authenticate" in as_json.headers) is (wanted.status == 401)


@pytest.mark.parametrize(
    ("profile", "fails"), [("seed", [61491570156, "0491570157"]), ("legacy-2015", ["61491570156", "0491570157"])]
)
def test_recipients_error_names_the_numbers_of_the_call(
    fresh: FreshTenant, call: Caller, profile: str, fails: list[Any]
) -> None:
    set_tenant(fresh, profile=profile)
    add_fault(fresh, error="RECIPIENTS_ERROR")
    described = call.refused("send-sms", message="Hi", to=" 61491570156,,0491570157 ")[1]
    assert described == {"fails": fails, "optouts": []}
    assert call.refused("get-lists")[1] == {"fails": [], "optouts": []}


THROTTLED = '{"code":"429 Too Many Requests", "description":"You have exceeded the request limit of 7r/s"}'
DOWN = '{"code":"503","description":"transmitsms is down for maintainence."}'


@pytest.mark.parametrize(
    ("gateway", "status", "body"), [("throttled", 429, THROTTLED), ("maintenance", 502, DOWN)]
)  # fmt: skip
def test_the_gateway_answers_without_an_error_block(
    fresh: FreshTenant, call: Caller, gateway: str, status: int, body: str
) -> None:
    set_account(fresh, throttle=7)
    add_fault(fresh, gateway=gateway)
    for response in (send(call), call.http.get("/get-balance.xml", headers={"Accept-Encoding": "gzip"})):
        assert (response.status_code, response.text) == (status, body)
        assert response.headers["content-type"] == "application/json"
        assert not any(name.startswith(("x-", "expires", "cache-", "pragma")) for name in response.headers)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_fault_can_answer_with_an_error_page(fresh: FreshTenant, call: Caller, status: int) -> None:
    add_fault(fresh, status=status)
    page = call.http.get("/get-balance.json")
    assert (page.status_code, page.headers["content-type"], page.headers["server"]) == (status, "text/html", "nginx")
    assert page.text.startswith("<html>\r\n")
    assert str(status) in page.text
    assert not any(name.startswith(("x-", "expires", "cache-", "pragma")) for name in page.headers)


def send(call: Caller) -> Any:
    return call.http.post("/send-sms.json", data={"message": "Hi", "to": TO})


def test_a_fault_can_make_the_body_unreadable(fresh: FreshTenant, call: Caller) -> None:
    add_fault(fresh, body="malformed")
    response = send(call)
    assert response.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        response.json()
    with pytest.raises(ParseError):
        parse_xml(call.http.get("/get-balance.xml").content)


def test_a_fault_can_replace_the_reply_with_a_page(fresh: FreshTenant, call: Caller) -> None:
    add_fault(fresh, body="html")
    response = send(call)
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html")
    assert response.text.startswith("<html>")


def test_a_fault_on_the_body_changes_refusals_too(fresh: FreshTenant, call: Caller) -> None:
    add_fault(fresh, body="malformed")
    response = call.http.post("/send-sms.json", data={"message": "Hi"})
    assert response.status_code == 400
    assert '"code":"FIELD_INVALID"' in response.text
    assert not response.text.endswith("}}")


def test_a_fault_can_delay_the_answer(fresh: FreshTenant, call: Caller) -> None:
    add_fault(fresh, delay={"from": 0.2, "to": 0.3})
    began = real_now()
    assert code(call) == "SUCCESS"
    assert real_now() - began >= timedelta(seconds=0.2)


# Effects on the account and the traffic


@pytest.mark.parametrize(
    ("effect", "sent"),
    [
        ({"error": "LEDGER_ERROR"}, 0), ({"status": 503}, 0), ({"connection": "reset"}, 0), ({"connection": "lost"}, 1),
        ({"gateway": "throttled"}, 0), ({"gateway": "maintenance"}, 0),
        ({"body": "malformed"}, 1), ({"body": "truncated"}, 1), ({"body": "html"}, 1),
        ({"delay": {"seconds": 0.01}}, 1), ({"status": 502, "delay": {"seconds": 0.01}}, 0),
    ],
)  # fmt: skip
def test_a_call_is_carried_out_and_billed_wholly_or_not_at_all(
    fresh: FreshTenant, call: Caller, effect: dict[str, Any], sent: int
) -> None:
    add_fault(fresh, turns=Turns(count=1), **effect)
    if {"connection", "body"} & effect.keys() and effect.get("body") not in ("malformed", "html"):
        with pytest.raises(ConnectionError):  # there is no connection in this test that could be ended
            send(call)
    else:
        send(call)
    assert balance(call) == pytest.approx(1000 - sent * 0.087)
    assert call.ok("send-sms", message="Hi", to=TO)["message_id"] == 340000001 + sent


def test_a_fault_is_counted_even_if_the_call_is_refused(fresh: FreshTenant, call: Caller) -> None:
    add_fault(fresh, turns=Turns(count=1), body="html")
    call.http.post("/send-sms.json")
    assert call.refused("send-sms")[0] == "FIELD_EMPTY"


# Faults before and after the checks of the gate


def test_faults_need_credentials_and_count_for_the_throttle(fresh: FreshTenant, call: Caller) -> None:
    add_fault(fresh, error="FAILED")
    assert code(Caller(fresh.store, KEY, "wrong")) == "AUTH_FAILED"
    set_account(fresh, throttle=2)
    codes = [code(call) for _ in range(3)]
    assert codes.count("FAILED") == 2 or codes == ["FAILED"] * 3  # where the machine took a second for three calls
    with fresh.store.begin() as db:
        (rule,) = rules.list_rules(db, fresh.tenant, rules.API)
    assert rule.seen == codes.count("FAILED")


def test_a_fault_can_answer_over_limit(fresh: FreshTenant, call: Caller) -> None:
    add_fault(fresh, turns=Turns(count=1), error="OVER_LIMIT")
    refused = call.http.get("/get-balance.json")
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "OVER_LIMIT")
    assert code(call) == "SUCCESS"


def test_a_call_with_an_unreadable_body_meets_faults_without_conditions(fresh: FreshTenant, call: Caller) -> None:
    add_fault(fresh, Match(text="Hi"), error="NOT_FOUND")
    add_fault(fresh, turns=Turns(count=1), error="NO_ACCESS")
    headers = {"content-type": "multipart/form-data"}
    codes = [call.http.post("/get-balance.json", content=b"x", headers=headers).json()["error"]["code"] for _ in "12"]
    assert codes == ["NO_ACCESS", "FIELD_INVALID"]


def test_the_answer_names_its_fault(fresh: FreshTenant) -> None:
    def rule(authorization: str = HEADER, **form: str) -> tuple[str | None, int]:
        given = api_calls.answer(fresh.store, load_methods()["send-sms"], form, authorization)
        return given.rule, given.status

    assert rule(message="Hi", to=TO) == (None, 200)
    assert rule(from_="x", **{"from": "NOCREDIT"}) == ("magic sender NOCREDIT", 400)
    add_fault(fresh, turns=Turns(count=1), status=503)
    add_fault(fresh, turns=Turns(count=1), body="html")
    add_fault(fresh, connection="lost")
    assert [rule() for _ in range(3)] == [("fault 1", 503), ("fault 2", 200), ("fault 3", 0)]


def test_without_faults_no_statement_runs(fresh: FreshTenant, call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    call.ok("get-balance")

    def ask(*_: object, **__: object) -> None:
        raise AssertionError

    with monkeypatch.context() as blind:
        blind.setattr(rules, "find_deciding", ask)
        call.ok("send-sms", message="Hi", to=TO)
    add_fault(fresh, status=503)
    assert call.http.get("/get-balance.json").status_code == 503
