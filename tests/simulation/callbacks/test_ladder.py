"""Callbacks: retries, concurrent attempts, and giving up."""

from datetime import timedelta
from typing import Any

import pytest

from sms_sandbox.simulation.callbacks import http_client
from sms_sandbox.simulation.callbacks.http_client import CallbackClient, CallbackRequest
from sms_sandbox.simulation.callbacks.shares import MAX_PER_LANE
from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import callbacks, timeline
from sms_sandbox.store.callbacks import Outcome
from sms_sandbox.store.timeline import Plan
from tests.conftest import FreshTenant
from tests.simulation import queries
from tests.simulation.conftest import Client, Receiver, Request, RequestCount
from tests.store.example_rows import NOON, seconds

pytestmark = pytest.mark.anyio

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LADDER = [MINUTE, 5 * MINUTE, HOUR, DAY]


async def test_a_callback_that_keeps_failing_climbs_the_ladder_and_is_given_up(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    queries.delay_delivery(still, timedelta())
    await call.send(dlr_callback=receiver.url(statuses=[500], body=b"oops"))
    expected = timedelta()
    for made, wait in enumerate(LADDER, 1):
        await runner.advance(still.tenant, to=NOON + expected + wait - seconds(1))
        callback, attempts = queries.the_callback(still)
        assert (callback.state, callback.attempts, callback.next_due) == (
            callbacks.WAITING, made, NOON + expected + wait,
        )  # fmt: skip
        expected += wait
    await runner.advance(still.tenant, by=100 * DAY)
    callback, attempts = queries.the_callback(still)
    assert (callback.state, callback.attempts, callback.next_due) == (callbacks.GIVEN_UP, 5, None)
    assert queries.waits(attempts) == [
        timedelta(), MINUTE, 6 * MINUTE, HOUR + 6 * MINUTE, DAY + HOUR + 6 * MINUTE,
    ]  # fmt: skip
    assert [(each.number, each.status, each.error, each.answer) for each in attempts] == [
        (number, 500, "answered 500", "oops") for number in range(1, 6)
    ]
    assert len(receiver.requests) == 5
    assert len({each.target for each in receiver.requests}) == 1
    assert len({each.headers["x-transmitsms-signature"] for each in receiver.requests}) == 1


async def test_a_callback_that_arrives_at_last_is_not_sent_again(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    await call.send(dlr_callback=receiver.url(statuses=[500, 404, 200]))
    await runner.advance(still.tenant, by=100 * DAY)
    callback, attempts = queries.the_callback(still)
    assert (callback.state, callback.next_due) == (callbacks.DELIVERED, None)
    assert [each.status for each in attempts] == [500, 404, 200]
    assert queries.waits(attempts) == [seconds(1), seconds(61), seconds(361)]


@pytest.mark.parametrize(
    ("manner", "error"),
    [
        ({"statuses": [302], "headers": ("Location: /elsewhere",)}, "answered 302"),
        ({"delay": 30}, "timed out"),
        ({"trick": "drip"}, "timed out"),
        ({"trick": "reset"}, "the connection was closed without an answer"),
        ({"trick": "garbage"}, "the answer is not HTTP: Bad status line"),
    ],
)
async def test_failures_of_every_kind_are_retried(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch,
    manner: dict[str, Any], error: str,
) -> None:  # fmt: skip
    if error == "timed out":
        monkeypatch.setattr(http_client, "ATTEMPT_TIMEOUT_SECONDS", 0.1)
    await call.send(dlr_callback=receiver.url(**manner))
    await runner.advance(still.tenant, by=2 * MINUTE)
    callback, attempts = queries.the_callback(still)
    assert (callback.state, len(attempts)) == (callbacks.WAITING, 2)
    assert queries.waits(attempts) == [seconds(1), seconds(61)]
    assert all(each.error and error in each.error for each in attempts)
    assert receiver.at("/elsewhere") == []


async def test_a_body_that_does_not_end_is_a_success(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    await call.send(dlr_callback=receiver.url(trick="endless", body=b"x"))
    await runner.advance(still.tenant, by=MINUTE)
    callback, (only,) = queries.the_callback(still)
    assert (callback.state, only.status, only.answer) == (callbacks.DELIVERED, 200, "x" * 500)


async def test_an_app_that_is_down_is_retried(still: FreshTenant, runner: Runner, call: Client) -> None:
    await call.send(dlr_callback="http://127.0.0.1:1/")
    await runner.advance(still.tenant, by=2 * MINUTE)
    callback, attempts = queries.the_callback(still)
    assert (callback.state, len(attempts), attempts[0].status) == (callbacks.WAITING, 2, None)


async def test_an_address_that_is_refused_is_in_the_journal(
    still: FreshTenant, runner: Runner, call: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def sock_connect(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("asyncio.selector_events.BaseSelectorEventLoop.sock_connect", sock_connect)
    await call.send(dlr_callback="http://93.184.216.34/hook")
    await runner.advance(still.tenant, by=10 * DAY)
    callback, attempts = queries.the_callback(still)
    assert (callback.state, len(attempts)) == (callbacks.GIVEN_UP, 5)
    assert all(each.error and each.error.startswith("refused: 93.184.216.34 is a public address") for each in attempts)


async def test_a_bug_in_the_client_is_a_failed_attempt(
    still: FreshTenant, call: Client, caplog: pytest.LogCaptureFixture
) -> None:
    class Clumsy(CallbackClient):
        async def send(self, request: CallbackRequest) -> Outcome:
            raise RuntimeError(f"a bug in {request.number}")

    runner = Runner(still.store, Clumsy())
    await call.send(dlr_callback="http://127.0.0.1:1/")
    await runner.advance(still.tenant, by=10 * DAY)
    await runner.stop()
    callback, attempts = queries.the_callback(still)
    assert callback.state == callbacks.GIVEN_UP
    assert [each.error for each in attempts] == [f"failed here: a bug in {number}" for number in range(1, 6)]
    assert "A callback attempt failed because of an error in the sandbox." in caplog.text


async def test_a_callback_sent_again_by_hand_is_attempted_once(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    await call.send(dlr_callback=receiver.url(statuses=[200, 500]))
    await runner.advance(still.tenant, by=seconds(1))
    callback, _ = queries.the_callback(still)
    with still.store.begin() as db:
        plan = Plan(NOON + seconds(2), timeline.CALLBACK, callback.id, {"once": True}, "lane")
        timeline.schedule(db, still.tenant, [plan])
    await runner.advance(still.tenant, by=10 * DAY)
    callback, attempts = queries.the_callback(still)
    assert ([each.status for each in attempts], callback.next_due) == ([200, 500], None)


async def test_more_callbacks_than_may_run_at_once_are_all_sent(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    """They wait for each other, and never exceed the limit of the lane."""
    receiver.on_request = count = RequestCount()
    to = ",".join(str(61_400_000_000 + number) for number in range(3 * MAX_PER_LANE))
    await call.ok("send-sms", message="Hi", to=to, dlr_callback=receiver.url())
    ran = await runner.advance(still.tenant, by=seconds(1))
    assert ran.counts["callback"] == len(receiver.requests) == 3 * MAX_PER_LANE
    assert count.largest == MAX_PER_LANE


async def test_an_app_may_send_while_it_is_called(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    """Messages sent during a callback are part of the same advance, at its moment."""
    answers: list[int] = []

    async def on_request(request: Request) -> None:
        if not answers:
            answers.append(await call.send(dlr_callback=receiver.url()))

    receiver.on_request = on_request
    await call.send(dlr_callback=receiver.url())
    ran = await runner.advance(still.tenant, by=seconds(3))
    assert ran.counts == {"report": 2, "callback": 2}
    assert queries.recipient(still, answers[0]).reported_at == NOON + seconds(2)
    assert [dict(each.params)["datetime"][-2:] for each in receiver.requests] == ["01", "02"]
