"""Messages from handsets: the account they reach, and their effects."""

from datetime import datetime, timedelta

import pytest

from sms_sandbox.domain.callbacks import signature
from sms_sandbox.domain.opt_out import OPT_OUT_WORDS
from sms_sandbox.services.new_tenant import OWN_NUMBER, POOL, SHARED_NUMBER
from sms_sandbox.simulation.inbound import receive
from sms_sandbox.simulation.inbound.receive import Received, UnreachableError
from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import accounts, contacts, messages, numbers, opt_outs, responses, tenants
from sms_sandbox.store.accounts import NewAccount
from sms_sandbox.store.numbers import ACTIVE, Number
from sms_sandbox.store.paging import FIRST_PAGE
from sms_sandbox.store.responses import Response, ResponseFilter
from tests.conftest import SECRET, FreshTenant
from tests.simulation import queries
from tests.simulation.conftest import Client, Receiver
from tests.store.example_rows import HANDSETS, NOON, seconds, send

HANDSET = HANDSETS[0]
LATER = NOON + timedelta(minutes=2, seconds=12)


def write(
    fresh: FreshTenant, text: str = "Yes", to: str | None = None, msisdn: str = HANDSET, when: datetime = LATER
) -> Received:
    with fresh.store.begin() as db:
        tenant = tenants.read(db, fresh.tenant)
        assert tenant is not None
        return receive.receive(db, tenant, when, msisdn, to, text)


def sent(by: FreshTenant, to: str = HANDSET, **more: object) -> int:
    with by.store.begin() as db:
        return send(db, by, [to], **more)[0]  # type: ignore[arg-type]


def responses_of(fresh: FreshTenant, account: int | None = None) -> list[Response]:
    with fresh.store.begin() as db:
        return list(responses.list_page(db, fresh.tenant, ResponseFilter(account or fresh.account.id), FIRST_PAGE).rows)


# The account that a message reaches


def test_a_reply_belongs_to_the_message_it_answers(still: FreshTenant) -> None:
    message = sent(still)
    taken = write(still, "Sure, é")
    assert (taken.account, taken.message, taken.longcode, taken.is_optout, taken.callback_url) == (
        still.account.id, message, OWN_NUMBER, False, None,
    )  # fmt: skip
    (response,) = responses_of(still)
    assert (response.id, response.message, response.text, response.msisdn, response.longcode) == (
        taken.response, message, "Sure, é", HANDSET, OWN_NUMBER,
    )  # fmt: skip
    assert (response.received_at, response.original) == (LATER, "Hello")
    assert queries.message(still, message).responses == 1
    assert queries.all_callbacks(still) == []


def test_a_reply_answers_the_newest_message(still: FreshTenant) -> None:
    sent(still)
    newest = sent(still, at=NOON + seconds(5))
    sent(still, at=LATER + seconds(1))
    sent(still, to=HANDSETS[1], at=NOON + seconds(9))
    assert write(still).message == newest


def test_an_unsolicited_message_to_an_owned_number_arrives(still: FreshTenant) -> None:
    taken = write(still, to=OWN_NUMBER)
    assert (taken.account, taken.message) == (still.account.id, 0)
    assert [each.message for each in responses_of(still)] == [0]


def test_a_shared_number_reaches_the_last_sender(still: FreshTenant) -> None:
    with still.store.begin() as db:
        second = accounts.add(db, still.tenant, NewAccount("second", SECRET), NOON)
    first = sent(still, sender=SHARED_NUMBER)
    assert (write(still, to=SHARED_NUMBER).account, write(still).message) == (still.account.id, first)
    other = as_account(still, second)
    theirs = sent(other, sender=SHARED_NUMBER, at=NOON + seconds(5))
    assert (write(still, to=SHARED_NUMBER).account, write(still).message) == (second, theirs)
    assert [each.message for each in responses_of(still, second)] == [theirs, theirs]


def as_account(fresh: FreshTenant, account: int) -> FreshTenant:
    with fresh.store.begin() as db:
        read = accounts.read(db, fresh.tenant, account)
    assert read is not None
    return FreshTenant(fresh.store, fresh.tenant, read)


def test_a_leased_number_reaches_its_account(still: FreshTenant) -> None:
    """A message of the number's earlier owner does not count as replied to."""
    with still.store.begin() as db:
        second = accounts.add(db, still.tenant, NewAccount("second", SECRET), NOON)
        numbers.add(db, still.tenant, [Number("61491570150", second, False, 0, True, None, ACTIVE, "")])
    earlier = sent(still, sender="61491570150")
    taken = write(still, to="61491570150")
    assert (taken.account, taken.message) == (second, 0)
    assert queries.message(still, earlier).responses == 0


@pytest.mark.parametrize(
    ("to", "why"),
    [
        (None, "No message was sent to 61491570200 yet"),
        (SHARED_NUMBER, "is shared, and no message was sent"),
        (POOL[0], "No account leases the number"),
        ("61400000000", "There is no number 61400000000"),
    ],
)
def test_messages_that_reach_no_account_are_refused(still: FreshTenant, to: str | None, why: str) -> None:
    with pytest.raises(UnreachableError, match=why):
        write(still, to=to)
    assert responses_of(still) == []


def test_a_word_as_sender_cannot_be_answered(still: FreshTenant) -> None:
    sent(still, sender="MyShop")
    with pytest.raises(UnreachableError, match="cannot reply to a word"):
        write(still)
    assert write(still, to=OWN_NUMBER).message == 0


def test_cancelled_and_scheduled_messages_are_not_answered(still: FreshTenant) -> None:
    called_off = sent(still)
    sent(still, at=LATER + seconds(1))
    with still.store.begin() as db:
        messages.cancel(db, still.tenant, called_off)
    with pytest.raises(UnreachableError):
        write(still)


# Callbacks


@pytest.mark.anyio
async def test_an_inbound_message_is_called_back(still: FreshTenant, runner: Runner, receiver: Receiver) -> None:
    message = sent(still, reply_url=receiver.url() + "?mine=1")
    taken = write(still, "Yes & é")
    await runner.advance(still.tenant, to=LATER)
    (request,) = receiver.requests
    assert request.params == [
        ("mine", "1"),
        ("user_id", str(still.account.id)),
        ("rate", "10"),
        ("mobile", HANDSET),
        ("response", "Yes & é"),
        ("message_id", str(message)),
        ("response_id", str(taken.response)),
        ("longcode", OWN_NUMBER),
        ("datetime_entry", "2026-03-01 12:02:12"),
        ("is_optout", "no"),
    ]
    assert request.headers["x-transmitsms-signature"] == signature(request.target, SECRET)
    callback, _ = queries.the_callback(still)
    assert (callback.event, callback.message, callback.msisdn, callback.created) == ("reply", message, HANDSET, LATER)
    assert taken.callback_url == receiver.url() + "?mine=1"


@pytest.mark.anyio
async def test_an_unsolicited_message_has_the_message_id_0(
    still: FreshTenant, runner: Runner, receiver: Receiver
) -> None:
    queries.set_account(still, reply_url=receiver.url())
    write(still, "STOP", to=OWN_NUMBER)
    await runner.advance(still.tenant, to=LATER)
    params = dict(receiver.requests[0].params)
    assert (params["message_id"], params["is_optout"]) == ("0", "yes")
    assert queries.the_callback(still)[0].event == "inbound"


@pytest.mark.parametrize(
    ("message", "number", "account", "expected"),
    [
        ("http://m/", "http://n/", "http://a/", "http://m/"),
        (None, "http://n/", "http://a/", "http://n/"),
        (None, "", "http://a/", "http://a/"),
        (None, "", None, None),
    ],
)
def test_only_the_most_specific_url_is_called(
    still: FreshTenant, message: str | None, number: str, account: str | None, expected: str | None
) -> None:
    queries.set_account(still, reply_url=account)
    with still.store.begin() as db:
        leased = Number("61491570150", still.account.id, False, 0, True, None, ACTIVE, number)
        numbers.add(db, still.tenant, [leased])
    sent(still, sender="61491570150", reply_url=message)
    assert write(still).callback_url == expected
    assert [each.url.partition("?")[0] for each, _ in queries.all_callbacks(still)] == ([expected] if expected else [])


# Opt-outs


@pytest.mark.parametrize("text", sorted(OPT_OUT_WORDS | {" stop\n", "Unsubscribe"}))
def test_opt_out_words_opt_out(still: FreshTenant, text: str) -> None:
    message = sent(still)
    assert write(still, text).is_optout
    with still.store.begin() as db:
        assert opt_outs.find(db, still.tenant, still.account.id, HANDSETS) == {HANDSET}
    assert queries.recipient(still, message).optout
    after = queries.message(still, message)
    assert (after.optouts, after.responses) == (1, 1)


@pytest.mark.parametrize("text", ["Please stop", "STOP.", "HELP", "START", "ADD", ""])
def test_other_words_do_not_opt_out(still: FreshTenant, text: str) -> None:
    message = sent(still)
    assert not write(still, text).is_optout
    with still.store.begin() as db:
        assert opt_outs.find(db, still.tenant, still.account.id, HANDSETS) == set()
    assert not queries.recipient(still, message).optout


def test_opting_out_twice_counts_once(still: FreshTenant) -> None:
    message = sent(still)
    write(still, "STOP")
    write(still, "STOP")
    after = queries.message(still, message)
    assert (after.optouts, after.responses) == (1, 2)


def test_an_unsolicited_opt_out_is_from_the_account(still: FreshTenant) -> None:
    assert write(still, "STOP", to=OWN_NUMBER).is_optout
    with still.store.begin() as db:
        assert opt_outs.find(db, still.tenant, still.account.id, HANDSETS) == {HANDSET}
        assert opt_outs.find(db, still.tenant, still.account.id + 1, HANDSETS) == set()


@pytest.mark.anyio
async def test_a_handset_that_opted_out_is_skipped_from_then_on(
    still: FreshTenant, runner: Runner, call: Client
) -> None:
    await call.ok("send-sms", message="Hello", to=HANDSET)
    await runner.advance(still.tenant, by=seconds(5))
    write(still, "STOP", when=NOON + seconds(5))
    both = await call.ok("send-sms", message="Hello", to=f"{HANDSET},{HANDSETS[1]}")
    assert both["recipients"] == 1
    assert queries.recipient(still, both["message_id"]).msisdn == HANDSETS[1]
    alone = await call("send-sms", message="Hello", to=HANDSET)
    stopped = {"fails": [int(HANDSET)], "optouts": [int(HANDSET)], "reason": "Number has opted-out"}
    assert alone["error"] == {"code": "RECIPIENTS_ERROR", "description": stopped}


@pytest.mark.anyio
async def test_a_handset_that_opts_out_leaves_the_list(still: FreshTenant, runner: Runner, call: Client) -> None:
    list_id = queries.add_list(still, HANDSETS[:2])
    reply = await call.ok("send-sms", message="Hello", list_id=list_id)
    await runner.advance(still.tenant, by=seconds(5))
    write(still, "Stop", when=NOON + seconds(5))
    with still.store.begin() as db:
        member = contacts.read_member(db, still.tenant, list_id, HANDSET)
        after = contacts.read_list(db, still.tenant, list_id)
    assert member is not None
    assert after is not None
    assert (member.status, member.reason) == (contacts.INACTIVE, contacts.OPTED_OUT)
    assert (after.members_active, after.members_total) == (1, 2)
    message = queries.message(still, reply["message_id"])
    assert (message.optouts, message.responses) == (1, 1)
    assert responses_of(still)[0].list_id == list_id
    again = await call.ok("send-sms", message="Hello", list_id=list_id)
    assert again["recipients"] == 1
    write(still, "Stop", msisdn=HANDSETS[1], when=NOON + seconds(5))
    assert (await call("send-sms", message="Hello", list_id=list_id))["error"]["code"] == "LIST_EMPTY"
