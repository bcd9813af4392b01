"""The locks of clocks that several processes advance."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from sms_sandbox.domain.clock import Clock
from sms_sandbox.simulation.clocks import Clocks
from sms_sandbox.store.real_time import real_now
from sms_sandbox.store.schema import open_store
from tests.conftest import FreshTenant
from tests.simulation.conftest import clock_of, set_clock
from tests.store.example_rows import NOON

HOUR = timedelta(hours=1)

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("store", ["postgresql"], indirect=True)]


@pytest.fixture
def clocks(fresh: FreshTenant) -> Clocks:
    return Clocks(fresh.store)


@pytest.fixture
def other_clocks(fresh: FreshTenant, postgres_url: str) -> Iterator[Clocks]:
    """Clocks of another process."""
    store = open_store(postgres_url)
    yield Clocks(store)
    store.close()


async def test_one_process_at_a_time_holds_a_clock(fresh: FreshTenant, clocks: Clocks, other_clocks: Clocks) -> None:
    order: list[str] = []

    async def hold_too() -> None:
        async with other_clocks.hold(fresh.tenant):
            order.append("the second has it")

    async with clocks.hold(fresh.tenant):
        second = asyncio.create_task(hold_too())
        async with other_clocks.hold(fresh.tenant + 1):  # another tenant's clock is free
            order.append("the first still has it")
    await second
    assert order == ["the first still has it", "the second has it"]


async def test_a_clock_without_a_holder_is_resumed(fresh: FreshTenant, clocks: Clocks, other_clocks: Clocks) -> None:
    set_clock(fresh, Clock(frozen_at=NOON, moving=True))
    with fresh.store.begin() as db:
        before = clock_of(db, fresh.tenant)
    async with other_clocks.hold(fresh.tenant):
        await clocks.resume_abandoned()
        with fresh.store.begin() as db:
            assert clock_of(db, fresh.tenant) == before
        end_session(fresh, other_clocks)
        await clocks.resume_abandoned()  # the last check was a moment ago
        with fresh.store.begin() as db:
            assert clock_of(db, fresh.tenant) == before
        clocks._next_check = 0.0
        began = real_now()
        await clocks.resume_abandoned()
        with fresh.store.begin() as db:
            after = clock_of(db, fresh.tenant)
        assert (after.frozen_at, after.moving) == (None, False)
        assert NOON <= after.now(real_now()) <= NOON + (real_now() - began)


async def test_a_frozen_clock_without_a_holder_stays_frozen(fresh: FreshTenant, clocks: Clocks) -> None:
    set_clock(fresh, Clock(frozen_at=NOON).moved_to(NOON + HOUR))
    await clocks.resume_abandoned()
    with fresh.store.begin() as db:
        assert clock_of(db, fresh.tenant) == Clock(frozen_at=NOON + HOUR)


async def test_clocks_that_this_process_moves_are_not_resumed(fresh: FreshTenant, clocks: Clocks) -> None:
    async with clocks.hold(fresh.tenant):
        set_clock(fresh, Clock(frozen_at=NOON, moving=True))
        await clocks.resume_abandoned()
        with fresh.store.begin() as db:
            assert clock_of(db, fresh.tenant) == Clock(frozen_at=NOON, moving=True)


async def test_a_lost_session_is_opened_again(fresh: FreshTenant, clocks: Clocks, other_clocks: Clocks) -> None:
    async with clocks.hold(fresh.tenant):
        end_session(fresh, clocks)
    async with other_clocks.hold(fresh.tenant):
        second = asyncio.create_task(hold_for_a_moment(clocks, fresh.tenant))
        await asyncio.sleep(0.1)
        assert not second.done()
    await second


async def hold_for_a_moment(clocks: Clocks, tenant: int) -> None:
    async with clocks.hold(tenant):
        pass


def end_session(fresh: FreshTenant, clocks: Clocks) -> None:
    """End the session that holds a process's locks, as its death would."""
    session = clocks._store.tenant_locks._session
    assert session is not None
    driver: Any = session.connection.dbapi_connection
    with fresh.store.begin() as db:
        db.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": driver.info.backend_pid})
