"""Faults on callbacks, as the app and the record of attempts show them."""

from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import pytest

from sms_sandbox.domain.callbacks import signature
from sms_sandbox.domain.clock import Clock
from sms_sandbox.domain.faults import Fault
from sms_sandbox.domain.rule_match import Match, Turns
from sms_sandbox.simulation.inbound import receive
from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import callbacks, rules, tenants
from sms_sandbox.store.rules import NewRule
from tests.conftest import KEY, SECRET, FreshTenant
from tests.simulation import queries
from tests.simulation.conftest import Client, Receiver, Request, set_clock, until
from tests.store.example_rows import HANDSETS, NOON, seconds

pytestmark = pytest.mark.anyio

SIGNATURE = "x-transmitsms-signature"
MINUTE = timedelta(minutes=1)


def add_fault(fresh: FreshTenant, match: Match | None = None, turns: Turns | None = None, **what: Any) -> None:
    """Add a fault on callbacks."""
    new = NewRule(rules.CALLBACK, match or Match(), turns or Turns(), Fault("callback", **what).given_fields())
    with fresh.store.begin() as db:
        rules.add(db, fresh.tenant, new)


def reply(fresh: FreshTenant, text: str, msisdn: str = HANDSETS[0], after: float = 1) -> None:
    with fresh.store.begin() as db:
        tenant = tenants.read(db, fresh.tenant)
        assert tenant is not None
        receive.receive(db, tenant, NOON + seconds(after), msisdn, None, text)


def mobiles(requests: Sequence[Request]) -> list[str]:
    return [dict(each.params)["mobile"] for each in requests]


async def test_a_dropped_attempt_is_not_sent_and_the_next_one_is(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    add_fault(still, turns=Turns(count=2), callback="drop")
    await call.send(dlr_callback=receiver.url())
    await runner.advance(still.tenant, by=seconds(1))
    assert receiver.requests == []
    callback, (only,) = queries.the_callback(still)
    assert (callback.state, callback.next_due, callback.rule) == (
        callbacks.WAITING, NOON + seconds(1) + MINUTE, "fault 1",
    )  # fmt: skip
    assert (only.at, only.status, only.error, only.answer) == (NOON + seconds(1), None, "dropped by fault 1", "")
    await runner.advance(still.tenant, by=timedelta(days=9))
    callback, attempts = queries.the_callback(still)
    assert (callback.state, callback.rule, len(receiver.requests)) == (callbacks.DELIVERED, "fault 1", 1)
    assert [each.error for each in attempts] == ["dropped by fault 1"] * 2 + [None]
    assert queries.waits(attempts) == [seconds(1), seconds(61), seconds(361)]


async def test_a_callback_that_is_always_dropped_is_given_up(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    add_fault(still, callback="drop")
    await call.send(dlr_callback=receiver.url())
    await runner.advance(still.tenant, by=timedelta(days=9))
    callback, attempts = queries.the_callback(still)
    assert (callback.state, len(attempts), receiver.requests) == (callbacks.GIVEN_UP, 5, [])


async def test_a_duplicate_is_the_same_call_twice(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    add_fault(still, callback="duplicate")
    await call.send(dlr_callback=receiver.url(statuses=[200, 500]))
    await runner.advance(still.tenant, by=timedelta(days=9))
    first, second = receiver.requests
    assert (first.target, first.headers[SIGNATURE]) == (second.target, second.headers[SIGNATURE])
    callback, attempts = queries.the_callback(still)
    assert (callback.attempts, len(attempts), callback.rule) == (1, 1, "fault 1")


async def test_a_failed_attempt_names_its_fault(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    add_fault(still, turns=Turns(count=1), callback="wrong-signature")
    await call.send(dlr_callback=receiver.url(statuses=[401, 200]))
    await runner.advance(still.tenant, by=2 * MINUTE)
    _, attempts = queries.the_callback(still)
    assert [each.error for each in attempts] == ["answered 401 (fault 1)", None]


async def test_a_wrong_signature_looks_like_a_right_one(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    add_fault(still, turns=Turns(count=1), callback="wrong-signature")
    await call.send(2, dlr_callback=receiver.url())
    await runner.advance(still.tenant, by=seconds(1))
    wrong, right = (
        sorted(receiver.requests, key=lambda each: each.headers[SIGNATURE] == signature(each.target, SECRET))
    )  # fmt: skip
    assert wrong.headers[SIGNATURE] == sha256(signature(wrong.target, SECRET).encode()).hexdigest()
    assert right.headers[SIGNATURE] == signature(right.target, SECRET)


async def test_corrupt_encoding_is_signed_as_it_is(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    add_fault(still, callback="corrupt")
    await call.send(dlr_callback=receiver.url() + "?status=mine")
    await runner.advance(still.tenant, by=seconds(1))
    (request,) = receiver.requests
    assert "?status=mine&" in request.target
    assert "status=delivered%C3%28&" in request.target
    assert request.headers[SIGNATURE] == signature(request.target, SECRET)
    callback, _ = queries.the_callback(still)
    assert "%C3%28" not in callback.url


async def test_a_delay_is_measured_by_the_clock_of_the_tenant(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    add_fault(still, delay={"seconds": 3600})
    await call.send(dlr_callback=receiver.url(statuses=[500, 200]))
    await runner.advance(still.tenant, by=seconds(3600))
    callback, attempts = queries.the_callback(still)
    assert (callback.next_due, callback.attempts, callback.rule) == (NOON + seconds(3601), 0, "fault 1")
    await runner.advance(still.tenant, by=seconds(1))
    assert len(receiver.requests) == 1
    # The fault applies to the next attempt, too.
    await runner.advance(still.tenant, by=timedelta(hours=2))
    _, attempts = queries.the_callback(still)
    assert queries.waits(attempts) == [seconds(3601), seconds(3601 + 60 + 3600)]
    assert [each.error for each in attempts] == ["answered 500 (fault 1)", None]


async def test_a_delayed_attempt_keeps_its_effect(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    add_fault(still, turns=Turns(count=1), callback="duplicate", delay={"seconds": 5})
    await call.send(dlr_callback=receiver.url())
    with still.store.begin() as db:
        rules.clear(db, still.tenant, rules.CARRIER)
    await runner.advance(still.tenant, by=seconds(5.9))
    assert receiver.requests == []
    await runner.advance(still.tenant, by=seconds(0.1))
    assert len(receiver.requests) == 2


async def test_delays_repeat_for_the_same_seed(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    delay = {"median": 20, "sigma": 1}
    add_fault(still, delay=delay)
    await call.send(5, dlr_callback=receiver.url())
    await runner.advance(still.tenant, by=timedelta(days=9))
    expected = [Fault("callback", delay=delay).delay_seconds("seed of default", 1, seen) for seen in range(1, 6)]
    delays = [(attempts[0].at - NOON - seconds(1)).total_seconds() for _, attempts in queries.all_callbacks(still)]
    assert delays == pytest.approx(expected, abs=1e-5)
    assert len(set(delays)) == 5
    by_time = [mobile for _, mobile in sorted(zip(delays, HANDSETS[:5], strict=True))]
    assert mobiles(receiver.requests) == by_time


async def test_reordered_callbacks_overtake_each_other_in_pairs(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    add_fault(still, callback="reorder")
    for handset in range(4):
        await call.ok("send-sms", message="Hi", to=HANDSETS[handset], dlr_callback=receiver.url())
        await runner.advance(still.tenant, by=seconds(2))
    await runner.advance(still.tenant, by=MINUTE)
    first, second, third, fourth = HANDSETS[:4]
    assert mobiles(receiver.requests) == [second, fourth, first, third]
    waits = [attempts[0].at - callback.created for callback, attempts in queries.all_callbacks(still)]
    assert waits == [seconds(10), seconds(0)] * 2


async def test_the_wait_of_an_overtaken_callback_can_be_set(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    add_fault(still, callback="reorder", delay={"seconds": 90})
    await call.send(3, dlr_callback=receiver.url())
    await runner.advance(still.tenant, by=timedelta(days=1))
    assert mobiles(receiver.requests) == [HANDSETS[1], HANDSETS[0], HANDSETS[2]]
    assert queries.waits([attempts[0] for _, attempts in queries.all_callbacks(still)]) == [
        seconds(91),
        seconds(1),
        seconds(91),
    ]


@pytest.mark.parametrize(
    ("match", "event", "dropped"),
    [
        (Match(), None, {"dlr", "reply"}),
        (Match(), "dlr", {"dlr"}),
        (Match(), "reply", {"reply"}),
        (Match(), "link-hit", set()),
        (Match(to=HANDSETS[0]), None, {"dlr", "reply"}),
        (Match(to=HANDSETS[1]), None, set()),
        (Match(text="ello"), None, {"dlr"}),
        (Match(text="YES"), None, {"reply"}),
        (Match(sender="Abc"), None, set()),
        (Match(key=KEY), None, {"dlr", "reply"}),
        (Match(key="another"), None, set()),
    ],
)
async def test_a_fault_applies_to_matching_callbacks(
    still: FreshTenant,
    runner: Runner,
    call: Client,
    receiver: Receiver,
    match: Match,
    event: str | None,
    dropped: set[str],
) -> None:
    add_fault(still, match, callback="drop", event=event)
    await call.send(dlr_callback=receiver.url("/dlr"), reply_callback=receiver.url("/reply"))
    reply(still, "Yes please")
    await runner.advance(still.tenant, by=seconds(2))
    assert {urlsplit(each.target).path.strip("/") for each in receiver.requests} == {"dlr", "reply"} - dropped
    assert {each.event for each, _ in queries.all_callbacks(still) if each.rule == "fault 1"} == dropped


async def test_a_fault_can_begin_at_the_nth_callback_and_end_after_a_time(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    new = NewRule(
        rules.CALLBACK, Match(), Turns(nth=2), Fault("callback", callback="drop").given_fields(), NOON + MINUTE
    )
    with still.store.begin() as db:
        rules.add(db, still.tenant, new)
    await call.send(3, dlr_callback=receiver.url())
    await runner.advance(still.tenant, by=timedelta(days=9))
    # The second and the third are dropped once; a minute later the fault is over.
    assert mobiles(receiver.requests) == [HANDSETS[0], HANDSETS[1], HANDSETS[2]]
    assert [len(attempts) for _, attempts in queries.all_callbacks(still)] == [1, 2, 2]


async def test_faults_work_while_the_clock_runs(
    quick: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    set_clock(quick, Clock())
    await runner.start()
    add_fault(quick, turns=Turns(count=1), delay={"seconds": 1})
    add_fault(quick, turns=Turns(count=1), callback="duplicate")
    await call.send(2, dlr_callback=receiver.url())
    await until(lambda: len(receiver.requests) == 3)
    assert mobiles(receiver.requests) == [HANDSETS[1], HANDSETS[1], HANDSETS[0]]


async def test_without_faults_no_statement_runs(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(rules, "find_deciding", ask)
    await call.send(dlr_callback=receiver.url())
    await runner.advance(still.tenant, by=seconds(1))
    assert len(receiver.requests) == 1
