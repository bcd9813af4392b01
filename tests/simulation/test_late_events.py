"""An advance ends in bounded work, however much is sent while it moves the clock."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from sms_sandbox.domain.carrier import DELIVERED
from sms_sandbox.simulation import advance
from sms_sandbox.simulation.due_rows import DueRows, FindRows
from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import timeline
from sms_sandbox.store.timeline import Due
from tests.conftest import FreshTenant
from tests.simulation import queries
from tests.simulation.conftest import Client, Receiver, Request, until
from tests.store.example_rows import HANDSETS, NOON, seconds

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)
MAX_STEPS = 60


@pytest.fixture
def on_step(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """A function that sets what happens after each step of an advance."""

    def set_work(work: Callable[[], Any]) -> None:
        original, steps = DueRows.run_due, 0

        async def run_due(rows: DueRows, find: FindRows, real: datetime | None) -> list[Due]:
            nonlocal steps
            steps += 1
            assert steps < MAX_STEPS, "the advance does not end"
            ran = await original(rows, find, real)
            await work()
            return ran

        monkeypatch.setattr(DueRows, "run_due", run_due)

    return set_work


async def test_an_advance_ends_even_if_each_step_sends_a_message(
    still: FreshTenant, runner: Runner, call: Client, monkeypatch: pytest.MonkeyPatch, receiver: Receiver,
    on_step: Callable[[Callable[[], Any]], None],
) -> None:  # fmt: skip
    """Its result counts the events that are left. They happen afterwards."""
    monkeypatch.setattr(advance, "MAX_LATE_EVENTS", 5)
    first, later = await call.send(dlr_callback=receiver.url()), list[int]()

    async def send() -> None:
        later.append(await call.send())

    on_step(send)
    ran = await runner.advance(still.tenant, by=HOUR)
    monkeypatch.undo()
    assert (ran.end, queries.message(still, first).delivered, len(receiver.requests)) == (NOON + HOUR, 1, 1)
    assert ran.counts["report"] == 1 + 5
    assert ran.late == len(later) - 5 > 0

    await runner.start()
    await until(lambda: all(queries.message(still, each).delivered for each in later))
    assert (await runner.advance(still.tenant, by=HOUR)).late == 0


async def test_an_app_that_answers_callbacks_is_waited_for(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    """The messages of the app are delivered in the same advance."""
    answered: list[int] = []

    async def on_request(request: Request) -> None:
        if request.path == "/dlr":
            answered.append(await call.send())

    receiver.on_request = on_request
    await call.send(len(HANDSETS), dlr_callback=receiver.url("/dlr"))
    ran = await runner.advance(still.tenant, by=HOUR)
    assert len(answered) == len(HANDSETS)
    assert {queries.recipient(still, each).status for each in answered} == {DELIVERED}
    assert ran.late == 0


async def test_late_events_neither_run_in_real_time_nor_wake_the_runner(
    still: FreshTenant, runner: Runner, call: Client, on_step: Callable[[Callable[[], Any]], None]
) -> None:
    """While the clock is moved, the advance alone decides what runs."""
    seen: list[tuple[list[Due], datetime | None]] = []
    looks = count()

    async def look() -> None:
        if not next(looks):  # not at later steps, which may come while this one waits
            await call.send()
            with still.store.begin() as db:
                seen.append((timeline.list_waking(db, NOON + timedelta(days=365), 9), timeline.find_next_wake(db)))

    await call.send()
    on_step(look)
    await runner.advance(still.tenant, by=seconds(1))
    assert seen == [([], None)]
