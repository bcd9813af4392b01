"""Work that needs tenants which another process has locked."""

import asyncio
from contextlib import suppress

import pytest
from sqlalchemy import Connection, select

from sms_sandbox.store import group_runner, ids, tenants
from sms_sandbox.store.failures import is_database_failure
from sms_sandbox.store.tables import tenants as tenants_table
from sms_sandbox.store.tenant_versions import TenantBusyError
from sms_sandbox.store.unit_of_work import scope
from tests.conftest import FreshTenant, make_tenant

pytestmark = pytest.mark.parametrize("store", ["postgresql"], indirect=True)


def test_work_that_needs_a_tenant_of_another_process_runs_when_that_is_free(fresh: FreshTenant) -> None:
    other = make_tenant(fresh.store, "other", name="other")

    def both(db: Connection) -> int:
        ids.take(db, other.tenant, "message")
        return ids.take(db, fresh.tenant, "message")

    async def run() -> None:
        with fresh.store.begin() as db:
            tenants.lock(db, fresh.tenant)
            waiting = asyncio.ensure_future(fresh.store.run(both, [other.tenant]))
            await asyncio.sleep(0.05)
            assert not waiting.done()
        assert await waiting == ids.FIRST["message"]

    asyncio.run(run())
    with fresh.store.begin() as db:
        assert ids.take(db, other.tenant, "message") == ids.FIRST["message"] + 1


@pytest.mark.parametrize("given", [True, False])
def test_a_tenant_locked_by_another_process_delays_only_its_own_work(fresh: FreshTenant, given: bool) -> None:
    other = make_tenant(fresh.store, "other", name="other")

    def run(tenant: int) -> "asyncio.Future[int]":
        work = fresh.store.run(lambda db: ids.take(db, tenant, "message"), [tenant] if given else [])
        return asyncio.ensure_future(work)

    async def check() -> None:
        with fresh.store.begin() as db:
            tenants.lock(db, other.tenant)
            held = [run(other.tenant) for _ in range(3)]
            for _ in range(20):
                await asyncio.wait_for(asyncio.gather(*(run(fresh.tenant) for _ in range(3))), 5)
                held.append(run(other.tenant))
            assert not any(each.done() for each in held)
        assert len(set(await asyncio.gather(*held))) == len(held)

    asyncio.run(check())


def test_work_does_not_wait_for_ever_for_a_tenant(fresh: FreshTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_runner, "MAX_LOCK_SECONDS", 0.3)

    async def check() -> None:
        with fresh.store.begin() as db:
            tenants.lock(db, fresh.tenant)
            with pytest.raises(TenantBusyError) as refusal:
                await fresh.store.run(lambda db: ids.take(db, fresh.tenant, "message"), [fresh.tenant])
        assert is_database_failure(refusal.value)
        assert await fresh.store.run(lambda db: ids.take(db, fresh.tenant, "message")) == ids.FIRST["message"]

    asyncio.run(check())


def test_a_lock_that_ended_with_a_scope_is_taken_again(fresh: FreshTenant) -> None:
    other = make_tenant(fresh.store, "other", name="other")
    free = select(tenants_table.c.id).order_by(tenants_table.c.id).with_for_update(skip_locked=True)
    with fresh.store.begin() as db:
        with suppress(ValueError), scope(db):
            tenants.change(db, other.tenant, {"delivery_delay": 1})  # the scope needs a savepoint for it
            ids.take(db, fresh.tenant, "message")
            raise ValueError
        ids.take(db, fresh.tenant, "message")
        with fresh.store.engine.connect() as process:
            assert process.scalars(free).all() == [other.tenant]
