"""Work on PostgreSQL begins with cached values.

It runs again if another process had changed them.
"""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection

from sms_sandbox.services import ledger
from sms_sandbox.store import accounts, balances, ids, tenant_versions, tenants, transactions
from sms_sandbox.store.database import Store
from sms_sandbox.store.pieces import Piece
from sms_sandbox.store.schema import open_store
from sms_sandbox.store.tenants import Tenant
from tests.conftest import FreshTenant
from tests.store.example_rows import NOON
from tests.store.group_work import run_pieces

pytestmark = pytest.mark.parametrize("store", ["postgresql"], indirect=True)


@pytest.fixture
def second(store: Store) -> Iterator[Store]:
    """A second store on the same database, as another process has it."""
    other = open_store(store.engine.url.render_as_string(hide_password=False))
    yield other
    other.close()


def run(store: Store, tenant: int, *works: Callable[[Connection], object]) -> list[object]:
    """Run work in one group, and return the result or error of each piece."""
    pieces = [Piece(work, [tenant]) for work in works]
    run_pieces(store, pieces)
    return [piece.error or piece.result for piece in pieces]


class Counted:
    """Work that counts how often it ran."""

    def __init__(self, work: Callable[[Connection], object]) -> None:
        self._work = work
        self.runs = 0

    def __call__(self, db: Connection) -> object:
        self.runs += 1
        return self._work(db)


def take(tenant: FreshTenant) -> Callable[[Connection], int]:
    return lambda db: ids.take(db, tenant.tenant, "message")


@pytest.mark.parametrize("pieces", [1, 3])
def test_work_with_old_values_runs_again(
    fresh: FreshTenant, second: Store, pieces: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenant_versions, "_CONTENTION_SECONDS", 600.0)
    run(fresh.store, fresh.tenant, take(fresh))
    run(second, fresh.tenant, take(fresh))
    works = [Counted(take(fresh)) for _ in range(pieces)]
    first = ids.FIRST["message"] + 2
    assert run(fresh.store, fresh.tenant, *works) == [*range(first, first + pieces)]
    assert [work.runs for work in works] == [2] * pieces
    run(second, fresh.tenant, take(fresh))
    again = Counted(take(fresh))  # the other process is busy with this tenant, so that the lock comes first
    assert run(fresh.store, fresh.tenant, again, lambda _: "no tenant") == [first + pieces + 1, "no tenant"]
    assert again.runs == 1


def test_work_of_the_only_process_runs_once(fresh: FreshTenant) -> None:
    run(fresh.store, fresh.tenant, take(fresh))
    work = Counted(take(fresh))
    assert run(fresh.store, fresh.tenant, work, work) == [ids.FIRST["message"] + 1, ids.FIRST["message"] + 2]
    assert work.runs == 2


def test_a_refusal_that_rests_on_an_old_value_is_not_given(fresh: FreshTenant, second: Store) -> None:
    def balance(db: Connection) -> int:
        return balances.read(db, fresh.tenant, fresh.account.id)

    before = 100_000_000

    def charge(db: Connection) -> str:
        account = accounts.read(db, fresh.tenant, fresh.account.id)
        assert account is not None
        is_paid = ledger.charge(db, account, 2 * before, transactions.FEE, "test", NOON)
        return "paid" if is_paid else "too poor"

    assert run(fresh.store, fresh.tenant, balance) == [before]
    assert run(fresh.store, fresh.tenant, charge) == ["too poor"]
    with second.begin() as db:
        ledger.set_balance(db, fresh.account, 3 * before, NOON)
    assert run(fresh.store, fresh.tenant, charge) == ["paid"]
    assert run(fresh.store, fresh.tenant, balance) == [before]


def test_a_tenant_that_another_process_deleted_is_gone(fresh: FreshTenant, second: Store) -> None:
    def read(db: Connection) -> object:
        return tenants.lock_free(db, [fresh.tenant]).get(fresh.tenant)

    assert isinstance(run(fresh.store, fresh.tenant, read)[0], Tenant)
    with second.begin() as db:
        tenants.retire(db, fresh.tenant)
    assert run(fresh.store, fresh.tenant, read) == [None]


def test_a_tenant_is_taken_over_with_its_state(
    fresh: FreshTenant, second: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counters and balances come with the lock. Each read of its own would be another round trip."""
    monkeypatch.setattr(tenant_versions, "_CONTENTION_SECONDS", 600.0)
    account = fresh.account.id
    add = lambda db: balances.add(db, fresh.tenant, account, 5)  # noqa: E731
    for store in (fresh.store, second, fresh.store, second):  # now both know that they are not alone
        run(store, fresh.tenant, take(fresh), add)
    monkeypatch.setattr(ids._READ, "all", None)
    monkeypatch.setattr(balances._READ, "one", None)
    assert run(fresh.store, fresh.tenant, take(fresh), add) == [ids.FIRST["message"] + 4, 100_000_025]


def test_rows_of_a_tenant_that_is_gone_do_not_disturb(fresh: FreshTenant, second: Store) -> None:
    gone = fresh.tenant + 1
    with second.begin() as db:
        ids.take(db, gone, "message")
    assert run(fresh.store, gone, lambda _: "done", lambda _: "done") == ["done", "done"]
