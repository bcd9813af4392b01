"""Large tenants are deleted in steps of a limited size, between which others are served."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, literal, select

from sms_sandbox.domain.clock import to_micros
from sms_sandbox.journal import entries
from sms_sandbox.journal.entries import build_entry
from sms_sandbox.services import bulk_deletion as service
from sms_sandbox.services import reset
from sms_sandbox.store import bulk_deletion, outbox, tables, tenants
from sms_sandbox.store.outbox import NewMail
from sms_sandbox.store.real_time import real_now
from sms_sandbox.tenants.upkeep import TenantUpkeep
from tests.conftest import KEY, FreshTenant, make_tenant
from tests.simulation.conftest import Client
from tests.store.example_rows import HANDSETS, NOON

pytestmark = pytest.mark.anyio

STEP = 7
CLIENT = 1_000_000
"""The account of a client."""


def count(db: Connection, tenant: int) -> dict[str, int]:
    """Return the number of rows of a tenant in each table that can be large."""
    return {
        table.name: db.scalar(select(func.count()).select_from(table).where(table.c.tenant == tenant)) or 0
        for table in bulk_deletion.ALL_TABLES
    }


async def fill(tenant: FreshTenant, key: str) -> None:
    call = Client(tenant, key)
    for _ in range(3):
        await call.ok("send-sms", message="Hi [unsub-reply-link]", to=",".join(HANDSETS))
    await call.ok("add-list", name="Guests")
    await call.http.aclose()


@pytest.fixture
async def filled(fresh: FreshTenant) -> FreshTenant:
    await fill(fresh, KEY)
    return fresh


async def test_each_step_is_small_and_others_are_served_between(
    filled: FreshTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_deletion, "STEP_ROWS", STEP)
    other = make_tenant(filled.store, "other", name="other")
    steps: list[int] = []
    served: list[int] = []
    real = bulk_deletion.delete_some

    def delete_some(db: Connection, tenant: int, part: Any) -> bool:
        before = sum(count(db, tenant).values())
        has_more = real(db, tenant, part)
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


async def test_a_small_tenant_is_not_deleted_in_steps(filled: FreshTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_deletion, "delete_some", None)
    await service.delete_most(filled.store, filled.tenant)
    with filled.store.begin() as db:
        assert count(db, filled.tenant)["recipients"] == 3 * len(HANDSETS)


async def test_deleting_messages_keeps_other_scheduled_events(
    filled: FreshTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_deletion, "STEP_ROWS", STEP)
    await service.delete_most(filled.store, filled.tenant, ["messages", "clock"])
    with filled.store.begin() as db:
        left = count(db, filled.tenant)
        kinds = set(db.scalars(select(tables.timeline.c.kind).where(tables.timeline.c.tenant == filled.tenant)))
    assert (left["recipients"], left["messages"]) == (0, 0)
    assert left["transactions"] > 3
    assert kinds == {"number-renewal"}


@pytest.mark.parametrize("kind", sorted(reset.KINDS))
async def test_few_rows_of_each_kind_are_left_for_the_last_transaction(
    filled: FreshTenant, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(bulk_deletion, "STEP_ROWS", STEP)
    with filled.store.begin() as db:
        add_much(db, filled)
    await service.delete_most(filled.store, filled.tenant, [kind])
    with filled.store.begin() as db:
        before = count(db, filled.tenant)
        tenant = tenants.read(db, filled.tenant)
        assert tenant is not None
        reset.reset(db, tenant, [kind], NOON)
        after = count(db, filled.tenant)
    assert {name for name in before if before[name] - after[name] > STEP} == set()


def add_much(db: Connection, filled: FreshTenant) -> None:
    """Add a client with copies of all messages, and many mails and entries."""
    tenant = filled.tenant
    for table in (tables.accounts, tables.messages, tables.recipients, tables.transactions, tables.callbacks):
        columns = {column.name: column for column in table.c}
        copied = {**columns, "id": columns["id"] + 1_000, "account": literal(CLIENT)}
        if table is tables.accounts:
            copied = {**columns, "id": literal(CLIENT), "key": literal("client-key")}
        query = select(*(copied[name] for name in columns)).where(columns["tenant"] == tenant)
        db.execute(insert(table).from_select(list(columns), query))
    mail = NewMail(filled.account.id, outbox.REPLY, "a@example.com", "b@example.com", "Hi", "Hi", NOON)
    outbox.add(db, tenant, [mail] * 3 * STEP)
    entry = build_entry(tenant, NOON, "call", account=filled.account.id, method="get-balance")
    entries.add(db, tenant, [(to_micros(real_now()), entry)] * 3 * STEP, 1_000)


async def test_a_large_idle_tenant_is_deleted_in_steps(filled: FreshTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_deletion, "STEP_ROWS", STEP)
    idle = make_tenant(filled.store, "idle", name="idle")
    await fill(idle, "idle")
    steps: list[int] = []
    real = bulk_deletion.delete_some

    def delete_some(db: Connection, tenant: int, part: Any) -> bool:
        steps.append(tenant)
        return real(db, tenant, part)

    monkeypatch.setattr(bulk_deletion, "delete_some", delete_some)
    await TenantUpkeep(filled.store, 1).do_round(real_now() + timedelta(hours=2))
    with filled.store.begin() as db:
        assert [tenants.read(db, each.tenant) is None for each in (filled, idle)] == [False, True]
        assert sum(count(db, idle.tenant).values()) == 0
    assert set(steps) == {idle.tenant}
    assert len(steps) > 3
