"""Keywords: added, changed, listed, and charged monthly."""

from datetime import UTC, datetime

import pytest

from sms_sandbox.domain.opt_out import RESERVED_WORDS
from sms_sandbox.services.new_tenant import OWN_NUMBER, POOL
from sms_sandbox.store import keywords
from tests.api.shapes import without_error
from tests.api.tenant_setup import add_other_caller, advance, freeze, reply, set_account
from tests.conftest import Caller, FreshTenant

DAY = datetime(2020, 6, 24, 10, 58, 57, tzinfo=UTC)
FOREIGN = ("FIELD_INVALID", "This number is not leased to you.")
WRONG = ("FIELD_INVALID", "Field has invalid format (see proper format in the description).")
UNKNOWN = ("NOT_FOUND", "The resource with this key is not found.")
EXAMPLE = {
    "keyword": "NEWS", "reference": "Gym news", "number": OWN_NUMBER, "status": "active", "billing_date": "2020-06-26",
    "welcome_message": "Welcome to Max's gym news", "members_message": "Thanks for your continued support",
    "forward_url": "http://example.com/gym-promo", "forward_email": "news@example.com, max@example.com",
    "forward_sms": "61491570157,61491570158",
}  # fmt: skip


@pytest.fixture
def frozen(fresh: FreshTenant) -> FreshTenant:
    freeze(fresh, DAY)
    return fresh


def test_a_keyword_keeps_all_its_options(call: Caller, frozen: FreshTenant) -> None:
    made = call.ok("add-keyword", **EXAMPLE)
    list_id = made["list_id"]
    assert without_error(made) == [
        ("keyword", "NEWS"), ("reference", "Gym news"), ("number", int(OWN_NUMBER)), ("list_id", list_id),
        ("welcome_message", "Welcome to Max's gym news"), ("member_message", "Thanks for your continued support"),
        ("forward_url", "http://example.com/gym-promo"), ("forward_sms", "61491570157,61491570158"),
        ("forward_email", "news@example.com,max@example.com"), ("status", "open"), ("billing_date", "2020-07-24"),
    ]  # fmt: skip
    (made_list,) = call.ok("get-lists")["lists"]
    assert (made_list["id"], made_list["name"], made_list["created"]) == (list_id, "auto list for keyword NEWS", None)
    assert without_error(call.ok("get-keywords", number=OWN_NUMBER)) == [
        ("page", {"count": 1, "number": 1}), ("keywords_total", 1), ("keywords", [dict(without_error(made))]),
    ]  # fmt: skip


def test_a_keyword_needs_only_its_number(call: Caller, frozen: FreshTenant) -> None:
    made = call.ok("add-keyword", keyword=" Big  news ", number=f"+{OWN_NUMBER}", activate="no")
    assert without_error(made) == [
        ("keyword", "BIG NEWS"), ("reference", ""), ("number", int(OWN_NUMBER)), ("list_id", 0),
        ("welcome_message", ""), ("member_message", ""), ("forward_url", ""), ("forward_sms", ""),
        ("forward_email", ""), ("status", "closed"), ("billing_date", "2020-07-24"),
    ]  # fmt: skip
    assert call.ok("get-lists")["lists_total"] == 0
    xml = call.http.post("/get-keywords.xml").text
    assert "<keywords><item><keyword>BIG NEWS</keyword><reference/>" in xml


def test_a_keyword_can_use_an_owned_list(call: Caller, frozen: FreshTenant) -> None:
    list_id = call.ok("add-list", name="Mine")["id"]
    made = call.ok("add-keyword", keyword="JOIN", number=OWN_NUMBER, list_id=list_id, welcome_message="hi")
    assert made["list_id"] == list_id
    assert call.ok("get-lists")["lists_total"] == 1


def test_a_list_of_that_name_is_used_again(call: Caller, frozen: FreshTenant) -> None:
    other = call.ok("lease-number")["number"]
    first = call.ok("add-keyword", keyword="JOIN", number=OWN_NUMBER, welcome_message="hi")
    second = call.ok("add-keyword", keyword="JOIN", number=other, members_message="ho")
    assert first["list_id"] == second["list_id"]


@pytest.mark.parametrize("word", sorted(RESERVED_WORDS))
def test_reserved_words_are_refused(call: Caller, frozen: FreshTenant, word: str) -> None:
    assert call.refused("add-keyword", keyword=f" {word.title()}", number=OWN_NUMBER) == WRONG


def test_other_invalid_keywords_are_refused(call: Caller, frozen: FreshTenant) -> None:
    other = add_other_caller(frozen)
    theirs = other.ok("add-list", name="Theirs")["id"]
    keyword = {"keyword": "NEWS", "number": OWN_NUMBER}
    assert call.refused("add-keyword") == ("FIELD_EMPTY", "Required field 'keyword' is empty")
    assert call.refused("add-keyword", keyword="NEWS") == ("FIELD_EMPTY", "Required field 'number' is empty")
    assert call.refused("add-keyword", keyword="NEWS", number=POOL[0]) == FOREIGN
    assert other.refused("add-keyword", **keyword) == FOREIGN
    assert call.refused("add-keyword", **keyword, list_id=1) == UNKNOWN
    assert call.refused("add-keyword", **keyword, list_id=theirs)[0] == "NO_ACCESS"
    for wrong in (
        {"reference": "x" * 101}, {"forward_url": "x"}, {"forward_email": "x"}, {"forward_sms": "x"},
        {"welcome_message": "x" * 613}, {"activate": "perhaps"},
    ):  # fmt: skip
        assert call.refused("add-keyword", **keyword, **wrong) == WRONG
    assert call.refused("add-keyword", keyword="N" * 81, number=OWN_NUMBER) == WRONG
    assert call.ok("get-keywords")["keywords_total"] == 0
    assert "keywords" not in call.ok("get-keywords")


def test_a_keyword_is_on_a_number_once(call: Caller, frozen: FreshTenant) -> None:
    call.ok("add-keyword", keyword="NEWS", number=OWN_NUMBER)
    assert call.refused("add-keyword", keyword="news", number=OWN_NUMBER) == (
        "KEY_EXISTS", "The resource with this key already exists.",
    )  # fmt: skip
    other = call.ok("lease-number")["number"]
    call.ok("add-keyword", keyword="NEWS", number=other)
    assert [each["number"] for each in call.ok("get-keywords")["keywords"]] == [int(OWN_NUMBER), other]


def test_only_one_of_two_simultaneous_calls_gets_the_keyword(
    call: Caller, frozen: FreshTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    call.ok("add-keyword", keyword="NEWS", number=OWN_NUMBER)
    left = call.ok("get-balance")["balance"]
    monkeypatch.setattr(keywords, "read", lambda *_: None)  # both calls see no keyword yet
    assert call.refused("add-keyword", keyword="NEWS", number=OWN_NUMBER)[0] == "KEY_EXISTS"
    assert call.ok("get-balance")["balance"] == left
    assert call.ok("get-keywords")["keywords_total"] == 1


def test_keywords_are_listed_by_name_page_by_page(call: Caller, frozen: FreshTenant) -> None:
    leased = call.ok("lease-number")["number"]
    for word, number in (("NEWS", OWN_NUMBER), ("GYM", leased), ("ART", OWN_NUMBER)):
        call.ok("add-keyword", keyword=word, number=number)
    page = call.ok("get-keywords", max=2)
    assert ([each["keyword"] for each in page["keywords"]], page["page"]["count"]) == (["ART", "GYM"], 2)
    assert [each["keyword"] for each in call.ok("get-keywords", number=OWN_NUMBER)["keywords"]] == ["ART", "NEWS"]
    assert add_other_caller(frozen).ok("get-keywords")["keywords_total"] == 0


def test_keywords_are_sorted_alike_on_both_databases(call: Caller, frozen: FreshTenant) -> None:
    for word in ("ab", "a b", "À", "B", "1", "A-B"):
        call.ok("add-keyword", keyword=word, number=OWN_NUMBER)
    assert [each["keyword"] for each in call.ok("get-keywords")["keywords"]] == [1, "A B", "A-B", "AB", "B", "À"]


# edit-keyword


def test_missing_and_blank_options_stay(call: Caller, frozen: FreshTenant) -> None:
    made = call.ok("add-keyword", **EXAMPLE)
    same = {"keyword": "news", "number": OWN_NUMBER}
    assert call.ok("edit-keyword", **same) == made
    assert call.ok("edit-keyword", **same, **{name: "" for name in EXAMPLE if name not in same}, list_id=0) == made
    changed = call.ok("edit-keyword", **same, welcome_message="Welcome to Fitness", status="active")
    assert changed == {**made, "welcome_message": "Welcome to Fitness"}
    list_id = call.ok("add-list", name="Mine")["id"]
    changed = call.ok(
        "edit-keyword", **same, list_id=list_id, reference="2", forward_sms="61491570159", forward_email="a@b"
    )
    assert changed == {
        **made, "welcome_message": "Welcome to Fitness", "list_id": list_id, "reference": 2, "forward_sms": 61491570159,
        "forward_email": "a@b",
    }  # fmt: skip
    assert call.ok("get-keywords")["keywords"] == [dict(without_error(changed))]


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"status": "Closed"}, "closed"), ({"status": "paused"}, "closed"), ({"activate": "0"}, "closed"),
        ({"status": "active"}, "open"), ({"activate": "1"}, "open"), ({"status": "OPEN", "activate": "0"}, "open"),
    ],
    ids=str,
)  # fmt: skip
def test_a_keyword_is_closed_and_opened(call: Caller, frozen: FreshTenant, given: dict[str, str], status: str) -> None:
    keyword = {"keyword": "NEWS", "number": OWN_NUMBER}
    call.ok("add-keyword", **keyword)
    assert call.ok("edit-keyword", **keyword, **given)["status"] == status
    assert call.ok("edit-keyword", **keyword, status="open")["status"] == "open"
    assert call.ok("get-balance")["balance"] == 995


def test_an_answer_that_is_set_later_creates_a_list_too(call: Caller, frozen: FreshTenant) -> None:
    keyword = {"keyword": "NEWS", "number": OWN_NUMBER}
    assert call.ok("add-keyword", **keyword)["list_id"] == 0
    assert call.ok("edit-keyword", **keyword, welcome_message="hi")["list_id"] != 0


def test_invalid_edits_are_refused(call: Caller, frozen: FreshTenant) -> None:
    call.ok("add-keyword", keyword="NEWS", number=OWN_NUMBER)
    assert call.refused("edit-keyword", keyword="OLD", number=OWN_NUMBER) == UNKNOWN
    assert call.refused("edit-keyword", keyword="NEWS", number=POOL[0]) == FOREIGN
    assert call.refused("edit-keyword", keyword="NEWS", number=OWN_NUMBER, list_id=1) == UNKNOWN
    assert add_other_caller(frozen).refused("edit-keyword", keyword="NEWS", number=OWN_NUMBER) == FOREIGN


# Money


def test_a_keyword_is_paid_for_every_month(call: Caller, fresh: FreshTenant) -> None:
    set_account(fresh, balance=499_999)
    keyword = {"keyword": "NEWS", "number": OWN_NUMBER}
    assert call.refused("add-keyword", **keyword, welcome_message="hi")[0] == "LEDGER_ERROR"
    assert call.ok("get-lists")["lists_total"] == 0
    set_account(fresh, balance=10_000_000)
    before = call.ok("add-keyword", **keyword)["billing_date"]
    assert call.ok("get-balance")["balance"] == 95
    advance(fresh, days=32)
    assert call.ok("get-balance")["balance"] == 95 - 25 - 5
    (listed,) = call.ok("get-keywords")["keywords"]
    assert listed["billing_date"] > before
    assert listed["status"] == "open"


def test_a_keyword_that_is_not_paid_for_is_closed_until_it_is(call: Caller, fresh: FreshTenant) -> None:
    set_account(fresh, balance=2_500_000 + 500_000 + 499_999)
    keyword = {"keyword": "NEWS", "number": OWN_NUMBER}
    call.ok("add-keyword", **keyword)
    advance(fresh, days=32)
    (listed,) = call.ok("get-keywords")["keywords"]
    assert (listed["status"], call.ok("get-balance")["balance"]) == ("closed", 5)
    set_account(fresh, balance=0)
    assert call.refused("edit-keyword", **keyword, status="open")[0] == "LEDGER_ERROR"
    assert call.ok("edit-keyword", **keyword, reference="x")["status"] == "closed"
    set_account(fresh, balance=500_000)
    opened = call.ok("edit-keyword", **keyword, status="open")
    assert (opened["status"], call.ok("get-balance")["balance"]) == ("open", 0)
    assert opened["billing_date"] > listed["billing_date"]


def test_a_keyword_on_a_number_out_of_service_is_not_charged(call: Caller, fresh: FreshTenant) -> None:
    call.ok("add-keyword", keyword="NEWS", number=OWN_NUMBER)
    set_account(fresh, balance=2_400_000)
    advance(fresh, days=32)
    assert call.ok("get-number", number=OWN_NUMBER)["status"] == "inactive"
    assert call.ok("get-keywords")["keywords"][0]["status"] == "closed"
    assert call.ok("get-balance")["balance"] == 24


# Effects in the reports


def test_responses_are_found_by_their_keyword(call: Caller, fresh: FreshTenant) -> None:
    call.ok("add-keyword", keyword="BIG NEWS", number=OWN_NUMBER)
    for words in ("big  News please", "big", "hello"):
        reply(fresh, "61491570156", words, to=OWN_NUMBER)
    response = call.ok("get-sms-responses", keyword="Big news", number=OWN_NUMBER)
    assert [each["response"] for each in response["responses"]] == ["big  News please"]
    kinds = {kind: call.ok("get-user-sms-responses", keywords=kind)["total"] for kind in ("both", "only", "omit")}
    assert kinds == {"both": 3, "only": 1, "omit": 2}
