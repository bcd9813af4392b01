"""Keywords and e-mail to SMS (6.6 to 6.10)."""

from typing import Any

import pytest

from .client import Api
from .grants import SANDBOX, STATE
from .plugin import about, needs
from .scene import HANDSETS, days_ago
from .target import Control
from .test_send_sms import balance

Tenant = tuple[Api, Control]
ANY_FORMAT = pytest.mark.parametrize("fmt", ["json", "xml"])
NO_REMOVAL = "a keyword is charged monthly and cannot be removed"


def own_number(api: Api) -> Any:
    return api.ok("get-numbers")["numbers"][0]["number"]


@ANY_FORMAT
@needs(SANDBOX, why=NO_REMOVAL)
@about("add-keyword", "get-keywords", "edit-keyword")
def test_a_keyword_has_the_given_options(tenant: Tenant, fmt: str) -> None:
    api, _ = tenant
    number, before = own_number(api), balance(api)
    members = api.ok("add-list", name="members")["id"]
    form = {
        "reference": "a/b & c", "list_id": members, "welcome_message": "It's <you>", "forward_url": "http://localhost:9/x",
        "forward_sms": "61491570157, 61491570158", "forward_email": "a@example.com,b@example.com",
    }  # fmt: skip
    payload = api.ok("add-keyword", fmt, keyword="news", number=number, members_message="Again", **form)
    expected = {**form, "keyword": "NEWS", "number": number, "member_message": "Again", "status": "open",
                "forward_sms": "61491570157,61491570158"}  # fmt: skip
    for key, value in expected.items():
        assert str(payload[key]) == str(value), key
    assert balance(api) < before
    (row,) = api.ok("get-keywords", fmt, number=number)["keywords"]
    assert row == payload
    changed = api.ok(
        "edit-keyword", fmt, keyword="News", number=number, status="Closed", reference="new", forward_url=""
    )
    assert (changed["status"], changed["reference"]) == ("closed", "new")
    for key in ("keyword", "welcome_message", "member_message", "forward_url", "billing_date"):
        assert changed[key] == payload[key], key
    assert api.ok("edit-keyword", keyword="news", number=number, status="active")["status"] == "closed"
    assert api.ok("edit-keyword", keyword="news", number=number, status="open")["status"] == "open"


@needs(SANDBOX, why=NO_REMOVAL)
@about("add-keyword", "get-keywords")
def test_a_keyword_without_options_has_blanks(tenant: Tenant) -> None:
    api, _ = tenant
    number = own_number(api)
    payload = api.ok("add-keyword", keyword="two words", number=number, activate="false")
    blank = ("reference", "welcome_message", "member_message", "forward_url", "forward_sms", "forward_email")
    assert [payload[key] for key in blank] == [""] * 6
    assert (payload["keyword"], payload["list_id"], payload["status"]) == ("TWO WORDS", 0, "closed")
    api.ok("add-keyword", keyword="club", number=number)
    api.ok("add-keyword", keyword="0042", number=number)
    assert [row["keyword"] for row in api.ok("get-keywords")["keywords"]] == [42, "CLUB", "TWO WORDS"]


@needs(SANDBOX, why=NO_REMOVAL)
@about("add-keyword", "get-lists", "get-sms-responses")
def test_a_handset_that_sends_a_keyword_joins_its_list(tenant: Tenant) -> None:
    api, control = tenant
    number = own_number(api)
    payload = api.ok("add-keyword", keyword="club", number=number, welcome_message="Hi", members_message="Again")
    (row,) = api.ok("get-lists")["lists"]
    assert (row["id"], row["name"], row["created"]) == (payload["list_id"], "auto list for keyword CLUB", None)
    for text in ("Club please", "CLUB"):
        control.send_inbound(HANDSETS[0], text, str(number))
    control.advance(seconds=5)
    assert api.ok("get-list", list_id=payload["list_id"])["members_active"] == 1
    sent = api.ok("get-user-sms-sent", start=days_ago(1), end="2999-01-01")["messages"]
    assert sorted(row["message"] for row in sent) == ["Again", "Hi"]
    replies = api.ok("get-sms-responses", keyword="club", number=number)
    assert [row["response"] for row in replies["responses"]] == ["CLUB", "Club please"]
    assert api.ok("get-user-sms-responses", keywords="only")["total"] == 2
    assert api.ok("get-user-sms-responses", keywords="omit")["total"] == 0
    assert api.ok("get-message-report", type="keyword")["messages_total"] == 2
    assert api.ok("get-message-report", type="api")["messages_total"] == 0


@ANY_FORMAT
@needs(STATE)
@about("add-email", "delete-email")
def test_an_address_is_authorised_and_removed(api: Api, fmt: str) -> None:
    form = {"email": f"contract-{fmt}@suite.example.com"}
    done = True if fmt == "json" else "true"
    assert api.ok("add-email", fmt, max_sms=2, **form) == {"success": done}
    assert api.ok("delete-email", fmt, **form) == {"success": done}
    api.refused("NOT_FOUND", "delete-email", fmt, **form)


@needs(STATE)
@about("add-email", "delete-email")
def test_a_whole_domain_is_authorised_and_removed(api: Api) -> None:
    for name in ("*", "abc", "def"):
        api.ok("add-email", email=f"{name}@contract-suite.example.com")
    api.ok("delete-email", email="*@contract-suite.example.com")
    api.refused("NOT_FOUND", "delete-email", email="abc@contract-suite.example.com")
