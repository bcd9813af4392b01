"""The simulation loads after the start: a failure to load it is told, tried again, and holds up no stop."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from sms_sandbox import app as app_module
from sms_sandbox.app import Addresses, SandboxParts
from sms_sandbox.settings import Settings
from sms_sandbox.store import tenants
from sms_sandbox.store.schema import open_store
from tests.timing import DEADLINE_SECONDS

pytestmark = pytest.mark.anyio


@pytest.fixture
async def sandbox(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SandboxParts]:
    monkeypatch.setattr(app_module, "WARM_UP_DELAY_SECONDS", 0.01)
    monkeypatch.setattr(app_module, "LOAD_RETRY_SECONDS", 0.01)
    ca = Path("ca.pem")
    made = SandboxParts(Settings(), open_store("sqlite://"), Addresses("https://localhost", "http://localhost", ca, ca))
    yield made
    await made.stop()


async def ready(sandbox: SandboxParts) -> tuple[int, dict[str, Any]]:
    response = await sandbox.pages.readyz(Request({"type": "http", "headers": []}))
    return response.status_code, json.loads(bytes(response.body))


class Failing:
    """Fails to load modules for some times, as with too many open files."""

    def __init__(self, times: float) -> None:
        self.times = times

    def __call__(self, *_: object) -> None:
        self.times -= 1
        if self.times >= 0:
            raise OSError(24, "Too many open files")


async def test_loading_is_retried_until_it_works(
    sandbox: SandboxParts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failing = Failing(3)
    monkeypatch.setattr(app_module, "import_module", failing)
    await sandbox.start()
    seen = set()
    async with asyncio.timeout(DEADLINE_SECONDS):
        while failing.times >= 0:
            seen.add((await ready(sandbox))[0])
            await asyncio.sleep(0.002)
        await sandbox._wake()
    assert seen >= {503}
    assert (await ready(sandbox))[0] == 200
    assert "Too many open files" in caplog.text


async def test_a_sandbox_stops_even_if_nothing_loads(sandbox: SandboxParts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_module, "import_module", Failing(float("inf")))
    await sandbox.start()
    async with asyncio.timeout(DEADLINE_SECONDS):
        while (await ready(sandbox))[0] == 200:
            await asyncio.sleep(0.002)
    assert (await ready(sandbox))[1] == {
        "status": "unavailable", "reason": "The simulation could not be loaded: [Errno 24] Too many open files",
    }  # fmt: skip


async def test_a_database_that_does_not_answer_is_not_ready(
    sandbox: SandboxParts, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sandbox.start()
    assert (await ready(sandbox))[0] == 200
    with monkeypatch.context() as failing:
        failing.setattr(tenants, "find_default", Failing(float("inf")))
        assert await ready(sandbox) == (503, {"status": "unavailable", "reason": "The database does not answer."})
    assert (await ready(sandbox))[0] == 200
