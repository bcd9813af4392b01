"""The timeline while the database fails: nothing that was accepted is lost."""

import sqlite3
from typing import Any

import pytest

from sms_sandbox.simulation import runner as runner_module
from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import recipients
from tests.conftest import FreshTenant
from tests.simulation import queries
from tests.simulation.conftest import Client, Receiver, until


@pytest.mark.anyio
@pytest.mark.parametrize("failures", [1, 2, 3, 7])
async def test_events_wait_until_the_database_works_again(
    quick: FreshTenant, runner: Runner, call: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch,
    failures: int,
) -> None:  # fmt: skip
    """An event whose database fails is not moved to the failed events."""
    monkeypatch.setattr(runner_module, "RETRY_SECONDS", 0.02)
    left = failures
    real = recipients.find_reporting

    def fail(*args: Any, **more: Any) -> Any:
        nonlocal left
        if left > 0:
            left -= 1
            raise sqlite3.OperationalError("database or disk is full")
        return real(*args, **more)

    monkeypatch.setattr(recipients, "find_reporting", fail)
    sent = await call.send(5, dlr_callback=receiver.url())
    await runner.start()
    await until(lambda: len(receiver.requests) == 5)
    assert queries.message(quick, sent).delivered == 5
    assert left == 0
