"""Hints on likely mistakes, and no hints on correct calls."""

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from sms_sandbox.api.answer import Answer
from sms_sandbox.api.answered_call import AnsweredCall, ApiContext
from sms_sandbox.api.errors import Code
from sms_sandbox.api.forms import read_form
from sms_sandbox.api.hints import hints_for, nearest
from sms_sandbox.api.routes import Methods
from sms_sandbox.domain.clock import Clock
from sms_sandbox.domain.profiles import PROFILES
from sms_sandbox.store.accounts import Account
from tests.api.cases import ANSWERED
from tests.api.scenes import build_scene
from tests.conftest import FreshTenant

METHODS = Methods()
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TO = "61491570156"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def account(fresh: FreshTenant) -> Account:
    return replace(fresh.account, clock=Clock(frozen_at=NOW))


def answered_call(
    account: Account | None, name: str, form: Mapping[str, str] | None = None, code: Code = Code.SUCCESS
) -> AnsweredCall:
    """Return a call with its answer."""
    answer = Answer(code, {}, PROFILES["seed"], account=account)
    return AnsweredCall(0, 1, "POST", f"/{name}.json", FORM, "", name, METHODS.get(name), form or {}, answer, b"{}")


def hints(call: AnsweredCall, *hosts: str) -> list[str]:
    return list(hints_for(call, ApiContext(METHODS, hosts)))


def only(call: AnsweredCall, *hosts: str) -> str:
    (hint,) = hints(call, *hosts)
    return hint


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_ordinary_calls_give_no_hints(frozen: FreshTenant) -> None:
    scene = build_scene(frozen)
    for name, form in ANSWERED:
        call = answered_call(frozen.account, name, {key: str(value) for key, value in form(scene).items()})
        assert hints(call, "a.example") == [], name


@pytest.mark.parametrize(
    ("name", "form", "hint"),
    [
        ("send-sms", {"mesage": "x", "to": TO}, "send-sms has no parameter `mesage`. Did you mean `message`?"),
        ("send-sms", {"Message": "x", "to": TO}, "send-sms has no parameter `Message`. Did you mean `message`?"),
        ("send-sms", {"text": "x", "to": TO}, "send-sms has no parameter `text`. Did you mean `message`?"),
        ("send-sms", {"list-id": "3"}, "send-sms has no parameter `list-id`. Did you mean `list_id`?"),
        ("get-balance", {"verbose": "1"}, "get-balance has no parameter `verbose`, so it is ignored."),
        ("get-lists", {"limit": "9"}, "get-lists has no parameter `limit`. Did you mean `max`?"),
        ("send-sms", {"message": "x", "to": TO, "list_id": "3"},
         "`to` is ignored, because `list_id` is given too: the message goes to the list."),
        ("send-sms", {"message": "x", "to": f"{TO}, 0491 570 156"},
         "`to` 0491 570 156 looks like a local number. Give `countrycode`, or write it in international form."),
        ("get-contact", {"list_id": "3", "msisdn": "0491570156"},
         "`msisdn` 0491570156 looks like a local number. Write it in international form."),
        ("send-sms", {"message": "x", "to": "\u202a+61491570156\u202c"},
         "`to` '\\u202a+61491570156\\u202c' holds characters that are ignored. Send digits only."),
        ("send-sms", {"message": "x", "to": f"{TO}.0"},
         "`to` '61491570156.0' holds characters that are ignored. Send digits only."),
        ("send-sms", {"message": "x", "to": TO, "send_at": "2026-03-01T23:00:00+1000"},
         "`send_at` 2026-03-01T23:00:00+1000 has an offset. The documented form is YYYY-MM-DD HH:MM:SS in UTC."),
        ("get-list", {"list_id": "1", "members": "true"},
         "`members` 'true' counts as not given. Known values: active, inactive, all, none."),
        ("send-sms", {"message": "x", "to": TO, "send_at": "2026-03-01 02:00:00"},
         "`send_at` is in the past: the tenant's clock shows 2026-03-01 12:00:00. Times are in UTC."),
    ],
)  # fmt: skip
def test_likely_mistakes_have_hints(account: Account, name: str, form: dict[str, str], hint: str) -> None:
    assert only(answered_call(account, name, form)) == hint


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("http://8.8.8.8/hook", "8.8.8.8 is a public address, and 8.8.8.8 is not one of the hosts allowed"),
        ("http://169.254.169.254/", "169.254.169.254 is a link-local address, which callbacks are never sent to."),
        (
            "https://hooks.example.com/a",
            "hooks.example.com is not called if it has a public address. To allow it, start the server with",
        ),
    ],
)
def test_a_callback_url_that_will_be_refused_has_a_hint(account: Account, url: str, hint: str) -> None:
    call = answered_call(account, "send-sms", {"message": "x", "to": TO, "dlr_callback": url})
    assert only(call).startswith(f"`dlr_callback`: {hint}")


@pytest.mark.parametrize(
    "url", ["http://localhost:9000/", "http://127.0.0.1/", "http://app:3000/x", "http://10.1.2.3/", "http://app.test/"]
)
def test_a_callback_url_that_will_be_called_has_no_hint(account: Account, url: str) -> None:
    assert hints(answered_call(account, "send-sms", {"message": "x", "to": TO, "dlr_callback": url})) == []


def test_a_listed_host_has_no_hint(account: Account) -> None:
    form = {"message": "x", "to": TO, "tracked_link_url": "https://b.example/"}
    call = answered_call(account, "send-sms", {**form, "reply_callback": "https://hooks.example.com/"})
    assert hints(call, "hooks.example.com") == []


@pytest.mark.parametrize(
    ("sender", "hint"),
    [
        ("", "The account has no number to send from. Lease one, or give `from`."),
        ("61491570999", "`from` 61491570999 is not one of the account's numbers. Lease it, or use another sender."),
        ("My Great Shop", "`from` must be a number, or a word of up to 11 characters without spaces."),
        (
            "My Shop",
            "`from` has a space. If the real account has it approved, PUT /_sandbox/v1/sender-ids/My%20Shop first.",
        ),
        ("SHOP", "`from` SHOP is not registered, and this tenant accepts only registered sender IDs."),
    ],
)
def test_a_refused_sender_has_a_hint(account: Account, sender: str, hint: str) -> None:
    assert (
        only(answered_call(account, "send-sms", {"message": "x", "to": TO, "from": sender}, Code.BAD_CALLER_ID)) == hint
    )


def test_the_sender_that_is_always_refused_needs_no_hint(account: Account) -> None:
    assert (
        hints(answered_call(account, "send-sms", {"message": "x", "to": TO, "from": "BADCALLERID"}, Code.BAD_CALLER_ID))
        == []
    )


def test_a_secret_in_a_url_has_a_hint(account: Account) -> None:
    call = answered_call(account, "edit-client", {"client_id": "1", "password": "x"})
    assert hints(call) == []
    assert (
        only(call._replace(verb="GET"))
        == "`password` was sent in the URL, which servers and proxies log. Send it in the body of a POST."
    )


def test_wrong_credentials_have_hints(account: Account) -> None:
    assert only(answered_call(None, "get-balance", code=Code.AUTH_FAILED_NO_DATA)).startswith(
        "Send the API key and secret as user name and"
    )
    assert only(answered_call(account, "get-balance", code=Code.AUTH_FAILED)) == (
        "The API key is known, but the secret is not the one that belongs to it."
    )
    stranger = answered_call(None, "get-balance", code=Code.AUTH_FAILED)._replace(
        authorization="Basic c2VjcmV0LWtleTp4"
    )
    assert only(stranger) == "No account in this sandbox has the key secr…."


def test_a_body_that_is_not_read_has_a_hint(account: Account) -> None:
    call = answered_call(account, "send-sms", code=Code.FIELD_EMPTY)
    assert only(call._replace(content_type="application/json; charset=utf-8")) == (
        "A body of type application/json is not read. Send the parameters as a form."
    )
    assert only(call._replace(form=None)) == f"The body cannot be read as {FORM}, which its Content-Type says it is."
    assert only(call._replace(form={'{"message":"x"}': ""})) == (
        "The body looks like JSON, but the API reads forms. Send each parameter as curl -d name=value does."
    )


def test_an_unknown_method_has_a_hint(account: Account) -> None:
    assert (
        only(answered_call(account, "send-sm", code=Code.NOT_IMPLEMENTED))
        == "There is no method 'send-sm'. Did you mean send-sms?"
    )
    assert only(answered_call(account, "get_balance", code=Code.NOT_IMPLEMENTED)) == (
        "There is no method 'get_balance'. Did you mean get-balance?"
    )
    assert only(answered_call(account, "fly", code=Code.NOT_IMPLEMENTED)) == "There is no method 'fly'."


def test_another_notation_of_a_form_has_a_hint(account: Account) -> None:
    form = read_form(b"", FORM, b"message=Caf%E9&to[]=61491570156")
    assert hints(answered_call(account, "send-sms", form)) == [
        "`message` is not UTF-8, and is read as Windows-1252. Send UTF-8.",
        "`to` is an array in PHP's notation, and is read as a list. Separate items by commas.",
    ]


def test_credentials_in_another_encoding_have_a_hint(account: Account) -> None:
    french = replace(account, secret="sécret")
    for encoding, expected in (
        ("latin-1", ["The credentials are not UTF-8, and are read as Windows-1252. Send UTF-8."]),
        ("utf-8", []),
    ):
        pair = b64encode(f"{french.key}:sécret".encode(encoding)).decode()
        assert hints(answered_call(french, "get-balance")._replace(authorization=f"Basic {pair}")) == expected


def test_a_field_without_a_name_has_no_value_in_hints(account: Account) -> None:
    assert only(answered_call(account, "get-list", {"list_id": "1", "": "x"})).startswith(
        "get-list has no parameter ``"
    )


def test_the_number_of_hints_is_limited(account: Account) -> None:
    assert len(hints(answered_call(account, "send-sms", {f"junk{index}": "x" for index in range(50)}))) == 10


def test_an_empty_name_resembles_no_other() -> None:
    assert nearest("", ["message"]) is None
    assert nearest("x" * 10_000, ["message"]) is None
