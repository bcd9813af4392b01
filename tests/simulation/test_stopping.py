"""Stopping with attempts under way."""

from datetime import timedelta

import pytest

from sms_sandbox.simulation.callbacks import attempts as flights_module
from sms_sandbox.simulation.callbacks.http_client import Courier
from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import callbacks
from tests.conftest import FreshTenant
from tests.simulation import looking
from tests.simulation.conftest import Client, Receiver, until

pytestmark = pytest.mark.anyio


async def test_what_is_under_way_ends_before_all_stops(quick: FreshTenant, call: Client, receiver: Receiver) -> None:
    runner = Runner(quick.store, Courier())
    await runner.start()
    await call.send(dlr_callback=receiver.url(delay=0.3))
    await until(lambda: bool(receiver.requests))
    await runner.stop()
    callback, (only,) = looking.the_callback(quick)
    assert (callback.state, only.status) == (callbacks.DELIVERED, 200)


async def test_what_takes_too_long_is_broken_off_and_tried_again_later(
    quick: FreshTenant, call: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flights_module, "PARTING", 0.1)
    runner = Runner(quick.store, Courier())
    await runner.start()
    await call.send(dlr_callback=receiver.url(delay=60))
    await until(lambda: bool(receiver.requests))
    await runner.stop()
    callback, (only,) = looking.the_callback(quick)
    assert (callback.state, only.status, only.error) == (callbacks.WAITING, None, None)
    assert callback.next_due == only.at + timedelta(minutes=1)
