"""What numbers and keywords do with what handsets write to them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from sms_sandbox.simulation import inbound
from sms_sandbox.simulation.inbound import Received, UnreachableError
from sms_sandbox.store import accounts, contacts, keywords, mails, messages, numbers, recipients, reports, tenants
from sms_sandbox.store.keywords import CLOSED, OPEN, Keyword
from sms_sandbox.store.paging import Paging
from sms_sandbox.store.world import OWN_NUMBER, POOL
from tests.conftest import World
from tests.simulation import looking
from tests.store.making import HANDSETS, NOON, seconds, send

ME, FRIEND, OTHER = HANDSETS[:3]
OWN_PRICE = 8_700

pytestmark = pytest.mark.usefixtures("still")


def write(at: World, text: str, msisdn: str = ME, to: str | None = OWN_NUMBER, after: float = 1) -> Received:
    with at.store.begin() as db:
        tenant = tenants.read(db, at.tenant)
        assert tenant is not None
        return inbound.receive(db, tenant, NOON + seconds(after), msisdn, to, text)


def options(at: World, **settings: object) -> None:
    with at.store.begin() as db:
        numbers.change(db, at.tenant, OWN_NUMBER, settings)


def keyword(at: World, word: str, status: str = OPEN, account: int | None = None, **more: Any) -> int:
    fields: Mapping[str, Any] = {
        "reference": "", "list_id": 0, "welcome_message": "", "members_message": "", "forward_url": "",
        "forward_sms": "", "forward_email": "", **more,
    }  # fmt: skip
    with at.store.begin() as db:
        made = keywords.new_id(db, at.tenant)
        new = Keyword(
            id=made, account=account or at.account.id, keyword=word, number=OWN_NUMBER, status=status,
            billing_date=NOON + timedelta(30), **fields,
        )  # fmt: skip
        keywords.add(db, at.tenant, new)
    return made


def sent(at: World) -> list[tuple[str, str, str]]:
    """What went out, oldest first: sender, handset, text."""
    with at.store.begin() as db:
        found = reports.recipients_of(db, at.tenant, looking.ALL, None, None, None).rows[::-1]
    return [(each.sender, each.msisdn, each.text) for each in found]


def answers(at: World) -> list[str]:
    return [text for _, _, text in sent(at)]


def mailed(at: World) -> list[tuple[str, str, str, str]]:
    with at.store.begin() as db:
        found = mails.page(db, at.tenant, Paging(1, 100)).rows[::-1]
    return [(each.kind, each.sender, each.recipient, each.body) for each in found]


def member(at: World, on: int, msisdn: str = ME) -> str | None:
    with at.store.begin() as db:
        found = contacts.read_member(db, at.tenant, on, msisdn)
    return None if found is None else found.status


def balance(at: World) -> int:
    with at.store.begin() as db:
        return accounts.balance(db, at.tenant, at.account.id)


# Answers of a number


def test_a_number_without_options_says_nothing(still: World) -> None:
    write(still, "hi")
    assert sent(still) == []
    assert mailed(still) == []


def test_a_number_welcomes_everybody_every_time(still: World) -> None:
    options(still, welcome_message="Thanks!", members_message="never said without a list")
    before = balance(still)
    write(still, "hi")
    write(still, "hi again", to=None, after=9)
    assert sent(still) == [(OWN_NUMBER, ME, "Thanks!")] * 2
    assert before - balance(still) == 2 * OWN_PRICE


def test_an_answer_is_a_message_like_any_other(still: World) -> None:
    options(still, welcome_message="Thanks!")
    write(still, "hi")
    with still.store.begin() as db:
        (message,) = reports.messages_of(db, still.tenant, looking.ALL, None, None, None).rows
        assert db.exec_driver_sql("SELECT type FROM messages").scalar() == "keyword"
    assert (message.text, message.parts, message.cost, message.status) == ("Thanks!", 1, OWN_PRICE, messages.SCHEDULED)
    assert write(still, "you are welcome", to=None, after=5).message == message.id


def test_a_list_takes_senders_in_and_its_members_are_answered_otherwise(still: World) -> None:
    on = looking.a_list(still, [FRIEND])
    options(still, list_id=on, welcome_message="Welcome [firstname]!", members_message="Hello again [firstname]!")
    write(still, "me")
    write(still, "me")
    write(still, "friend", FRIEND)
    assert [member(still, on), member(still, on, FRIEND)] == [contacts.ACTIVE] * 2
    assert answers(still) == ["Welcome !", "Hello again !", "Hello again Ivy!"]


def test_who_left_a_list_does_not_come_back_by_writing_and_hears_nothing(still: World) -> None:
    on = looking.a_list(still, [ME, FRIEND])
    options(still, list_id=on, welcome_message="Welcome!", members_message="Hello again!")
    with still.store.begin() as db:
        contacts.leave(db, still.tenant, on, ME, contacts.DELETED)
        contacts.leave(db, still.tenant, on, FRIEND, contacts.OPTED_OUT)
    write(still, "me")
    write(still, "friend", FRIEND)
    assert [member(still, on), member(still, on, FRIEND)] == [contacts.INACTIVE] * 2
    assert answers(still) == []


def test_a_list_that_was_removed_is_no_list(still: World) -> None:
    options(still, list_id=99, welcome_message="Welcome!")
    write(still, "me")
    assert answers(still) == ["Welcome!"]


def test_stop_to_an_answer_takes_the_handset_off_the_list_it_joined(still: World) -> None:
    on = looking.a_list(still, [])
    options(still, list_id=on, welcome_message="Welcome!")
    write(still, "me")
    assert write(still, "STOP", to=None, after=5).is_optout
    assert member(still, on) == contacts.INACTIVE
    assert answers(still) == ["Welcome!"]


@pytest.mark.parametrize("of_all_lists", [0, 1])
def test_who_opted_out_of_the_account_hears_nothing_more(still: World, of_all_lists: int) -> None:
    on = looking.a_list(still, [])
    looking.set_account(still, global_optouts=of_all_lists)
    options(still, list_id=on, welcome_message="Welcome!", members_message="Again!")
    write(still, "STOP")
    assert member(still, on) is None
    write(still, "news")
    assert member(still, on) == (None if of_all_lists else contacts.ACTIVE)
    assert answers(still) == []


def test_without_money_nothing_is_answered_and_all_else_goes_on(still: World, caplog: pytest.LogCaptureFixture) -> None:
    on = looking.a_list(still, [])
    options(still, list_id=on, welcome_message="Welcome!", forward_sms=FRIEND, forward_email="a@example.com")
    looking.set_account(still, balance=OWN_PRICE - 1)
    write(still, "me")
    assert sent(still) == []
    assert balance(still) == OWN_PRICE - 1
    assert member(still, on) == contacts.ACTIVE
    assert len(mailed(still)) == 1
    assert "has no money" in caplog.text


# Forwards


def test_what_is_written_is_forwarded(still: World) -> None:
    options(still, forward_sms=f"{FRIEND},{OTHER}", forward_email="a@example.com,b@example.com", welcome_message="Ok")
    write(still, "Hi [firstname] [unsub-reply-link]")
    text = f"{ME}: Hi [firstname] [unsub-reply-link]"
    assert sent(still) == [(OWN_NUMBER, ME, "Ok"), (OWN_NUMBER, FRIEND, text), (OWN_NUMBER, OTHER, text)]
    assert mailed(still) == [
        ("number", f"{ME}@transmitsms.com", to, "Hi [firstname] [unsub-reply-link]")
        for to in ("a@example.com", "b@example.com")
    ]
    assert balance(still) == 100_000_000 - 3 * OWN_PRICE


def test_a_long_text_is_forwarded_as_far_as_four_parts_go(still: World) -> None:
    options(still, forward_sms=FRIEND)
    write(still, "x" * 2000)
    assert len(answers(still)[0]) == 612


def test_an_opt_out_is_forwarded_but_not_to_who_opted_out(still: World) -> None:
    options(still, forward_sms=f"{FRIEND},{ME}", forward_email="a@example.com", welcome_message="Ok")
    write(still, "stop")
    assert sent(still) == [(OWN_NUMBER, FRIEND, f"{ME}: stop")]
    assert [body for *_, body in mailed(still)] == ["stop"]


def test_replies_are_mailed_where_the_message_wants_them(still: World) -> None:
    with still.store.begin() as db:
        send(db, still, [ME], replies_to_email="me@example.com")
    write(still, "Yes", to=None)
    write(still, "No", FRIEND)
    assert mailed(still) == [("reply", f"{ME}@transmitsms.com", "me@example.com", "Yes")]


def test_virtual_numbers_do_not_answer_each_other(still: World) -> None:
    """Or two that welcome everybody would never end."""
    options(still, welcome_message="Welcome!", forward_sms=FRIEND, forward_email="a@example.com")
    write(still, "hi", msisdn=POOL[0])
    assert sent(still) == []
    assert len(mailed(still)) == 1


def test_an_answer_is_no_message_that_arrives(still: World) -> None:
    options(still, welcome_message="Welcome!", forward_sms=OWN_NUMBER)
    write(still, "hi")
    assert len(sent(still)) == 2
    with still.store.begin() as db:
        assert recipients.last_to(db, still.tenant, OWN_NUMBER, NOON + seconds(9), None) is not None
        assert db.exec_driver_sql("SELECT count(*) FROM responses").scalar() == 1


# Keywords


def test_a_keyword_goes_before_the_number_in_all_it_could_do(still: World) -> None:
    ours = looking.a_list(still, [])
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
def test_the_longest_keyword_wins_and_the_empty_one_takes_the_rest(still: World, text: str, answer: str) -> None:
    for word in ("NEWS", "BIG NEWS", ""):
        keyword(still, word, welcome_message=word.lower() or "any")
    keyword(still, "CLOSED", CLOSED, welcome_message="never")
    keyword(still, "BIG", CLOSED, welcome_message="never")
    write(still, text)
    assert answers(still) == [answer]


@pytest.mark.parametrize("text", ["STOP", " end "])
def test_a_word_that_opts_out_is_nobodys_keyword(still: World, text: str) -> None:
    keyword(still, text.strip().upper(), welcome_message="never")
    keyword(still, "", welcome_message="never")
    assert write(still, text).is_optout
    assert answers(still) == []


def test_a_keyword_of_another_account_is_none(still: World) -> None:
    keyword(still, "NEWS", account=1, welcome_message="never")
    write(still, "news")
    assert answers(still) == []


def test_a_message_says_where_it_is_called_back_before_its_keyword_does(still: World) -> None:
    keyword(still, "YES", forward_url="http://keyword/")
    with still.store.begin() as db:
        send(db, still, [ME], reply_url="http://message/")
    assert write(still, "yes", to=None).callback_url == "http://message/"
    assert write(still, "yes", FRIEND).callback_url == "http://keyword/"


def test_joining_by_a_keyword_is_told_to_the_lists_automation(still: World) -> None:
    on = looking.a_list(still, [])
    with still.store.begin() as db:
        db.exec_driver_sql("UPDATE lists SET automation_url = 'http://automation/'")
    keyword(still, "JOIN", list_id=on)
    write(still, "join")
    assert member(still, on) == contacts.ACTIVE
    with still.store.begin() as db:
        assert db.exec_driver_sql("SELECT count(*) FROM timeline WHERE kind = 'list-action'").scalar() == 1


def test_a_number_out_of_service_receives_nothing(still: World) -> None:
    with still.store.begin() as db:
        numbers.lapse(db, still.tenant, OWN_NUMBER)
    with pytest.raises(UnreachableError, match="out of service"):
        write(still, "hi")
