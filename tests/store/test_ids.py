"""Ids, counted for each tenant separately."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from sms_sandbox.store import ids, tenants, unit_of_work
from sms_sandbox.store.unit_of_work import invalidate
from tests.conftest import FreshTenant, make_tenant


@pytest.mark.parametrize("kind", ids.FIRST)
def test_each_kind_begins_where_it_should(fresh: FreshTenant, kind: str) -> None:
    with fresh.store.begin() as db:
        taken = ids.take(db, fresh.tenant, kind)
    assert taken == ids.FIRST[kind] + (kind in ("account", "transaction"))  # the fresh tenant's own account came first


def test_ids_of_two_tenants_are_independent(fresh: FreshTenant) -> None:
    other = make_tenant(fresh.store, "other", name="other")
    with fresh.store.begin() as db:
        assert ids.take(db, fresh.tenant, "message", 5) == ids.take(db, other.tenant, "message")
        assert ids.take(db, fresh.tenant, "message") == ids.FIRST["message"] + 5
        assert ids.take(db, other.tenant, "message") == ids.FIRST["message"] + 1


def test_kinds_are_independent(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        ids.take(db, fresh.tenant, "message", 5)
        assert ids.take(db, fresh.tenant, "response") == ids.FIRST["response"]


@settings(max_examples=25)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=10))
def test_runs_of_ids_neither_overlap_nor_leave_gaps(fresh: FreshTenant, counts: list[int]) -> None:
    with fresh.store.begin() as db:
        expected = ids.take(db, fresh.tenant, "recipient", 0)
        for count in counts:
            assert ids.take(db, fresh.tenant, "recipient", count) == expected
            expected += count


def test_ids_continue_if_the_cached_id_was_changed(fresh: FreshTenant) -> None:
    first = ids.FIRST["message"]
    with fresh.store.begin() as db:
        assert ids.take(db, fresh.tenant, "message", 3) == first
        invalidate(db, fresh.tenant)
        assert ids.take(db, fresh.tenant, "message", 2) == first + 3
    with fresh.store.begin() as db:
        assert ids.take(db, fresh.tenant, "message") == first + 5


def test_ids_continue_if_the_cache_is_cleared(fresh: FreshTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_of_work, "MAX_CACHED_VALUES", 0)
    other = make_tenant(fresh.store, "other", name="other")
    with fresh.store.begin() as db:
        for taken in range(3):
            for tenant in (fresh, other):
                assert ids.take(db, tenant.tenant, "message") == ids.FIRST["message"] + taken


def test_ids_begin_again_in_an_emptied_tenant(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        ids.take(db, fresh.tenant, "message")
        tenants.empty(db, fresh.tenant)
        assert ids.take(db, fresh.tenant, "message") == ids.FIRST["message"]


def test_ids_are_in_the_database_when_the_transaction_is_over(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        ids.take(db, fresh.tenant, "message", 7)
    with fresh.store.begin() as db:
        standing = db.scalar(text("SELECT value FROM counters WHERE kind = 'message'"))
    assert standing == ids.FIRST["message"] + 7


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_no_two_threads_get_the_same_id(fresh: FreshTenant) -> None:
    taken: list[int] = []

    def take() -> None:
        for _ in range(20):
            with fresh.store.begin() as db:
                taken.append(ids.take(db, fresh.tenant, "message"))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(ids.FIRST["message"], ids.FIRST["message"] + 80))
