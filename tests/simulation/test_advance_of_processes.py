"""An advance while other processes make callback attempts."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from sms_sandbox.simulation import advance
from sms_sandbox.simulation.callbacks.http_client import CallbackClient
from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import callbacks
from tests.conftest import FreshTenant
from tests.simulation import queries
from tests.simulation.conftest import Client, Receiver, Request, until

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("store", ["postgresql"], indirect=True)]


@pytest.fixture
async def another(fresh: FreshTenant) -> AsyncIterator[Runner]:
    """The runner of another process."""
    made = Runner(fresh.store, CallbackClient())
    yield made
    await made.stop()


@pytest.mark.parametrize("span", [timedelta(seconds=5), timedelta(hours=24)], ids=["short", "over the retry"])
async def test_an_advance_waits_for_an_attempt_of_another_process(
    quick: FreshTenant, runner: Runner, another: Runner, call: Client, receiver: Receiver, span: timedelta
) -> None:
    answers = asyncio.Event()

    async def hold(_: Request) -> None:
        await answers.wait()

    receiver.on_request = hold
    await another.start()
    await call.send(dlr_callback=receiver.url())
    await until(lambda: bool(receiver.requests))
    task = asyncio.create_task(runner.advance(quick.tenant, span))
    await asyncio.sleep(0.3)
    assert not task.done()
    answers.set()
    await task
    assert len(receiver.requests) == 1
    assert queries.the_callback(quick)[0].state == callbacks.DELIVERED


async def test_a_dead_process_delays_an_advance_for_a_limited_time(
    quick: FreshTenant, runner: Runner, another: Runner, call: Client, receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(advance, "ATTEMPT_TIMEOUT_SECONDS", 0.1)
    monkeypatch.setattr(advance, "_RECORDING_SECONDS", 0.1)
    await another.start()
    await call.send(dlr_callback=receiver.url(delay=60))
    await until(lambda: bool(receiver.requests))
    await another.stop()  # cancels the attempt, so that it is never recorded
    receiver.url(delay=0.0)
    await runner.advance(quick.tenant, timedelta(hours=24))
    assert len(receiver.requests) == 2
    callback, (first, second) = queries.the_callback(quick)
    assert callback.state == callbacks.DELIVERED
    assert (first.latency, second.status) == (None, 200)
