"""Answers while PostgreSQL is connected, but says nothing."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from sms_sandbox.store import patient_connection, schema
from sms_sandbox.store.failures import is_database_failure
from sms_sandbox.store.schema import open_store
from tests.api.test_database_failures import AWAY
from tests.conftest import FreshTenant, make_tenant
from tests.frozen_postgres import FreezablePostgres
from tests.simulation.conftest import Client

pytestmark = pytest.mark.anyio

CALLS = 8
SEND = {"to": "61491570156", "message": "Hi"}
SILENCE, CONNECT = 0.5, 2
LIMIT = SILENCE + 4 * CONNECT
"""More than the calls need together, but too little if each connects alone."""


@pytest.fixture
def postgres(fresh_postgres: Callable[[], str]) -> Iterator[FreezablePostgres]:
    with TemporaryDirectory() as folder:  # the name of a socket must be short
        made = FreezablePostgres(fresh_postgres(), Path(folder))
        yield made
        made.close()


@pytest.fixture
def frozen_tenant(postgres: FreezablePostgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[FreshTenant]:
    monkeypatch.setattr(patient_connection, "MAX_SILENCE_SECONDS", SILENCE)
    monkeypatch.setitem(schema._CONNECTION_TIMEOUTS, "connect_timeout", CONNECT)
    store = open_store(postgres.url)
    yield make_tenant(store)
    store.close()


def read(db: Connection) -> int:
    return int(db.execute(text("SELECT 1")).scalar_one())


async def test_calls_get_503_until_the_database_continues(
    postgres: FreezablePostgres, frozen_tenant: FreshTenant
) -> None:
    call = Client(frozen_tenant)
    sent = [await call.send()]
    await frozen_tenant.store.run_aside(read)
    pool: Any = frozen_tenant.store.engine.pool
    assert pool.checkedin() == 1
    began = time.monotonic()
    with postgres.frozen():
        answers = await asyncio.gather(*(call.http.post("/send-sms.json", data=SEND) for _ in range(CALLS)))
        assert {(answer.status_code, answer.json()["error"]["description"]) for answer in answers} == {(503, AWAY)}
        pool = frozen_tenant.store.engine.pool
        assert pool.checkedin() == 0  # each idle connection would take as long again
    assert time.monotonic() - began < LIMIT
    sent += [await call.send() for _ in range(3)]
    assert sent == list(range(sent[0], sent[0] + 4))  # nothing of the other calls has happened
    await call.http.aclose()


async def test_work_on_its_own_connection_ends_too(postgres: FreezablePostgres, frozen_tenant: FreshTenant) -> None:
    store = frozen_tenant.store
    began = time.monotonic()
    assert await store.run_aside(read) == 1
    with postgres.frozen(), pytest.raises(DBAPIError) as failure:
        await store.run_aside(read)
    assert is_database_failure(failure.value)
    assert time.monotonic() - began < LIMIT
    async with store.tenant_locks.lock(frozen_tenant.tenant) as is_locked:
        assert is_locked
