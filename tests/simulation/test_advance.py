"""Moving a tenant's clock: everything on the way happens, at its own moment."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from sms_sandbox.domain.callbacks import signature
from sms_sandbox.domain.carrier import DELIVERED, PENDING, SOFT_BOUNCE
from sms_sandbox.domain.clock import LATEST, Clock, real_now
from sms_sandbox.simulation import courier as courier_module
from sms_sandbox.simulation.courier import Courier, Posting
from sms_sandbox.simulation.flights import LANE
from sms_sandbox.simulation.runner import BackwardsError, Runner
from sms_sandbox.store import accounts, callbacks, contacts, messages, tenants, timeline
from sms_sandbox.store.callbacks import Outcome
from sms_sandbox.store.sending import CHUNK
from sms_sandbox.store.timeline import Plan
from tests.conftest import SECRET, World, found
from tests.simulation import looking
from tests.simulation.conftest import Client, Receiver, Request, clock_of, set_clock, strange
from tests.store.making import HANDSETS, NOON, seconds

pytestmark = pytest.mark.anyio

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LADDER = [MINUTE, 5 * MINUTE, HOUR, DAY]


async def send(call: Client, count: int = 1, **params: object) -> int:
    reply = await call.ok("send-sms", message="Hello", to=",".join(HANDSETS[:count]), **params)
    return int(reply["message_id"])


def now_of(at: World) -> datetime:
    with at.store.begin() as db:
        return clock_of(db, at.tenant).now(real_now())


# What becomes of messages


async def test_a_message_is_delivered_after_a_second_and_told_of_once(
    still: World, runner: Runner, call: Client, receiver: Receiver
) -> None:
    sent = await send(call, dlr_callback=receiver.url() + "?own=a%2Fb")
    await runner.advance(still.tenant, by=seconds(0.9))
    assert (looking.message(still, sent).status, looking.recipient(still, sent).status) == (messages.SENT, PENDING)
    assert receiver.requests == []
    ran = await runner.advance(still.tenant, by=seconds(0.1))
    assert ran.counts == {"report": 1, "callback": 1}
    recipient = looking.recipient(still, sent)
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
    callback, (only,) = looking.the_callback(still)
    assert (callback.event, callback.state, callback.tries, callback.next_due) == (
        "dlr", callbacks.DELIVERED, 1, None,
    )  # fmt: skip
    assert (callback.message, callback.msisdn, callback.created) == (sent, HANDSETS[0], NOON + seconds(1))
    assert (only.number, only.at, only.status, only.error, only.answer) == (1, NOON + seconds(1), 200, None, "OK")
    await runner.advance(still.tenant, by=30 * DAY)
    assert len(receiver.requests) == 1


async def test_the_account_is_told_where_the_message_names_nobody(
    still: World, runner: Runner, call: Client, receiver: Receiver
) -> None:
    looking.set_account(still, dlr_url=receiver.url("/account"), secret=None)
    own = await send_by(still, receiver.url("/own"))
    plain = await send_by(still, None)
    await runner.advance(still.tenant, by=seconds(5))
    assert [dict(each.params)["message_id"] for each in receiver.at("/own")] == [str(own)]
    assert [dict(each.params)["message_id"] for each in receiver.at("/account")] == [str(plain)]
    assert all("x-transmitsms-signature" not in each.headers for each in receiver.requests)


async def send_by(at: World, dlr_url: str | None) -> int:
    """A message of an account that has no secret and so can't call the API."""
    from tests.store.making import send as write

    with at.store.begin() as db:
        message, _ = write(db, at, HANDSETS[:1], dlr_url=dlr_url)
        timeline.schedule(db, at.tenant, [Plan(NOON, "send", message, {"size": 1})])
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
    still: World, runner: Runner, call: Client, receiver: Receiver,
    validity: int, delay: timedelta, status: str, after: timedelta,
) -> None:  # fmt: skip
    looking.delay_delivery(still, delay)
    sent = await send(call, validity=validity, dlr_callback=receiver.url())
    if after:
        await runner.advance(still.tenant, to=NOON + after - timedelta(microseconds=1))
        assert looking.recipient(still, sent).status == PENDING
    await runner.advance(still.tenant, to=NOON + max(after, seconds(1)))
    recipient, message = looking.recipient(still, sent), looking.message(still, sent)
    assert (recipient.status, recipient.reported_at) == (status, NOON + after)
    assert (message.delivered, message.soft_bounced, message.pending) == (status == DELIVERED, status != DELIVERED, 0)
    assert [dict(each.params)["status"] for each in receiver.requests] == [status]


async def test_a_scheduled_message_goes_out_when_it_should(still: World, runner: Runner, call: Client) -> None:
    sent = await send(call, send_at="2026-03-01 13:00:00")
    await runner.advance(still.tenant, to=NOON + HOUR - seconds(1))
    assert looking.message(still, sent).status == messages.SCHEDULED
    ran = await runner.advance(still.tenant, to=NOON + HOUR + seconds(5))
    assert [(each.at, each.kind) for each in ran.happened] == [
        (NOON + HOUR, "send"), (NOON + HOUR + seconds(1), "report"),
    ]  # fmt: skip
    recipient = looking.recipient(still, sent)
    assert (recipient.sent_at, recipient.reported_at) == (NOON + HOUR, NOON + HOUR + seconds(1))


async def test_a_message_that_was_called_off_never_goes_out(
    still: World, runner: Runner, call: Client, receiver: Receiver
) -> None:
    sent = await send(call, send_at="2026-03-01 13:00:00", dlr_callback=receiver.url())
    await call.ok("cancel-sms", id=sent)
    ran = await runner.advance(still.tenant, by=10 * DAY)
    assert (ran.counts, receiver.requests) == ({}, [])
    assert looking.message(still, sent).status == messages.CANCELLED
    assert looking.recipient(still, sent).status == PENDING
    assert (await call.ok("get-balance"))["balance"] == 1000


async def test_a_message_is_not_called_off_once_it_is_sent_and_refunded_once(still: World, call: Client) -> None:
    sent = await send(call)
    assert (await call("cancel-sms", id=sent))["error"]["code"] != "SUCCESS"
    later = await send(call, send_at="2026-03-01 13:00:00")
    await call.ok("cancel-sms", id=later)
    assert (await call("cancel-sms", id=later))["error"]["code"] != "SUCCESS"
    assert (await call.ok("get-balance"))["balance"] == 1000 - 0.087


# Long lists

MANY = tuple(str(61_400_000_000 + number) for number in range(1200))


async def test_everybody_on_a_long_list_gets_the_message_once(
    still: World, runner: Runner, call: Client, receiver: Receiver
) -> None:
    on = looking.a_list(still, MANY)
    reply = await call.ok("send-sms", message="Hi [firstname]", list_id=on, dlr_callback=receiver.url())
    assert reply["recipients"] == len(MANY)
    ran = await runner.advance(still.tenant, by=seconds(5))
    sent = looking.message(still, reply["message_id"])
    everybody = looking.everybody(still, sent.id)
    assert [each.msisdn for each in everybody] == list(MANY)
    assert {(each.text, each.status, each.reported_at) for each in everybody} == {
        ("Hi Ivy", DELIVERED, NOON + seconds(1))
    }
    assert (sent.recipients, sent.delivered, sent.pending, sent.bounced) == (1200, 1200, 0, 0)
    assert (ran.counts["report"], ran.counts["callback"]) == (1200, 1200)
    assert (len(ran.happened), sum(ran.counts.values())) == (1000, 2400 + ran.counts["enlist"] + ran.counts["send"])
    assert sorted(dict(each.params)["mobile"] for each in receiver.requests) == sorted(MANY)
    assert {(each.state, each.tries) for each, _ in looking.journal(still)} == {(callbacks.DELIVERED, 1)}


@pytest.mark.parametrize("count", [CHUNK - 1, CHUNK, CHUNK + 1])
async def test_a_list_about_as_long_as_a_chunk(still: World, runner: Runner, call: Client, count: int) -> None:
    on = looking.a_list(still, MANY[:count])
    reply = await call.ok("send-sms", message="Hi", list_id=on, send_at="2026-03-01 12:30:00")
    await runner.advance(still.tenant, by=MINUTE)
    assert looking.message(still, reply["message_id"]).status == messages.SCHEDULED
    await runner.advance(still.tenant, by=HOUR)
    sent = looking.message(still, reply["message_id"])
    assert (sent.status, sent.delivered, sent.pending) == (messages.SENT, count, 0)
    assert [each.msisdn for each in looking.everybody(still, sent.id)] == list(MANY[:count])


async def test_a_long_list_that_changes_before_all_are_written_down_adds_up(
    still: World, runner: Runner, call: Client
) -> None:
    on = looking.a_list(still, MANY)
    reply = await call.ok("send-sms", message="Hi", list_id=on)
    with still.store.begin() as db:
        contacts.leave(db, still.tenant, on, MANY[-1], contacts.DELETED)
        contacts.leave(db, still.tenant, on, MANY[0], contacts.DELETED)
    await runner.advance(still.tenant, by=seconds(5))
    sent = looking.message(still, reply["message_id"])
    assert (sent.recipients, sent.delivered, sent.pending) == (1199, 1199, 0)
    assert [each.msisdn for each in looking.everybody(still, sent.id)] == list(MANY[:-1])


async def test_a_message_to_a_long_list_can_be_called_off_while_it_is_written_down(
    still: World, runner: Runner, call: Client
) -> None:
    on = looking.a_list(still, MANY)
    reply = await call.ok("send-sms", message="Hi", list_id=on, send_at="2026-03-01 12:30:00")
    await call.ok("cancel-sms", id=reply["message_id"])
    ran = await runner.advance(still.tenant, by=HOUR)
    assert (ran.counts, looking.message(still, reply["message_id"]).delivered) == ({}, 0)


# The ladder


async def test_a_callback_that_keeps_failing_climbs_the_ladder_and_is_given_up(
    still: World, runner: Runner, call: Client, receiver: Receiver
) -> None:
    looking.delay_delivery(still, timedelta())
    await send(call, dlr_callback=receiver.url(statuses=[500], body=b"oops"))
    expected = timedelta()
    for made, wait in enumerate(LADDER, 1):
        await runner.advance(still.tenant, to=NOON + expected + wait - seconds(1))
        callback, tries = looking.the_callback(still)
        assert (callback.state, callback.tries, callback.next_due) == (
            callbacks.WAITING, made, NOON + expected + wait,
        )  # fmt: skip
        expected += wait
    await runner.advance(still.tenant, by=100 * DAY)
    callback, tries = looking.the_callback(still)
    assert (callback.state, callback.tries, callback.next_due) == (callbacks.GIVEN_UP, 5, None)
    assert looking.waits(tries) == [
        timedelta(), MINUTE, 6 * MINUTE, HOUR + 6 * MINUTE, DAY + HOUR + 6 * MINUTE,
    ]  # fmt: skip
    assert [(each.number, each.status, each.error, each.answer) for each in tries] == [
        (number, 500, "answered 500", "oops") for number in range(1, 6)
    ]
    assert len(receiver.requests) == 5
    assert len({each.target for each in receiver.requests}) == 1
    assert len({each.headers["x-transmitsms-signature"] for each in receiver.requests}) == 1


async def test_a_callback_that_arrives_at_last_is_not_sent_again(
    still: World, runner: Runner, call: Client, receiver: Receiver
) -> None:
    await send(call, dlr_callback=receiver.url(statuses=[500, 404, 200]))
    await runner.advance(still.tenant, by=100 * DAY)
    callback, tries = looking.the_callback(still)
    assert (callback.state, callback.next_due) == (callbacks.DELIVERED, None)
    assert [each.status for each in tries] == [500, 404, 200]
    assert looking.waits(tries) == [seconds(1), seconds(61), seconds(361)]


@pytest.mark.parametrize(
    ("manner", "error"),
    [
        ({"statuses": [302], "headers": ("Location: /elsewhere",)}, "answered 302"),
        ({"delay": 30}, "timed out"),
        ({"trick": "drip"}, "timed out"),
        ({"trick": "reset"}, "Server disconnected"),
        ({"trick": "garbage"}, "Bad"),
    ],
)
async def test_failures_of_every_kind_are_tried_again(
    still: World, runner: Runner, call: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch,
    manner: dict[str, Any], error: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(courier_module, "TIMEOUT", 0.1)
    await send(call, dlr_callback=receiver.url(**manner))
    await runner.advance(still.tenant, by=2 * MINUTE)
    callback, tries = looking.the_callback(still)
    assert (callback.state, len(tries)) == (callbacks.WAITING, 2)
    assert looking.waits(tries) == [seconds(1), seconds(61)]
    assert all(each.error and error in each.error for each in tries)
    assert receiver.at("/elsewhere") == []


async def test_a_body_that_does_not_end_is_no_failure(
    still: World, runner: Runner, call: Client, receiver: Receiver
) -> None:
    await send(call, dlr_callback=receiver.url(trick="endless", body=b"x"))
    await runner.advance(still.tenant, by=MINUTE)
    callback, (only,) = looking.the_callback(still)
    assert (callback.state, only.status, only.answer) == (callbacks.DELIVERED, 200, "x" * 500)


async def test_an_app_that_is_down_is_tried_again(still: World, runner: Runner, call: Client) -> None:
    await send(call, dlr_callback="http://127.0.0.1:1/")
    await runner.advance(still.tenant, by=2 * MINUTE)
    callback, tries = looking.the_callback(still)
    assert (callback.state, len(tries), tries[0].status) == (callbacks.WAITING, 2, None)


async def test_an_address_that_is_refused_is_in_the_journal(
    still: World, runner: Runner, call: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def sock_connect(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("asyncio.selector_events.BaseSelectorEventLoop.sock_connect", sock_connect)
    await send(call, dlr_callback="http://93.184.216.34/hook")
    await runner.advance(still.tenant, by=10 * DAY)
    callback, tries = looking.the_callback(still)
    assert (callback.state, len(tries)) == (callbacks.GIVEN_UP, 5)
    assert all(each.error and each.error.startswith("refused: 93.184.216.34 is a public address") for each in tries)


async def test_a_try_that_fails_on_our_side_is_a_failed_one(
    still: World, call: Client, caplog: pytest.LogCaptureFixture
) -> None:
    class Clumsy(Courier):
        async def post(self, posting: Posting) -> Outcome:
            raise RuntimeError(f"a bug in {posting.number}")

    runner = Runner(still.store, Clumsy())
    await send(call, dlr_callback="http://127.0.0.1:1/")
    await runner.advance(still.tenant, by=10 * DAY)
    await runner.stop()
    callback, tries = looking.the_callback(still)
    assert callback.state == callbacks.GIVEN_UP
    assert [each.error for each in tries] == [f"failed here: a bug in {number}" for number in range(1, 6)]
    assert "A try of a callback failed on our side." in caplog.text


async def test_a_callback_sent_again_by_hand_is_tried_once(
    still: World, runner: Runner, call: Client, receiver: Receiver
) -> None:
    await send(call, dlr_callback=receiver.url(statuses=[200, 500]))
    await runner.advance(still.tenant, by=seconds(1))
    callback, _ = looking.the_callback(still)
    with still.store.begin() as db:
        plan = Plan(NOON + seconds(2), callbacks.KIND, callback.id, {"once": True}, "lane")
        timeline.schedule(db, still.tenant, [plan])
    await runner.advance(still.tenant, by=10 * DAY)
    callback, tries = looking.the_callback(still)
    assert ([each.status for each in tries], callback.next_due) == ([200, 500], None)


async def test_more_callbacks_than_may_be_under_way_at_once(
    still: World, runner: Runner, call: Client, receiver: Receiver
) -> None:
    """They wait for each other, and never are more at once than the lane holds."""
    under_way, most = 0, 0

    async def on_request(_: Request) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1

    receiver.on_request = on_request
    to = ",".join(str(61_400_000_000 + number) for number in range(3 * LANE))
    await call.ok("send-sms", message="Hi", to=to, dlr_callback=receiver.url())
    ran = await runner.advance(still.tenant, by=seconds(1))
    assert ran.counts["callback"] == len(receiver.requests) == 3 * LANE
    assert most == LANE


async def test_an_app_may_send_while_it_is_called(
    still: World, runner: Runner, call: Client, receiver: Receiver
) -> None:
    """What it sends in answer to a callback takes part in the same advance, at the moment of the callback."""
    answers: list[int] = []

    async def on_request(request: Request) -> None:
        if not answers:
            answers.append(await send(call, dlr_callback=receiver.url()))

    receiver.on_request = on_request
    await send(call, dlr_callback=receiver.url())
    ran = await runner.advance(still.tenant, by=seconds(3))
    assert ran.counts == {"send": 2, "report": 2, "callback": 2}
    assert looking.recipient(still, answers[0]).reported_at == NOON + seconds(2)
    assert [dict(each.params)["datetime"][-2:] for each in receiver.requests] == ["01", "02"]


# The clock itself


async def test_a_clock_that_stood_stands_again(still: World, runner: Runner) -> None:
    ran = await runner.advance(still.tenant, by=HOUR)
    assert (ran.start, ran.end, ran.counts, ran.happened) == (NOON, NOON + HOUR, {}, [])
    with still.store.begin() as db:
        assert clock_of(db, still.tenant) == Clock(frozen_at=NOON + HOUR)


async def test_a_clock_that_ran_runs_on(fresh: World, runner: Runner) -> None:
    await runner.advance(fresh.tenant, by=HOUR)
    with fresh.store.begin() as db:
        clock = clock_of(db, fresh.tenant)
    assert (clock.frozen_at, clock.moving) == (None, False)
    assert HOUR - seconds(5) < clock.offset <= HOUR


async def test_a_clock_held_by_a_process_that_died_runs_after_it_is_moved(fresh: World, runner: Runner) -> None:
    set_clock(fresh, Clock(frozen_at=NOON, moving=True))
    await runner.advance(fresh.tenant, by=HOUR)
    with fresh.store.begin() as db:
        clock = clock_of(db, fresh.tenant)
    assert (clock.frozen_at, clock.moving) == (None, False)
    assert abs(clock.now(real_now()) - (NOON + HOUR)) < seconds(5)


async def test_a_clock_does_not_go_where_it_can_not(still: World, runner: Runner) -> None:
    with pytest.raises(BackwardsError):
        await runner.advance(still.tenant, to=NOON - seconds(1))
    with pytest.raises(BackwardsError):
        await runner.advance(still.tenant, by=-seconds(1))
    with pytest.raises(ValueError, match="can't go past"):
        await runner.advance(still.tenant, to=LATEST + seconds(1))
    with pytest.raises(KeyError):
        await runner.advance(still.tenant + 1, by=seconds(1))
    assert now_of(still) == NOON
    await runner.advance(still.tenant)
    assert now_of(still) == NOON


async def test_a_clock_goes_as_far_as_it_can_with_things_planned(
    still: World, runner: Runner, call: Client, receiver: Receiver
) -> None:
    set_clock(still, Clock(frozen_at=LATEST - 2 * DAY))
    await send(call, dlr_callback=receiver.url(statuses=[500]), send_at="8999-12-30 12:00:00")
    await runner.advance(still.tenant, to=LATEST)
    callback, tries = looking.the_callback(still)
    assert (callback.state, len(tries)) == (callbacks.GIVEN_UP, 5)
    await send(call, dlr_callback=receiver.url())
    assert now_of(still) == LATEST


async def test_other_tenants_stand_while_one_is_moved(
    still: World, runner: Runner, call: Client, receiver: Receiver
) -> None:
    other = found(still.store, "other-key", name="other")
    set_clock(other, Clock(frozen_at=NOON))
    their = Client(other, "other-key")
    theirs = await send(their, dlr_callback=receiver.url("/theirs"))
    await their.http.aclose()
    await send(call, dlr_callback=receiver.url("/ours"))
    await runner.advance(still.tenant, by=HOUR)
    assert (len(receiver.at("/ours")), len(receiver.at("/theirs"))) == (1, 0)
    assert now_of(other) == NOON
    assert looking.recipient(other, theirs).status == PENDING


async def test_two_advances_follow_each_other(still: World, runner: Runner, call: Client) -> None:
    await send(call)
    both = await asyncio.gather(*(runner.advance(still.tenant, by=HOUR) for _ in range(2)))
    assert sorted((each.start, each.end) for each in both) == [
        (NOON, NOON + HOUR), (NOON + HOUR, NOON + 2 * HOUR),
    ]  # fmt: skip
    assert sum(each.counts["report"] for each in both) == 1


async def test_an_event_that_fails_is_put_aside_and_the_others_happen(
    still: World, runner: Runner, call: Client, caplog: pytest.LogCaptureFixture
) -> None:
    strange(still, NOON + seconds(1), 2)
    sent = await send(call, 5)
    await runner.advance(still.tenant, by=HOUR)
    assert looking.message(still, sent).delivered == 5
    assert caplog.text.count("is put aside") == 2
    with still.store.begin() as db:
        assert timeline.due_by(db, still.tenant, NOON + HOUR, 10) == []
    assert now_of(still) == NOON + HOUR


async def test_an_advance_that_breaks_off_leaves_the_clock_where_it_came(
    still: World, runner: Runner, call: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was not run is still to come."""
    await send(call)
    monkeypatch.setattr(timeline, "take", broken)
    with pytest.raises(RuntimeError):
        await runner.advance(still.tenant, by=HOUR)
    monkeypatch.undo()
    assert now_of(still) == NOON
    ran = await runner.advance(still.tenant, by=HOUR)
    assert ran.counts == {"send": 1, "report": 1}


def broken(*_: object) -> None:
    raise RuntimeError


async def test_a_tenant_that_is_removed_while_its_clock_is_moved(
    still: World, runner: Runner, call: Client, receiver: Receiver
) -> None:
    async def on_request(_: Request) -> None:
        with still.store.begin() as db:
            tenants.remove(db, still.tenant)

    receiver.on_request = on_request
    await send(call, dlr_callback=receiver.url(statuses=[500]))
    ran = await runner.advance(still.tenant, by=HOUR)
    assert ran.counts["callback"] == 1
    with still.store.begin() as db:
        assert tenants.read(db, still.tenant) is None
        assert accounts.first_of(db, still.tenant) is None
        assert timeline.next_due(db, still.tenant) is None
