"""Keywords and e-mail to SMS (6.6 to 6.10)."""

from typing import Any

import pytest

from .client import Api
from .grants import SANDBOX, STATE
from .plugin import about, needs
from .scene import HANDSETS, since
from .target import Control
from .test_send_sms import balance

World = tuple[Api, Control]
ANY_FORMAT = pytest.mark.parametrize("fmt", ["json", "xml"])
NO_REMOVAL = "a keyword is paid by the month and can't be removed"


def own_number(api: Api) -> Any:
    return api.ok("get-numbers")["numbers"][0]["number"]


@ANY_FORMAT
@needs(SANDBOX, why=NO_REMOVAL)
@about("add-keyword", "get-keywords", "edit-keyword")
def test_a_keyword_is_told_as_it_was_given(world: World, fmt: str) -> None:
    api, _ = world
    number, before = own_number(api), balance(api)
    members = api.ok("add-list", name="members")["id"]
    form = {
        "reference": "a/b & c", "list_id": members, "welcome_message": "It's <you>", "forward_url": "http://localhost:9/x",
        "forward_sms": "61491570157, 61491570158", "forward_email": "a@example.com,b@example.com",
    }  # fmt: skip
    said = api.ok("add-keyword", fmt, keyword="news", number=number, members_message="Again", **form)
    expected = {**form, "keyword": "NEWS", "number": number, "member_message": "Again", "status": "open",
                "forward_sms": "61491570157,61491570158"}  # fmt: skip
    for key, value in expected.items():
        assert str(said[key]) == str(value), key
    assert balance(api) < before
    (row,) = api.ok("get-keywords", fmt, number=number)["keywords"]
    assert row == said
    changed = api.ok(
        "edit-keyword", fmt, keyword="News", number=number, status="Closed", reference="new", forward_url=""
    )
    assert (changed["status"], changed["reference"]) == ("closed", "new")
    for key in ("keyword", "welcome_message", "member_message", "forward_url", "billing_date"):
        assert changed[key] == said[key], key
    assert api.ok("edit-keyword", keyword="news", number=number, status="active")["status"] == "closed"
    assert api.ok("edit-keyword", keyword="news", number=number, status="open")["status"] == "open"


@needs(SANDBOX, why=NO_REMOVAL)
@about("add-keyword", "get-keywords")
def test_a_bare_keyword_is_blank_where_nothing_was_given(world: World) -> None:
    api, _ = world
    number = own_number(api)
    said = api.ok("add-keyword", keyword="two words", number=number, activate="false")
    blank = ("reference", "welcome_message", "member_message", "forward_url", "forward_sms", "forward_email")
    assert [said[key] for key in blank] == [""] * 6
    assert (said["keyword"], said["list_id"], said["status"]) == ("TWO WORDS", 0, "closed")
    api.ok("add-keyword", keyword="club", number=number)
    api.ok("add-keyword", keyword="0042", number=number)
    assert [each["keyword"] for each in api.ok("get-keywords")["keywords"]] == [42, "CLUB", "TWO WORDS"]


@needs(SANDBOX, why=NO_REMOVAL)
@about("add-keyword", "get-lists", "get-sms-responses")
def test_who_writes_a_keyword_joins_its_list_and_is_answered(world: World) -> None:
    api, control = world
    number = own_number(api)
    said = api.ok("add-keyword", keyword="club", number=number, welcome_message="Hi", members_message="Again")
    (row,) = api.ok("get-lists")["lists"]
    assert (row["id"], row["name"], row["created"]) == (said["list_id"], "auto list for keyword CLUB", None)
    for text in ("Club please", "CLUB"):
        control.inbound(HANDSETS[0], text, str(number))
    control.advance(seconds=5)
    assert api.ok("get-list", list_id=said["list_id"])["members_active"] == 1
    sent = api.ok("get-user-sms-sent", start=since(1), end="2999-01-01")["messages"]
    assert sorted(each["message"] for each in sent) == ["Again", "Hi"]
    replies = api.ok("get-sms-responses", keyword="club", number=number)
    assert [each["response"] for each in replies["responses"]] == ["CLUB", "Club please"]
    assert api.ok("get-user-sms-responses", keywords="only")["total"] == 2
    assert api.ok("get-user-sms-responses", keywords="omit")["total"] == 0
    assert api.ok("get-message-report", type="keyword")["messages_total"] == 2
    assert api.ok("get-message-report", type="api")["messages_total"] == 0


@ANY_FORMAT
@needs(STATE)
@about("add-email", "delete-email")
def test_an_address_is_allowed_and_forbidden_again(api: Api, fmt: str) -> None:
    form = {"email": f"contract-{fmt}@suite.example.com"}
    done = True if fmt == "json" else "true"
    assert api.ok("add-email", fmt, max_sms=2, **form) == {"success": done}
    assert api.ok("delete-email", fmt, **form) == {"success": done}
    api.refused("NOT_FOUND", "delete-email", fmt, **form)


@needs(STATE)
@about("add-email", "delete-email")
def test_a_whole_domain_is_allowed_and_forbidden(api: Api) -> None:
    for name in ("*", "abc", "def"):
        api.ok("add-email", email=f"{name}@contract-suite.example.com")
    api.ok("delete-email", email="*@contract-suite.example.com")
    api.refused("NOT_FOUND", "delete-email", email="abc@contract-suite.example.com")
