"""A tenant that is used while it is being deleted: it is kept whole, or nobody can reach it any more."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, update

from sms_sandbox.journal import queries
from sms_sandbox.store import bulk_deletion, tables, tenant_use, tenants, timeline
from sms_sandbox.store.paging import Paging
from sms_sandbox.store.real_time import real_now
from sms_sandbox.tenants.upkeep import TenantUpkeep
from tests.conftest import FreshTenant, make_tenant
from tests.services.test_bulk_deletion import count, fill
from tests.simulation.conftest import Client

pytestmark = pytest.mark.anyio

STEP = 7


@pytest.fixture
async def idle(fresh: FreshTenant, monkeypatch: pytest.MonkeyPatch) -> FreshTenant:
    """A tenant with messages that nobody has used for long, beside the default one."""
    monkeypatch.setattr(bulk_deletion, "STEP_ROWS", STEP)
    made = make_tenant(fresh.store, "idle", name="idle")
    await fill(made, "idle")
    with fresh.store.begin() as db:
        db.execute(update(tables.tenants).where(tables.tenants.c.id == made.tenant).values(last_used=0))
    return made


def list_names(db: Connection) -> list[str]:
    return [tenant.name for tenant in tenants.list_page(db, Paging(1, 100)).rows]


def before_each_step(monkeypatch: pytest.MonkeyPatch, then: Callable[[int], None]) -> None:
    """Call `then` with the number of each step of a deletion, before it is done."""
    real, steps = bulk_deletion.delete_some, iter(range(10_000))

    def delete_some(db: Connection, tenant: int, part: Any) -> bool:
        then(next(steps))
        return real(db, tenant, part)

    monkeypatch.setattr(bulk_deletion, "delete_some", delete_some)


async def test_a_tenant_used_before_it_is_locked_is_kept_whole(
    idle: FreshTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a shared store another process uses the tenant. Only the database tells that."""
    store = idle.store
    upkeep = TenantUpkeep(store, 1)
    used = upkeep if store.embedded else TenantUpkeep(store, 1)
    real = store.run
    looked: list[object] = []

    async def run(work: Callable[[Connection], Any], *args: Any) -> Any:
        result = await real(work, *args)
        if isinstance(work, partial) and work.func is tenant_use.list_idle:
            looked.append(result)
            await real(lambda db: used.note(db, idle.tenant))
        return result

    with store.begin() as db:
        before = count(db, idle.tenant)
    monkeypatch.setattr(store, "run", run)
    await upkeep.do_round(real_now())
    assert looked == [[(idle.tenant, "idle")]]
    with store.begin() as db:
        assert list_names(db) == ["default", "idle"]
        assert count(db, idle.tenant) == before


async def test_a_tenant_that_is_being_deleted_is_gone_for_everybody(
    idle: FreshTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = idle.store
    client, codes, made = Client(idle, "idle"), list[str](), list[FreshTenant]()
    real = store.run

    async def run(work: Callable[[Connection], Any], *args: Any) -> Any:
        result = await real(work, *args)
        if isinstance(work, partial) and work.func is bulk_deletion.delete_some:
            monkeypatch.setattr(store, "run", real)
            codes.append((await client("get-balance"))["error"]["code"])
            with store.begin() as db:
                assert list_names(db) == ["default"]
                assert tenants.find_by_name(db, f"deleted {idle.tenant}") is None
                assert [end.name for end in queries.list_ends(db)] == ["default"]
                assert tenant_use.count_tenants(db) == 1
                waking = timeline.list_waking(db, real_now() + timedelta(days=9_999), 100)
                assert {row.tenant for row in waking} == {1}
            made.append(make_tenant(store, "idle", name="idle"))
            await client.ok("send-sms", to="61491570156", message="of the new one")
        return result

    monkeypatch.setattr(store, "run", run)
    await TenantUpkeep(store, 1).do_round(real_now())
    await client.http.aclose()
    assert codes == ["AUTH_FAILED"]
    with store.begin() as db:
        assert list_names(db) == ["default", "idle"]
        assert sum(count(db, idle.tenant).values()) == 0
        assert count(db, made[0].tenant)["messages"] == 1


async def test_a_deletion_that_was_interrupted_is_finished_by_the_next_round(
    idle: FreshTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(step: int) -> None:
        if step == 2:
            raise RuntimeError("interrupted")

    with monkeypatch.context() as patch:
        before_each_step(patch, interrupt)
        with pytest.raises(RuntimeError, match="interrupted"):
            await TenantUpkeep(idle.store, 1).do_round(real_now())
    with idle.store.begin() as db:
        assert sum(count(db, idle.tenant).values()) > 0
        assert list_names(db) == ["default"]
    await TenantUpkeep(idle.store, None).do_round(real_now())
    with idle.store.begin() as db:
        assert sum(count(db, idle.tenant).values()) == 0
        assert tenants.list_retired(db) == []


async def test_a_shared_store_knows_of_a_use_as_soon_as_it_is_answered(idle: FreshTenant) -> None:
    upkeep = TenantUpkeep(idle.store, 1)

    def last_used() -> int:
        with idle.store.begin() as db:
            row = tenants.read(db, idle.tenant)
        assert row is not None
        return row.last_used.year

    def undone(db: Connection) -> None:
        upkeep.note(db, idle.tenant)
        raise LookupError("undone")

    with pytest.raises(LookupError, match="undone"):
        await idle.store.run(undone)
    assert last_used() == 1970
    await idle.store.run(lambda db: upkeep.note(db, idle.tenant))
    assert (last_used() == 1970) == idle.store.embedded
