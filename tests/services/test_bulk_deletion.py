"""Large tenants are deleted in steps of a limited size, between which others are served."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from sms_sandbox.services import bulk_deletion as service
from sms_sandbox.store import bulk_deletion, tables
from tests.conftest import FreshTenant, make_tenant
from tests.simulation.conftest import Client
from tests.store.example_rows import HANDSETS

pytestmark = pytest.mark.anyio

STEP = 7


def count(db: Connection, tenant: int) -> dict[str, int]:
    """Return the number of rows of a tenant in each table that can be large."""
    return {
        table.name: db.scalar(select(func.count()).select_from(table).where(table.c.tenant == tenant)) or 0
        for table in bulk_deletion.ALL
    }


@pytest.fixture
async def filled(fresh: FreshTenant) -> FreshTenant:
    call = Client(fresh)
    for _ in range(3):
        await call.ok("send-sms", message="Hi [unsub-reply-link]", to=",".join(HANDSETS))
    await call.ok("add-list", name="Guests")
    await call.http.aclose()
    return fresh


async def test_each_step_is_small_and_others_are_served_between(
    filled: FreshTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_deletion, "STEP_ROWS", STEP)
    other = make_tenant(filled.store, "other", name="other")
    steps: list[int] = []
    served: list[int] = []
    real = bulk_deletion.delete_some

    def delete_some(db: Connection, tenant: int, of: Any) -> bool:
        before = sum(count(db, tenant).values())
        has_more = real(db, tenant, of)
        steps.append(before - sum(count(db, tenant).values()))
        return has_more

    async def call_again_and_again() -> None:
        call = Client(other, "other")
        while True:
            await call.ok("get-balance")
            served.append(len(steps))
            await asyncio.sleep(0)

    monkeypatch.setattr(bulk_deletion, "delete_some", delete_some)
    with filled.store.begin() as db:
        rows, others = sum(count(db, filled.tenant).values()), count(db, other.tenant)
    serving = asyncio.create_task(call_again_and_again())
    await service.delete_most(filled.store, filled.tenant)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    await asyncio.sleep(0.01)  # the transaction of the last turn of the loop is committed
    with filled.store.begin() as db:
        assert sum(count(db, filled.tenant).values()) == 0
        left = count(db, other.tenant)
        assert {**left, "traffic": 0} == {**others, "traffic": 0}
    assert max(steps) <= STEP
    assert len(steps) >= rows // STEP > 3
    assert len({each for each in served if 0 < each < len(steps)}) > 1


async def test_a_small_tenant_is_left_to_one_transaction(filled: FreshTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_deletion, "delete_some", None)
    await service.delete_most(filled.store, filled.tenant)
    with filled.store.begin() as db:
        assert count(db, filled.tenant)["recipients"] == 3 * len(HANDSETS)


async def test_messages_alone_leave_what_else_is_planned(filled: FreshTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_deletion, "STEP_ROWS", STEP)
    await service.delete_most(filled.store, filled.tenant, ["messages", "clock"])
    with filled.store.begin() as db:
        left = count(db, filled.tenant)
        kinds = set(db.scalars(select(tables.timeline.c.kind).where(tables.timeline.c.tenant == filled.tenant)))
    assert (left["recipients"], left["messages"]) == (0, 0)
    assert left["transactions"] > 3
    assert kinds == {"number-renewal"}
