"""Resets, the upkeep and sessions whose operations fail: done again, they are whole, and others lose nothing."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from functools import partial

import psycopg
import pytest
from sqlalchemy import Connection, exc, func, select

from sms_sandbox.services import bulk_deletion as service
from sms_sandbox.services import reset, sessions
from sms_sandbox.store import balances, bulk_deletion, tables, tenants
from sms_sandbox.store.database import Store
from sms_sandbox.store.real_time import real_now
from sms_sandbox.store.tenants import Tenant
from sms_sandbox.tenants.upkeep import TenantUpkeep
from tests.conftest import FreshTenant, make_tenant
from tests.services.test_bulk_deletion import count, fill
from tests.simulation.conftest import Client
from tests.store.failing_database import FailingDatabase, failing

pytestmark = pytest.mark.anyio

SAMPLES = {"sqlite": 8, "postgresql": 4}
"""Operations that fail in turn, all over the work."""

STEP = 25
"""Few enough for several steps."""

FAILURES = (sqlite3.OperationalError, psycopg.Error, exc.DBAPIError)
KINDS = ("messages", "contacts", "clients", "mails", "traffic")


@pytest.fixture
async def database(store: Store, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FailingDatabase]:
    monkeypatch.setattr(bulk_deletion, "STEP_ROWS", STEP)
    make_tenant(store)
    with failing(store) as made:
        yield made


async def fail_each(
    database: FailingDatabase, work: Callable[[], Awaitable[object]], prepare: Callable[[], Awaitable[None]]
) -> AsyncIterator[None]:
    """Do some work with a failure at one operation after another, and again without. Yields after each."""
    await prepare()
    database.arm(0, "")
    await work()
    operations = database.count
    assert operations > 2
    samples = SAMPLES["postgresql" if "lost" in database.ways else "sqlite"]
    for sample in range(samples):
        await prepare()
        database.arm(1 + sample * operations // samples, database.ways[sample % len(database.ways)])
        try:
            await work()
        except FAILURES:
            assert database.failed
        database.disarm()
        await work()
        yield


def existing(db: Connection, fresh: FreshTenant) -> Tenant:
    tenant = tenants.read(db, fresh.tenant)
    assert tenant is not None
    return tenant


async def test_a_reset_succeeds_whichever_of_its_operations_fails(store: Store, database: FailingDatabase) -> None:
    large, other = (make_tenant(store, name, name=name) for name in ("large", "other"))
    await fill(other, "other")

    async def work() -> None:
        await service.delete_most(store, large.tenant, KINDS)
        await store.run(lambda db: reset.reset(db, existing(db, large), KINDS, real_now()))

    with store.begin() as db:
        others = count(db, other.tenant)
    async for _ in fail_each(database, work, partial(fill, large, "large")):
        with store.begin() as db:
            left = count(db, large.tenant)
            assert {name for name, rows in left.items() if rows} <= {"timeline", "transactions"}
            paid = select(func.sum(tables.transactions.c.amount)).where(tables.transactions.c.tenant == large.tenant)
            assert balances.read(db, large.tenant, large.account.id) == db.scalar(paid)
            assert count(db, other.tenant) == others
    call = Client(large, "large")
    await call.send()
    await call.http.aclose()


async def test_the_upkeep_deletes_only_idle_tenants_whichever_operation_fails(
    store: Store, database: FailingDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    used = make_tenant(store, "used", name="used")
    await fill(used, "used")
    idle: list[FreshTenant] = []
    upkeep = TenantUpkeep(store, 1)

    async def prepare() -> None:
        idle.append(make_tenant(store, f"idle-{len(idle)}", name=f"idle-{len(idle)}"))
        await fill(idle[-1], f"idle-{len(idle) - 1}")
        await store.run(lambda db: upkeep.note(db, used.tenant))

    with store.begin() as db:
        before = count(db, used.tenant)
    async for _ in fail_each(database, lambda: upkeep._try(upkeep.do_round(real_now() + timedelta(hours=2))), prepare):
        with store.begin() as db:
            assert tenants.read(db, idle[-1].tenant) is None
            assert sum(count(db, idle[-1].tenant).values()) == 0
            assert count(db, used.tenant) == before
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []  # no tracebacks


async def test_only_ended_sessions_are_gone_whichever_operation_fails(store: Store, database: FailingDatabase) -> None:
    tenant = make_tenant(store, "signed", name="signed")
    secret, tokens = tenant.account.secret or "", list[str]()

    async def work() -> None:
        begun = await store.run(lambda db: sessions.begin(db, "signed", secret, real_now()))
        tokens.append(begun)
        account = await store.run(lambda db: sessions.find(db, begun, None, real_now()))
        assert account == tenant.account
        await store.run(lambda db: sessions.end(db, begun))
        tokens.remove(begun)

    async def prepare() -> None:
        tokens.clear()

    async for _ in fail_each(database, work, prepare):
        with store.begin() as db:
            for token in tokens:  # a session that was not ended is still the account's
                assert sessions.find(db, token, None, real_now()) == tenant.account
