"""The automatic actions of numbers."""

import pytest

from sms_sandbox.services.new_tenant import OWN_NUMBER, POOL
from sms_sandbox.simulation.inbound.receive import UnreachableError
from sms_sandbox.store import contacts, messages, numbers, recipients, reports
from tests.conftest import FreshTenant
from tests.simulation import queries
from tests.simulation.handsets import (
    FRIEND,
    ME,
    OTHER,
    OWN_PRICE,
    answers,
    balance,
    mailed,
    member,
    options,
    sent,
    write,
)
from tests.store.example_rows import NOON, seconds, send

pytestmark = pytest.mark.usefixtures("still")


# Replies


def test_a_number_without_options_sends_no_answer(still: FreshTenant) -> None:
    write(still, "hi")
    assert sent(still) == []
    assert mailed(still) == []


def test_a_number_answers_every_message_with_its_welcome(still: FreshTenant) -> None:
    options(still, welcome_message="Thanks!", members_message="never said without a list")
    before = balance(still)
    write(still, "hi")
    write(still, "hi again", to=None, after=9)
    assert sent(still) == [(OWN_NUMBER, ME, "Thanks!")] * 2
    assert before - balance(still) == 2 * OWN_PRICE


def test_an_answer_is_a_message_like_any_other(still: FreshTenant) -> None:
    options(still, welcome_message="Thanks!")
    write(still, "hi")
    with still.store.begin() as db:
        (message,) = reports.list_messages(db, still.tenant, queries.ALL, reports.MessageFilter()).rows
        assert db.exec_driver_sql("SELECT type FROM messages").scalar() == "keyword"
    assert (message.text, message.parts, message.cost, message.status) == ("Thanks!", 1, OWN_PRICE, messages.SENT)
    assert write(still, "you are welcome", to=None, after=5).message == message.id


def test_senders_join_the_list_and_members_get_another_answer(still: FreshTenant) -> None:
    list_id = queries.add_list(still, [FRIEND])
    options(still, list_id=list_id, welcome_message="Welcome [firstname]!", members_message="Hello again [firstname]!")
    write(still, "me")
    write(still, "me")
    write(still, "friend", FRIEND)
    assert [member(still, list_id), member(still, list_id, FRIEND)] == [contacts.ACTIVE] * 2
    assert answers(still) == ["Welcome !", "Hello again !", "Hello again Uno!"]


def test_a_contact_who_left_does_not_join_again_and_gets_no_answer(still: FreshTenant) -> None:
    list_id = queries.add_list(still, [ME, FRIEND])
    options(still, list_id=list_id, welcome_message="Welcome!", members_message="Hello again!")
    with still.store.begin() as db:
        contacts.deactivate_member(db, still.tenant, list_id, ME, contacts.DELETED)
        contacts.deactivate_member(db, still.tenant, list_id, FRIEND, contacts.OPTED_OUT)
    write(still, "me")
    write(still, "friend", FRIEND)
    assert [member(still, list_id), member(still, list_id, FRIEND)] == [contacts.INACTIVE] * 2
    assert answers(still) == []


def test_a_removed_list_is_ignored(still: FreshTenant) -> None:
    options(still, list_id=99, welcome_message="Welcome!")
    write(still, "me")
    assert answers(still) == ["Welcome!"]


def test_stop_in_reply_to_an_answer_leaves_the_joined_list(still: FreshTenant) -> None:
    list_id = queries.add_list(still, [])
    options(still, list_id=list_id, welcome_message="Welcome!")
    write(still, "me")
    assert write(still, "STOP", to=None, after=5).is_optout
    assert member(still, list_id) == contacts.INACTIVE
    assert answers(still) == ["Welcome!"]


@pytest.mark.parametrize("of_all_lists", [0, 1])
def test_a_handset_that_opted_out_gets_no_answer(still: FreshTenant, of_all_lists: int) -> None:
    list_id = queries.add_list(still, [])
    queries.set_account(still, global_optouts=of_all_lists)
    options(still, list_id=list_id, welcome_message="Welcome!", members_message="Again!")
    write(still, "STOP")
    assert member(still, list_id) is None
    write(still, "news")
    assert member(still, list_id) == (None if of_all_lists else contacts.ACTIVE)
    assert answers(still) == []


def test_without_money_no_answer_is_sent_and_the_rest_happens(
    still: FreshTenant, caplog: pytest.LogCaptureFixture
) -> None:
    list_id = queries.add_list(still, [])
    options(still, list_id=list_id, welcome_message="Welcome!", forward_sms=FRIEND, forward_email="a@example.com")
    queries.set_account(still, balance=OWN_PRICE - 1)
    write(still, "me")
    assert sent(still) == []
    assert balance(still) == OWN_PRICE - 1
    assert member(still, list_id) == contacts.ACTIVE
    assert len(mailed(still)) == 1
    assert "has not enough credit" in caplog.text


# Forwards


def test_texts_are_forwarded(still: FreshTenant) -> None:
    options(still, forward_sms=f"{FRIEND},{OTHER}", forward_email="a@example.com,b@example.com", welcome_message="Ok")
    write(still, "Hi [firstname] [unsub-reply-link]")
    text = f"{ME}: Hi [firstname] [unsub-reply-link]"
    assert sent(still) == [(OWN_NUMBER, ME, "Ok"), (OWN_NUMBER, FRIEND, text), (OWN_NUMBER, OTHER, text)]
    assert mailed(still) == [
        ("number", f"{ME}@transmitsms.com", to, "Hi [firstname] [unsub-reply-link]")
        for to in ("a@example.com", "b@example.com")
    ]
    assert balance(still) == 100_000_000 - 3 * OWN_PRICE


def test_a_long_text_is_cut_to_four_parts_when_forwarded(still: FreshTenant) -> None:
    options(still, forward_sms=FRIEND)
    write(still, "x" * 2000)
    assert len(answers(still)[0]) == 612


def test_an_opt_out_is_forwarded_but_not_to_its_own_handset(still: FreshTenant) -> None:
    options(still, forward_sms=f"{FRIEND},{ME}", forward_email="a@example.com", welcome_message="Ok")
    write(still, "stop")
    assert sent(still) == [(OWN_NUMBER, FRIEND, f"{ME}: stop")]
    assert [body for *_, body in mailed(still)] == ["stop"]


def test_replies_are_mailed_to_the_address_of_the_message(still: FreshTenant) -> None:
    with still.store.begin() as db:
        send(db, still, [ME], replies_to_email="me@example.com")
    write(still, "Yes", to=None)
    write(still, "No", FRIEND)
    assert mailed(still) == [("reply", f"{ME}@transmitsms.com", "me@example.com", "Yes")]


def test_virtual_numbers_do_not_answer_each_other(still: FreshTenant) -> None:
    """Otherwise two of them could reply to each other forever."""
    options(still, welcome_message="Welcome!", forward_sms=FRIEND, forward_email="a@example.com")
    write(still, "hi", msisdn=POOL[0])
    assert sent(still) == []
    assert len(mailed(still)) == 1


def test_an_automatic_answer_is_not_an_inbound_message(still: FreshTenant) -> None:
    options(still, welcome_message="Welcome!", forward_sms=OWN_NUMBER)
    write(still, "hi")
    assert len(sent(still)) == 2
    with still.store.begin() as db:
        assert recipients.find_last_to(db, still.tenant, OWN_NUMBER, NOON + seconds(9), None) is not None
        assert db.exec_driver_sql("SELECT count(*) FROM responses").scalar() == 1


def test_a_number_out_of_service_receives_nothing(still: FreshTenant) -> None:
    with still.store.begin() as db:
        numbers.lapse(db, still.tenant, OWN_NUMBER)
    with pytest.raises(UnreachableError, match="out of service"):
        write(still, "hi")
