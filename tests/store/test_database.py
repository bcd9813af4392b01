"""The database itself: opening it, and what a transaction tells of."""

import threading

import pytest
from sqlalchemy import Connection, text

from sms_sandbox.services import ledger
from sms_sandbox.store import balances, ids, tenants, transactions
from sms_sandbox.store.database import Store
from sms_sandbox.store.real_time import real_now
from sms_sandbox.store.tenants import NewTenant
from sms_sandbox.store.unit_of_work import announce_wake, invalidate
from tests.conftest import FreshTenant


def test_only_sqlite_is_embedded(store: Store) -> None:
    assert store.embedded == (store.engine.dialect.name == "sqlite")


# Transactions


def test_a_transaction_that_fails_leaves_nothing(fresh: FreshTenant) -> None:
    def count(db: Connection) -> int:
        return int(db.scalar(text("SELECT count(*) FROM tenants")) or 0)

    def fail(db: Connection) -> None:
        tenants.add(db, NewTenant("second", "seed"), real_now())
        ids.take(db, fresh.tenant, "message")
        assert count(db) == 2
        raise RuntimeError

    with pytest.raises(RuntimeError), fresh.store.begin() as db:
        fail(db)
    with fresh.store.begin() as db:
        assert count(db) == 1
        assert ids.take(db, fresh.tenant, "message") == ids.FIRST["message"]


def test_a_failed_transaction_announces_nothing(fresh: FreshTenant) -> None:
    heard: list[int] = []
    fresh.store.on_scheduled = heard.append

    def fail(db: Connection) -> None:
        invalidate(db, fresh.tenant)
        announce_wake(db, 1)
        raise RuntimeError

    with pytest.raises(RuntimeError), fresh.store.begin() as db:
        fail(db)
    with fresh.store.begin():
        pass
    assert heard == []


# Threads of work


@pytest.mark.anyio
async def test_the_store_decides_where_work_runs(fresh: FreshTenant) -> None:
    own_thread = threading.get_ident()
    thread = await fresh.store.run(lambda _: threading.get_ident())
    assert (thread == own_thread) == fresh.store.embedded
    assert await fresh.store.run(lambda db: balances.read(db, fresh.tenant, fresh.account.id)) == 100_000_000


@pytest.mark.anyio
async def test_failed_work_is_undone_and_its_error_raised(fresh: FreshTenant) -> None:
    def fail(db: Connection) -> None:
        ledger.book(db, fresh.tenant, fresh.account.id, 1, transactions.FEE, "test", real_now())
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await fresh.store.run(fail)
    assert await fresh.store.run(lambda db: balances.read(db, fresh.tenant, fresh.account.id)) == 100_000_000
