"""The runner stops while attempts are pending."""

from datetime import timedelta

import pytest

from sms_sandbox.simulation.callbacks import attempts
from sms_sandbox.simulation.callbacks.http_client import CallbackClient
from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import callbacks
from tests.conftest import FreshTenant
from tests.simulation import queries
from tests.simulation.conftest import Client, Receiver, until

pytestmark = pytest.mark.anyio


async def test_running_attempts_end_before_the_runner_stops(
    quick: FreshTenant, call: Client, receiver: Receiver
) -> None:
    runner = Runner(quick.store, CallbackClient())
    await runner.start()
    await call.send(dlr_callback=receiver.url(delay=0.3))
    await until(lambda: bool(receiver.requests))
    await runner.stop()
    callback, (only,) = queries.the_callback(quick)
    assert (callback.state, only.status) == (callbacks.DELIVERED, 200)


async def test_attempts_that_take_too_long_are_cancelled_and_retried_later(
    quick: FreshTenant, call: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "STOP_TIMEOUT_SECONDS", 0.1)
    runner = Runner(quick.store, CallbackClient())
    await runner.start()
    await call.send(dlr_callback=receiver.url(delay=60))
    await until(lambda: bool(receiver.requests))
    await runner.stop()
    callback, (only,) = queries.the_callback(quick)
    assert (callback.state, only.status, only.error) == (callbacks.WAITING, None, None)
    assert callback.next_due == only.at + timedelta(minutes=1)
