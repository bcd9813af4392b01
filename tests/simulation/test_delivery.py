"""The delivery of messages, on a clock that is advanced."""

from datetime import timedelta

import pytest

from sms_sandbox.domain.callbacks import signature
from sms_sandbox.domain.carrier import DELIVERED, PENDING, SOFT_BOUNCE
from sms_sandbox.services.send_message import CHUNK_SIZE
from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import callbacks, contacts, messages, timeline
from sms_sandbox.store.timeline import Plan
from tests.conftest import SECRET, FreshTenant
from tests.simulation import queries
from tests.simulation.conftest import Client, Receiver
from tests.store.example_rows import HANDSETS, NOON, seconds

pytestmark = pytest.mark.anyio

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LADDER = [MINUTE, 5 * MINUTE, HOUR, DAY]


async def test_a_message_is_delivered_after_a_second_and_called_back_once(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    sent = await call.send(dlr_callback=receiver.url() + "?own=a%2Fb")
    await runner.advance(still.tenant, by=seconds(0.9))
    assert (queries.message(still, sent).status, queries.recipient(still, sent).status) == (messages.SENT, PENDING)
    assert receiver.requests == []
    ran = await runner.advance(still.tenant, by=seconds(0.1))
    assert ran.counts == {"report": 1, "callback": 1}
    recipient = queries.recipient(still, sent)
    assert (recipient.status, recipient.reported_at) == (DELIVERED, NOON + seconds(1))
    (request,) = receiver.requests
    assert request.verb == "GET"
    assert request.params == [
        ("own", "a/b"),
        ("message_id", str(sent)),
        ("mobile", HANDSETS[0]),
        ("datetime", "2026-03-01 12:00:01"),
        ("status", "delivered"),
        ("user_id", str(still.account.id)),
        ("rate", "10"),
    ]
    assert request.headers["x-transmitsms-signature"] == signature(request.target, SECRET)
    callback, (only,) = queries.the_callback(still)
    assert (callback.event, callback.state, callback.attempts, callback.next_due) == (
        "dlr", callbacks.DELIVERED, 1, None,
    )  # fmt: skip
    assert (callback.message, callback.msisdn, callback.created) == (sent, HANDSETS[0], NOON + seconds(1))
    assert (only.number, only.at, only.status, only.error, only.answer) == (1, NOON + seconds(1), 200, None, "OK")
    await runner.advance(still.tenant, by=30 * DAY)
    assert len(receiver.requests) == 1


async def test_the_accounts_url_is_called_if_the_message_has_none(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    queries.set_account(still, dlr_url=receiver.url("/account"), secret=None)
    own = await send_by(still, receiver.url("/own"))
    plain = await send_by(still, None)
    await runner.advance(still.tenant, by=seconds(5))
    assert [dict(each.params)["message_id"] for each in receiver.at("/own")] == [str(own)]
    assert [dict(each.params)["message_id"] for each in receiver.at("/account")] == [str(plain)]
    assert all("x-transmitsms-signature" not in each.headers for each in receiver.requests)


async def send_by(fresh: FreshTenant, dlr_url: str | None) -> int:
    """Send a message of an account that has no secret and cannot call the API."""
    from tests.store.example_rows import send as write

    with fresh.store.begin() as db:
        message, _ = write(db, fresh, HANDSETS[:1], dlr_url=dlr_url)
        timeline.schedule(db, fresh.tenant, [Plan(NOON, "send", message, {"size": 1})])
    return message


@pytest.mark.parametrize(
    ("validity", "delay", "status", "after"),
    [
        (5, timedelta(minutes=10), SOFT_BOUNCE, timedelta(minutes=5)),
        (10, timedelta(minutes=10), DELIVERED, timedelta(minutes=10)),
        (0, timedelta(hours=100), SOFT_BOUNCE, timedelta(hours=72)),
        (0, timedelta(hours=72), DELIVERED, timedelta(hours=72)),
        (0, timedelta(), DELIVERED, timedelta()),
    ],
)
async def test_a_message_that_takes_too_long_expires(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver,
    validity: int, delay: timedelta, status: str, after: timedelta,
) -> None:  # fmt: skip
    queries.delay_delivery(still, delay)
    sent = await call.send(validity=validity, dlr_callback=receiver.url())
    if after:
        await runner.advance(still.tenant, to=NOON + after - timedelta(microseconds=1))
        assert queries.recipient(still, sent).status == PENDING
    await runner.advance(still.tenant, to=NOON + max(after, seconds(1)))
    recipient, message = queries.recipient(still, sent), queries.message(still, sent)
    assert (recipient.status, recipient.reported_at) == (status, NOON + after)
    assert (message.delivered, message.soft_bounced, message.pending) == (status == DELIVERED, status != DELIVERED, 0)
    assert [dict(each.params)["status"] for each in receiver.requests] == [status]


async def test_a_scheduled_message_is_sent_at_its_time(still: FreshTenant, runner: Runner, call: Client) -> None:
    sent = await call.send(send_at="2026-03-01 13:00:00")
    await runner.advance(still.tenant, to=NOON + HOUR - seconds(1))
    assert queries.message(still, sent).status == messages.SCHEDULED
    ran = await runner.advance(still.tenant, to=NOON + HOUR + seconds(5))
    assert [(each.at, each.kind) for each in ran.events] == [
        (NOON + HOUR, "send"), (NOON + HOUR + seconds(1), "report"),
    ]  # fmt: skip
    recipient = queries.recipient(still, sent)
    assert (recipient.sent_at, recipient.reported_at) == (NOON + HOUR, NOON + HOUR + seconds(1))


async def test_a_cancelled_message_is_never_sent(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    sent = await call.send(send_at="2026-03-01 13:00:00", dlr_callback=receiver.url())
    await call.ok("cancel-sms", id=sent)
    ran = await runner.advance(still.tenant, by=10 * DAY)
    assert (ran.counts, receiver.requests) == ({}, [])
    assert queries.message(still, sent).status == messages.CANCELLED
    assert queries.recipient(still, sent).status == PENDING
    assert (await call.ok("get-balance"))["balance"] == 1000


async def test_a_message_is_not_cancelled_after_it_was_sent_and_refunded_only_once(
    still: FreshTenant, call: Client
) -> None:
    sent = await call.send()
    assert (await call("cancel-sms", id=sent))["error"]["code"] != "SUCCESS"
    later = await call.send(send_at="2026-03-01 13:00:00")
    await call.ok("cancel-sms", id=later)
    assert (await call("cancel-sms", id=later))["error"]["code"] != "SUCCESS"
    assert (await call.ok("get-balance"))["balance"] == 1000 - 0.087


# Long lists

MANY = tuple(str(61_400_000_000 + number) for number in range(1200))


async def test_every_member_of_a_long_list_gets_the_message_once(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    list_id = queries.add_list(still, MANY)
    reply = await call.ok("send-sms", message="Hi [firstname]", list_id=list_id, dlr_callback=receiver.url())
    assert reply["recipients"] == len(MANY)
    ran = await runner.advance(still.tenant, by=seconds(5))
    sent = queries.message(still, reply["message_id"])
    everybody = queries.all_recipients(still, sent.id)
    assert [each.msisdn for each in everybody] == list(MANY)
    assert {(each.text, each.status, each.reported_at) for each in everybody} == {
        ("Hi Uno", DELIVERED, NOON + seconds(1))
    }
    assert (sent.recipients, sent.delivered, sent.pending, sent.bounced) == (1200, 1200, 0, 0)
    assert (ran.counts["report"], ran.counts["callback"]) == (1200, 1200)
    assert (len(ran.events), sum(ran.counts.values())) == (1000, 2400 + ran.counts["enlist"] + ran.counts["send"])
    assert sorted(dict(each.params)["mobile"] for each in receiver.requests) == sorted(MANY)
    assert {(each.state, each.attempts) for each, _ in queries.all_callbacks(still)} == {(callbacks.DELIVERED, 1)}


@pytest.mark.parametrize("count", [1, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1])
async def test_few_handsets_are_handed_over_as_the_message_is_accepted(
    still: FreshTenant, runner: Runner, call: Client, count: int
) -> None:
    reply = await call.ok("send-sms", message="Hi", to=",".join(MANY[:count]))
    at_once = queries.message(still, reply["message_id"]).status == messages.SENT
    assert at_once == (count < CHUNK_SIZE)
    ran = await runner.advance(still.tenant, by=MINUTE)
    assert (ran.counts["report"], bool(ran.counts["send"])) == (count, not at_once)
    assert queries.message(still, reply["message_id"]).delivered == count


@pytest.mark.parametrize("count", [CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1])
async def test_lists_about_as_long_as_a_chunk_are_sent_completely(
    still: FreshTenant, runner: Runner, call: Client, count: int
) -> None:
    list_id = queries.add_list(still, MANY[:count])
    reply = await call.ok("send-sms", message="Hi", list_id=list_id, send_at="2026-03-01 12:30:00")
    await runner.advance(still.tenant, by=MINUTE)
    assert queries.message(still, reply["message_id"]).status == messages.SCHEDULED
    await runner.advance(still.tenant, by=HOUR)
    sent = queries.message(still, reply["message_id"])
    assert (sent.status, sent.delivered, sent.pending) == (messages.SENT, count, 0)
    assert [each.msisdn for each in queries.all_recipients(still, sent.id)] == list(MANY[:count])


async def test_the_counts_of_a_long_list_add_up_if_it_changes_during_the_send(
    still: FreshTenant, runner: Runner, call: Client
) -> None:
    list_id = queries.add_list(still, MANY)
    reply = await call.ok("send-sms", message="Hi", list_id=list_id)
    with still.store.begin() as db:
        contacts.deactivate_member(db, still.tenant, list_id, MANY[-1], contacts.DELETED)
        contacts.deactivate_member(db, still.tenant, list_id, MANY[0], contacts.DELETED)
    await runner.advance(still.tenant, by=seconds(5))
    sent = queries.message(still, reply["message_id"])
    assert (sent.recipients, sent.delivered, sent.pending) == (1199, 1199, 0)
    assert [each.msisdn for each in queries.all_recipients(still, sent.id)] == list(MANY[:-1])


async def test_a_message_to_a_long_list_can_be_cancelled_while_recipients_are_added(
    still: FreshTenant, runner: Runner, call: Client
) -> None:
    list_id = queries.add_list(still, MANY)
    reply = await call.ok("send-sms", message="Hi", list_id=list_id, send_at="2026-03-01 12:30:00")
    await call.ok("cancel-sms", id=reply["message_id"])
    ran = await runner.advance(still.tenant, by=HOUR)
    assert (ran.counts, queries.message(still, reply["message_id"]).delivered) == ({}, 0)
