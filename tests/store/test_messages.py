"""Messages and their recipients."""

from datetime import timedelta

import pytest

from sms_sandbox.domain.carrier import DELIVERED, HARD_BOUNCE, PENDING, SOFT_BOUNCE
from sms_sandbox.services import new_tenant
from sms_sandbox.store import accounts, ids, messages, recipients
from sms_sandbox.store.recipients import NewRecipient
from tests.conftest import FreshTenant, make_tenant
from tests.store.example_rows import HANDSETS, NOON, add_message, seconds, send


def test_a_message_is_stored_as_it_was_sent(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        made, new = add_message(
            db, fresh, recipients=2, validity=timedelta(minutes=5), list_id=4, list_name="People",
            tracked_url="http://x/", dlr_url="http://d/", reply_url="http://r/", link_hits_url="http://h/",
            replies_to_email="a@example.com",
        )  # fmt: skip
        kept = messages.read(db, fresh.tenant, made)
        assert kept is not None
        for name in (
            "account", "text", "sender", "send_at", "created", "validity", "list_id", "list_name", "tracked_url",
        ):  # fmt: skip
            assert getattr(kept, name) == getattr(new, name)
        assert (kept.recipients, kept.parts, kept.cost, kept.type) == (2, 2, 17_400, "api")
        assert kept.status == messages.SCHEDULED
        assert (kept.delivered, kept.bounced, kept.responses, kept.optouts, kept.link_hits) == (0, 0, 0, 0, 0)
        assert kept.pending == 2
        assert messages.find_callback_urls(db, fresh.tenant, made) == ("http://r/", "http://h/")
        assert messages.read(db, fresh.tenant, made + 1) is None


def test_counts_are_increased(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        message, _ = send(db, fresh, HANDSETS[:6])
        another, _ = send(db, fresh, HANDSETS[:6])
        messages.add_report_counts(db, fresh.tenant, {message: [DELIVERED, SOFT_BOUNCE, DELIVERED]})
        messages.add_report_counts(db, fresh.tenant, {message: [HARD_BOUNCE]})
        messages.add_counts(db, fresh.tenant, message, responses=2, optouts=1, hits=4)
        kept = messages.read(db, fresh.tenant, message)
        untouched = messages.read(db, fresh.tenant, another)
    assert kept is not None
    assert untouched is not None
    assert (kept.delivered, kept.soft_bounced, kept.hard_bounced, kept.bounced, kept.pending) == (2, 1, 1, 2, 2)
    assert (kept.responses, kept.optouts, kept.link_hits) == (2, 1, 4)
    assert (untouched.delivered, untouched.responses, untouched.pending) == (0, 0, 6)


def test_only_scheduled_messages_are_cancelled_and_only_once(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        scheduled, _ = send(db, fresh, HANDSETS[:2])
        sent, _ = send(db, fresh, HANDSETS[:1])
        messages.set_status(db, fresh.tenant, sent, messages.SENT)
        assert messages.cancel(db, fresh.tenant, scheduled)
        assert not messages.cancel(db, fresh.tenant, scheduled)
        assert not messages.cancel(db, fresh.tenant, sent)
        cancelled = messages.read(db, fresh.tenant, scheduled)
        kept = messages.read(db, fresh.tenant, sent)
    assert cancelled is not None
    assert kept is not None
    assert (cancelled.status, cancelled.pending) == (messages.CANCELLED, 0)
    assert (kept.status, kept.pending) == (messages.SENT, 1)


def test_recipients_are_counted_again(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        message, _ = add_message(db, fresh, recipients=5)
        send(db, fresh, HANDSETS[:4])
        first = recipients.new_ids(db, fresh.tenant, 3)
        to = [NewRecipient(each) for each in HANDSETS[:3]]
        recipients.add(db, fresh.tenant, fresh.account.id, message, NOON, first, to)
        messages.settle(db, fresh.tenant, message, 3, 26_100)
        kept = messages.read(db, fresh.tenant, message)
    assert kept is not None
    assert kept.recipients == 3


def test_recipients_get_ids_in_order_and_texts_of_their_own(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        message, first = send(db, fresh, [HANDSETS[0], NewRecipient(HANDSETS[1], "Hello you"), HANDSETS[0]])
        assert first == ids.FIRST["recipient"]
        assert recipients.list_chunk(db, fresh.tenant, message, 0, 10) == [
            (first, HANDSETS[0]), (first + 1, HANDSETS[1]), (first + 2, HANDSETS[0]),
        ]  # fmt: skip
        one, two = (recipients.read(db, fresh.tenant, first + index) for index in (0, 1))
        assert one is not None
        assert two is not None
        assert (one.text, two.text) == ("Hello", "Hello you")
        assert (one.message, one.msisdn, one.sender, one.sent_at) == (message, HANDSETS[0], "61491570112", NOON)
        assert (one.status, one.reported_at, one.optout, one.link_hits) == (PENDING, None, False, 0)
        assert recipients.find_of_message(db, fresh.tenant, message, HANDSETS[0]) == one
        assert recipients.find_of_message(db, fresh.tenant, message, HANDSETS[5]) is None
        assert recipients.read(db, fresh.tenant, first + 3) is None


def test_chunks_contain_only_the_recipients_of_their_message(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        message, first = send(db, fresh, HANDSETS[:7])
        send(db, fresh, HANDSETS[:3])
        after, seen = 0, []
        while chunk := recipients.list_chunk(db, fresh.tenant, message, after, 3):
            assert len(chunk) <= 3
            seen += chunk
            after = chunk[-1][0]
    assert seen == [(first + index, msisdn) for index, msisdn in enumerate(HANDSETS[:7])]


def test_details_for_many_reports_are_read_together(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        _, first = send(db, fresh, [f"614915701{number:02}" for number in range(50)])
        asked = [*range(first, first + 45), first - 1]
        reporting = recipients.find_reporting(db, [(fresh.tenant, recipient) for recipient in asked])
    assert set(reporting) == {(fresh.tenant, recipient) for recipient in asked[:-1]}
    assert all(each.recipient == recipient for (_, recipient), each in reporting.items())


def test_details_for_a_report_are_read(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        accounts.change(db, fresh.tenant, fresh.account.id, {"dlr_url": "http://account/"})
        message, first = send(db, fresh, HANDSETS[:2], dlr_url="http://message/")
        key = (fresh.tenant, first)
        details = recipients.find_reporting(db, [key])[key]
        assert (details.recipient, details.msisdn, details.message, details.account) == (
            first, HANDSETS[0], message, fresh.account.id,
        )  # fmt: skip
        assert (details.secret, details.message_url, details.account_url) == (
            fresh.account.secret, "http://message/", "http://account/",
        )  # fmt: skip
        recipients.set_reported(db, fresh.tenant, {first: (SOFT_BOUNCE, NOON + seconds(1))})
        again = recipients.find_reporting(db, [key])[key]
        assert (details.status, again.status) == (PENDING, SOFT_BOUNCE)
        assert recipients.find_reporting(db, [(fresh.tenant, 1)]) == {}
        reported, untouched = (recipients.read(db, fresh.tenant, first + index) for index in (0, 1))
    assert reported is not None
    assert untouched is not None
    assert (reported.status, reported.reported_at) == (SOFT_BOUNCE, NOON + seconds(1))
    assert untouched.status == PENDING


def test_a_recipient_is_marked_as_opted_out_only_once(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        _, first = send(db, fresh, HANDSETS[:1])
        assert recipients.mark_opted_out(db, fresh.tenant, first)
        assert not recipients.mark_opted_out(db, fresh.tenant, first)
        kept = recipients.read(db, fresh.tenant, first)
    assert kept is not None
    assert kept.optout is True


def test_clicks_are_counted_for_each_recipient(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        _, first = send(db, fresh, HANDSETS[:2])
        assert [recipients.add_hit(db, fresh.tenant, first) for _ in range(3)] == [1, 2, 3]
        assert recipients.add_hit(db, fresh.tenant, first + 1) == 1


@pytest.mark.parametrize("sender", [None, new_tenant.OWN_NUMBER])
def test_a_handset_answers_the_newest_message(fresh: FreshTenant, sender: str | None) -> None:
    with fresh.store.begin() as db:
        _, late = send(db, fresh, HANDSETS[:1], at=NOON + seconds(9))
        _, early = send(db, fresh, HANDSETS[:1], at=NOON)
        _, together = send(db, fresh, HANDSETS[:1], at=NOON)
        send(db, fresh, HANDSETS[1:2], at=NOON + seconds(20))
        account = fresh.account.id

        def last(after: float) -> tuple[int, int, str] | None:
            return recipients.find_last_to(db, fresh.tenant, HANDSETS[0], NOON + seconds(after), sender)

        assert last(-1) is None
        assert last(0) == (together, account, new_tenant.OWN_NUMBER)
        assert together > early
        assert last(9) == (late, account, new_tenant.OWN_NUMBER)


def test_a_handset_answers_the_sender_it_writes_to(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        _, shared = send(db, fresh, HANDSETS[:1], sender=new_tenant.SHARED_NUMBER)
        _, named = send(db, fresh, HANDSETS[:1], sender="MyShop", at=NOON + seconds(1))
        later = NOON + seconds(5)
        assert recipients.find_last_to(db, fresh.tenant, HANDSETS[0], later, new_tenant.SHARED_NUMBER) == (
            shared, fresh.account.id, new_tenant.SHARED_NUMBER,
        )  # fmt: skip
        assert recipients.find_last_to(db, fresh.tenant, HANDSETS[0], later, new_tenant.OWN_NUMBER) is None
        assert recipients.find_last_to(db, fresh.tenant, HANDSETS[0], later, None) == (
            named,
            fresh.account.id,
            "MyShop",
        )


def test_a_cancelled_message_gets_no_reply(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        message, _ = send(db, fresh, HANDSETS[:1])
        messages.cancel(db, fresh.tenant, message)
        assert recipients.find_last_to(db, fresh.tenant, HANDSETS[0], NOON, None) is None


def test_messages_of_two_tenants_share_ids_and_nothing_else(fresh: FreshTenant) -> None:
    other = make_tenant(fresh.store, "other", name="other")
    with fresh.store.begin() as db:
        one = send(db, fresh, HANDSETS[:1])
        assert send(db, other, HANDSETS[1:2], text="Other") == one
        messages.add_report_counts(db, fresh.tenant, {one[0]: [DELIVERED]})
        recipients.set_reported(db, fresh.tenant, {one[1]: (DELIVERED, NOON)})
        messages.set_status(db, fresh.tenant, one[0], messages.SENT)
        theirs = messages.read(db, other.tenant, one[0])
        kept = recipients.read(db, other.tenant, one[1])
    assert theirs is not None
    assert kept is not None
    assert (theirs.text, theirs.delivered, theirs.status) == ("Other", 0, messages.SCHEDULED)
    assert (kept.text, kept.status, kept.msisdn) == ("Other", PENDING, HANDSETS[1])
