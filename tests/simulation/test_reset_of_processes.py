"""Resets and imports of tenants while callback attempts are under way."""

import asyncio
from datetime import timedelta
from time import monotonic

import pytest

from sms_sandbox.domain.clock import Clock
from sms_sandbox.services import tenant_document
from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import callbacks
from sms_sandbox.store.real_time import real_now
from sms_sandbox.store.tenants import NewTenant
from tests.conftest import FreshTenant, reset_tenant
from tests.simulation import queries
from tests.simulation.conftest import Client, Receiver, Request, until
from tests.store.example_rows import NOON

pytestmark = pytest.mark.anyio


async def test_the_outcome_of_an_attempt_from_before_a_reset_is_not_that_of_a_later_one(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    queries.delay_delivery(still, timedelta())
    answers = asyncio.Event()

    async def hold_the_first(request: Request) -> None:
        if request.path == "/before":
            await answers.wait()

    receiver.on_request = hold_the_first
    await runner.start()
    await call.send(dlr_callback=receiver.url("/before"))
    await until(lambda: bool(receiver.requests))
    reset_tenant(still)
    await call.send(dlr_callback=receiver.url("/after", statuses=[500]))
    await until(lambda: [each.status for _, tried in queries.all_callbacks(still) for each in tried] == [500])
    answers.set()
    await until(lambda: not runner.attempts.pending_count)
    await runner.attempts.record_ended()
    callback, (only,) = queries.the_callback(still)
    assert (callback.state, only.status) == (callbacks.WAITING, 500)
    assert callback.next_due is not None


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_an_advance_does_not_wait_for_the_attempts_of_an_imported_document(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    await call.send(dlr_callback=receiver.url(statuses=[500, 200]))
    await runner.advance(still.tenant, timedelta(seconds=2))
    with still.store.begin() as db:
        rows = tenant_document.export(db, still.tenant)
        accounts = [{**row, "key": f"other {row['key']}"} for row in rows["accounts"]]
        new = NewTenant("imported", "seed", clock=Clock(frozen_at=NOON + timedelta(seconds=2)))
        imported = tenant_document.restore(db, new, NOON, {**rows, "accounts": accounts}, real_now())
    began = monotonic()
    await runner.advance(imported.id, timedelta(hours=1))
    assert monotonic() - began < 5
    assert len(receiver.requests) == 2
