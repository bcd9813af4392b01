"""Access to the API: credentials, states of an account, order of checks."""

import base64
from typing import Any

import pytest

from sms_sandbox.api.routes import Api
from tests.api.tenant_setup import NOW, OTHER, OTHERS_SECRET, add_other_account, freeze, set_account
from tests.app_client import AppClient
from tests.conftest import KEY, SECRET, Caller, FreshTenant

NO_DATA = (401, "AUTH_FAILED_NO_DATA", "You have not provided auth data.")
FAILED = (401, "AUTH_FAILED", "The auth data you have provided is invalid.")
EXPIRED = (400, "ACCOUNT_EXPIRED", "Your account has expired.")
SUCCESS = (200, "SUCCESS", "OK")


def coded(pair: str | bytes) -> bytes:
    return base64.b64encode(pair.encode() if isinstance(pair, str) else pair)


GOOD = coded(f"{KEY}:{SECRET}")


def outcome(answer: Any) -> tuple[int, str, str]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["description"]


@pytest.fixture
def http(fresh: FreshTenant) -> AppClient:
    return AppClient(Api(fresh.store, None))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, NO_DATA),
        (b"", NO_DATA),
        (b"Basic", NO_DATA),
        (b"Basic ", NO_DATA),
        (b"Bearer " + GOOD, NO_DATA),
        (b"Digest username=x", NO_DATA),
        (GOOD, NO_DATA),
        (b"Basic !!!", NO_DATA),
        (b"Basic " + GOOD[:-3], NO_DATA),
        (b"Basic " + coded(b"\xff\xfe:secret"), FAILED),
        (b"Basic \xff\xfe", NO_DATA),
        (b"Basic " + coded("no colon"), NO_DATA),
        (b"Basic " + coded("nul\x00:secret"), NO_DATA),
        (b"Basic " + coded("unknown:" + SECRET), FAILED),
        (b"Basic " + coded(f"{KEY}:wrong"), FAILED),
        (b"Basic " + coded(f"{KEY}:"), FAILED),
        (b"Basic " + coded(":"), FAILED),
        (b"Basic " + coded(f"{KEY.upper()}:{SECRET}"), FAILED),
        (b"Basic " + coded(f"{KEY}:{SECRET}:more"), FAILED),
        (b"Basic " + coded(f"{KEY}:{SECRET}é"), FAILED),
        (b"Basic " + GOOD, SUCCESS),
        (b"basic " + GOOD, SUCCESS),
        (b"BASIC  " + GOOD, SUCCESS),
        (b"Basic " + GOOD.rstrip(b"="), SUCCESS),
        (b"Basic " + GOOD + b"  ", SUCCESS),
        (b"Basic " + GOOD + b"\n", SUCCESS),
        (b"Basic " + GOOD + b"\r\n", SUCCESS),
        (b"Basic " + GOOD[:10] + b"\n" + GOOD[10:], SUCCESS),
    ],
)
def test_the_authorization_header_decides_who_calls(
    http: AppClient, header: bytes | None, expected: tuple[int, str, str]
) -> None:
    headers = {} if header is None else {"Authorization": header.decode("latin-1")}
    answer = http.get("/get-balance.json", headers=encoded(headers))
    assert outcome(answer) == expected
    assert ("www-authenticate" in answer.headers) is (answer.status_code == 401)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "cp1252"])
def test_a_secret_beyond_ascii_in_the_encodings_of_clients(http: AppClient, fresh: FreshTenant, encoding: str) -> None:
    """The Python library requests and Node's btoa send Latin-1, curl the bytes of its terminal."""
    set_account(fresh, secret="sécret")
    header = b"Basic " + coded(f"{KEY}:sécret".encode(encoding))
    answer = http.get("/get-balance.json", headers=encoded({"Authorization": header.decode()}))
    assert outcome(answer) == SUCCESS


def encoded(headers: dict[str, str]) -> Any:
    return {name: value.encode("latin-1") for name, value in headers.items()}


def test_a_secret_may_hold_anything(fresh: FreshTenant) -> None:
    set_account(fresh, secret="a:b ü😀")
    assert Caller(fresh.store, KEY, "a:b ü😀").ok("get-balance")
    assert Caller(fresh.store, KEY, "a:b ü").refused("get-balance")[0] == "AUTH_FAILED"


@pytest.mark.parametrize("secret", [None, ""])
def test_an_account_without_a_secret_cannot_be_used(fresh: FreshTenant, secret: str | None) -> None:
    set_account(fresh, secret=secret)
    for given in ("", "None", SECRET):
        assert Caller(fresh.store, KEY, given).refused("get-balance") == FAILED[1:]


def test_a_failed_login_has_the_documented_bodies(http: AppClient) -> None:
    assert http.get("/get-balance.json", auth=(KEY, "wrong")).text == (
        '{"error":{"code":"AUTH_FAILED","description":"The auth data you have provided is invalid."}}'
    )
    assert http.get("/get-balance.xml", auth=(KEY, "wrong")).text == (
        '<?xml version="1.0"?>\n<response><error><code>AUTH_FAILED</code>'
        "<description>The auth data you have provided is invalid.</description></error></response>\n"
    )


def test_a_suspended_account_is_refused(fresh: FreshTenant, call: Caller) -> None:
    assert call.ok("get-balance")
    set_account(fresh, suspended=1)
    assert outcome(call.http.get("/get-balance.json")) == EXPIRED
    assert call.refused("send-sms", message="hi", to="61491570156") == EXPIRED[1:]
    assert Caller(fresh.store, KEY, "wrong").refused("get-balance") == FAILED[1:]
    set_account(fresh, suspended=0)
    assert call.ok("get-balance")["balance"] == 1000


def test_a_changed_secret_counts_at_once(fresh: FreshTenant, call: Caller) -> None:
    assert call.ok("get-balance")
    set_account(fresh, secret="new")
    assert call.refused("get-balance") == FAILED[1:]
    assert Caller(fresh.store, KEY, "new").ok("get-balance")


def test_the_key_picks_the_account(fresh: FreshTenant, call: Caller) -> None:
    add_other_account(fresh)
    call.ok("add-list", name="mine")
    assert call.ok("get-lists")["lists_total"] == 1
    assert Caller(fresh.store, OTHER, OTHERS_SECRET).ok("get-lists")["lists_total"] == 0
    assert Caller(fresh.store, OTHER, SECRET).refused("get-lists") == FAILED[1:]


# The order of checks


def test_the_path_is_checked_before_the_credentials(http: AppClient) -> None:
    assert http.get("/nonsense.json").json()["error"]["code"] == "NOT_IMPLEMENTED"
    assert http.get("/send-sms.txt").status_code == 404


def test_credentials_before_the_throttle_before_the_account_before_parameters(fresh: FreshTenant) -> None:
    set_account(fresh, throttle=1)
    freeze(fresh, NOW)  # so that all calls are within the second
    call, wrong = Caller(fresh.store), Caller(fresh.store, KEY, "wrong")
    # A call that is refused for its parameters counts, so any next call is over the limit.
    assert call.refused("get-sms")[0] == "FIELD_EMPTY"
    assert wrong.refused("get-sms")[0] == "AUTH_FAILED"
    assert call.refused("get-sms")[0] == "OVER_LIMIT"
    assert call.http.get("/nonsense.json").json()["error"]["code"] == "NOT_IMPLEMENTED"
    # A suspended account is known, so it is throttled like any other.
    set_account(fresh, suspended=1)
    assert call.refused("get-sms")[0] == "OVER_LIMIT"
    set_account(fresh, throttle=0)
    assert call.refused("get-sms")[0] == "ACCOUNT_EXPIRED"


def test_required_before_formats_before_existence_before_business_rules(call: Caller) -> None:
    nobody = {"list_id": 1, "from": "BadCallerId"}
    assert call.refused("send-sms", **nobody, send_at="nonsense") == (
        "FIELD_EMPTY",
        "Required field 'message' is empty",
    )
    assert call.refused("send-sms", **nobody, message="hi", send_at="nonsense")[0] == "FIELD_INVALID"
    assert call.refused("send-sms", **nobody, message="hi")[0] == "NOT_FOUND"
    empty = call.ok("add-list", name="empty")["id"]
    assert call.refused("send-sms", message="hi", list_id=empty, from_="BadCallerId")[0] == "BAD_CALLER_ID"
    assert call.refused("send-sms", message="hi", list_id=empty)[0] == "LIST_EMPTY"


def test_required_parameters_are_asked_for_in_their_order(call: Caller) -> None:
    assert call.refused("get-user-sms-sent") == ("FIELD_EMPTY", "Required field 'start' is empty")
    assert call.refused("get-user-sms-sent", end="nonsense") == ("FIELD_EMPTY", "Required field 'start' is empty")
    assert call.refused("get-user-sms-sent", start="nonsense") == ("FIELD_EMPTY", "Required field 'end' is empty")
    assert call.refused("add-to-list", list_id=1) == ("FIELD_EMPTY", "Required field 'msisdn' is empty")
    assert call.refused("get-sms-delivery-status", message_id=1) == ("FIELD_EMPTY", "Field msisdn is required")
