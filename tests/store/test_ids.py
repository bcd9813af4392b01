"""Ids, counted for each tenant by itself."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sms_sandbox.store import ids
from tests.conftest import World, found


@pytest.mark.parametrize("kind", ids.FIRST)
def test_each_kind_begins_where_it_should(fresh: World, kind: str) -> None:
    with fresh.store.begin() as db:
        taken = ids.take(db, fresh.tenant, kind)
    assert taken == ids.FIRST[kind] + (kind in ("account", "transaction"))  # the fresh world's own account came first


def test_ids_of_two_tenants_are_independent(fresh: World) -> None:
    other = found(fresh.store, "other", name="other")
    with fresh.store.begin() as db:
        assert ids.take(db, fresh.tenant, "message", 5) == ids.take(db, other.tenant, "message")
        assert ids.take(db, fresh.tenant, "message") == ids.FIRST["message"] + 5
        assert ids.take(db, other.tenant, "message") == ids.FIRST["message"] + 1


def test_kinds_are_independent(fresh: World) -> None:
    with fresh.store.begin() as db:
        ids.take(db, fresh.tenant, "message", 5)
        assert ids.take(db, fresh.tenant, "response") == ids.FIRST["response"]


@settings(max_examples=25)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=10))
def test_runs_of_ids_neither_overlap_nor_leave_gaps(fresh: World, counts: list[int]) -> None:
    with fresh.store.begin() as db:
        expected = ids.take(db, fresh.tenant, "recipient", 0)
        for count in counts:
            assert ids.take(db, fresh.tenant, "recipient", count) == expected
            expected += count


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_no_two_threads_get_the_same_id(fresh: World) -> None:
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
