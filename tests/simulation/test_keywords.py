"""The automatic actions of keywords."""

import pytest

from sms_sandbox.store import contacts
from sms_sandbox.store.keywords import CLOSED
from tests.conftest import FreshTenant
from tests.simulation import queries
from tests.simulation.handsets import FRIEND, ME, answers, keyword, mailed, member, options, sent, write
from tests.store.example_rows import send

pytestmark = pytest.mark.usefixtures("still")


def test_settings_of_a_keyword_override_those_of_its_number(still: FreshTenant) -> None:
    ours = queries.add_list(still, [])
    options(
        still, welcome_message="number", list_id=ours, forward_sms=FRIEND, forward_email="n@example.com",
        forward_url="http://number/",
    )  # fmt: skip
    keyword(still, "NEWS", welcome_message="keyword", forward_email="k@example.com")
    keyword(still, "QUIET", forward_url="http://keyword/")
    assert write(still, "news please").callback_url == "http://number/"
    assert answers(still) == ["keyword"]
    assert [(kind, to) for kind, _, to, _ in mailed(still)] == [("keyword", "k@example.com")]
    assert write(still, "quiet").callback_url == "http://keyword/"
    assert (len(sent(still)), len(mailed(still)), member(still, ours)) == (1, 1, None)
    write(still, "newspaper")
    assert answers(still)[1:] == ["number", f"{ME}: newspaper"]
    assert member(still, ours) == contacts.ACTIVE


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("news", "news"),
        (" News\nplease", "news"),
        ("big news now", "big news"),
        ("BIG  NEWS", "big news"),
        ("bignews", "any"),
        ("big new", "any"),
        ("closed", "any"),
        ("", "any"),
        ("other", "any"),
    ],
)
def test_the_longest_keyword_wins_and_the_empty_one_takes_the_rest(still: FreshTenant, text: str, answer: str) -> None:
    for word in ("NEWS", "BIG NEWS", ""):
        keyword(still, word, welcome_message=word.lower() or "any")
    keyword(still, "CLOSED", CLOSED, welcome_message="never")
    keyword(still, "BIG", CLOSED, welcome_message="never")
    write(still, text)
    assert answers(still) == [answer]


@pytest.mark.parametrize("text", ["STOP", " end "])
def test_an_opt_out_word_is_never_a_keyword(still: FreshTenant, text: str) -> None:
    keyword(still, text.strip().upper(), welcome_message="never")
    keyword(still, "", welcome_message="never")
    assert write(still, text).is_optout
    assert answers(still) == []


def test_keywords_of_other_accounts_are_ignored(still: FreshTenant) -> None:
    keyword(still, "NEWS", account=1, welcome_message="never")
    write(still, "news")
    assert answers(still) == []


def test_the_reply_url_of_a_message_overrides_that_of_a_keyword(still: FreshTenant) -> None:
    keyword(still, "YES", forward_url="http://keyword/")
    with still.store.begin() as db:
        send(db, still, [ME], reply_url="http://message/")
    assert write(still, "yes", to=None).callback_url == "http://message/"
    assert write(still, "yes", FRIEND).callback_url == "http://keyword/"


def test_joining_by_a_keyword_calls_the_lists_automation(still: FreshTenant) -> None:
    list_id = queries.add_list(still, [])
    with still.store.begin() as db:
        db.exec_driver_sql("UPDATE lists SET automation_url = 'http://automation/'")
    keyword(still, "JOIN", list_id=list_id)
    write(still, "join")
    assert member(still, list_id) == contacts.ACTIVE
    with still.store.begin() as db:
        assert db.exec_driver_sql("SELECT count(*) FROM timeline WHERE kind = 'list-action'").scalar() == 1
