"""Imports as the store keeps them, and who holds one."""

from datetime import timedelta

import pytest

from sms_sandbox.domain.bulk import Counts
from sms_sandbox.store import contacts, imports, timeline
from sms_sandbox.store.contacts import ContactList
from sms_sandbox.store.imports import Held, NewImport
from tests.conftest import FreshTenant
from tests.store.example_rows import NOON, seconds, stand

HOLD = timedelta(seconds=30)


@pytest.fixture
def people(fresh: FreshTenant) -> ContactList:
    with fresh.store.begin() as db:
        stand(db, fresh.tenant)
        return contacts.add_list(db, fresh.tenant, fresh.account.id, "People", {}, NOON)


def start(fresh: FreshTenant, contact_list: ContactList) -> int:
    with fresh.store.begin() as db:
        asked = NewImport(fresh.account.id, contact_list.id, False, "http://localhost/", "AU", {"1": "Town"})
        return imports.add(db, fresh.tenant, asked, NOON)


def hold(fresh: FreshTenant, job: int, holder: str = "one", after: float = 0) -> Held | None:
    with fresh.store.begin() as db:
        real = NOON + seconds(after)
        return imports.acquire(db, fresh.tenant, job, holder, real, real + HOLD)


def test_an_import_is_stored_as_requested(fresh: FreshTenant, people: ContactList) -> None:
    job = start(fresh, people)
    with fresh.store.begin() as db:
        assert imports.find_last(db, fresh.tenant, people.id + 1) is None
        assert imports.find_last(db, fresh.tenant + 1, people.id) is None
        stored = imports.find_last(db, fresh.tenant, people.id)
        assert stored is not None
        assert (stored.id, stored.status, stored.counts) == (job, imports.IN_PROGRESS, Counts())
        assert (stored.asked.country, stored.asked.fields) == ("AU", {"1": "Town"})
        (due,) = timeline.list_due(db, fresh.tenant, NOON, 9)
        assert (due.kind, due.ref) == (timeline.IMPORT, job)


def test_an_import_has_one_holder_at_a_time(fresh: FreshTenant, people: ContactList) -> None:
    job = start(fresh, people)
    one = hold(fresh, job)
    assert one is not None
    assert hold(fresh, job, "two", 29) is None
    with fresh.store.begin() as db:
        assert timeline.find_next_wake(db) == NOON + HOLD
        imports.extend(db, one, NOON + seconds(50))
    assert hold(fresh, job, "two", 49) is None
    two = hold(fresh, job, "two", 50)
    assert two is not None
    with fresh.store.begin() as db:
        assert not imports.is_held(db, one)
        assert imports.is_held(db, two)
        imports.extend(db, one, NOON + seconds(999))
        assert not imports.set_length(db, one, 9)
        assert not imports.end(db, one, "")
        assert timeline.find_next_wake(db) == NOON + seconds(80)
        stored = imports.find_last(db, fresh.tenant, people.id)
        assert stored is not None
        assert (stored.status, stored.importlength) == (imports.IN_PROGRESS, 0)


def test_an_import_that_lost_its_holder_is_released(fresh: FreshTenant, people: ContactList) -> None:
    job = start(fresh, people)
    one = hold(fresh, job)
    assert one is not None
    with fresh.store.begin() as db:
        imports.release_all(db, NOON + seconds(1))
        assert not imports.is_held(db, one)
        assert timeline.find_next_wake(db) == NOON + seconds(1)
    assert hold(fresh, job, "two", 1) is not None


def test_an_import_that_ended_does_not_begin_again(fresh: FreshTenant, people: ContactList) -> None:
    job = start(fresh, people)
    one = hold(fresh, job)
    assert one is not None
    with fresh.store.begin() as db:
        assert imports.end(db, one, "")
        assert timeline.find_due(db, fresh.tenant, timeline.IMPORT, job) is None
    assert hold(fresh, job, "two", 99) is None
    assert hold(fresh, job + 1) is None
