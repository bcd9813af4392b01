"""Imports as the store keeps them: who holds one, and what it wrote."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sms_sandbox.domain.bulk import Counts, Sorted, Written
from sms_sandbox.services import list_membership
from sms_sandbox.store import contacts, imports, timeline
from sms_sandbox.store.contacts import ContactList
from sms_sandbox.store.imports import Held, NewImport
from tests.conftest import FreshTenant
from tests.store.making import HANDSETS, NOON, seconds, stand

HOLD = timedelta(seconds=30)


@pytest.fixture
def people(fresh: FreshTenant) -> ContactList:
    with fresh.store.begin() as db:
        stand(db, fresh.tenant)
        return contacts.add_list(db, fresh.tenant, fresh.account.id, "People", {}, NOON)


def start(at: FreshTenant, on: ContactList, made_list: bool = False) -> int:
    with at.store.begin() as db:
        asked = NewImport(at.account.id, on.id, made_list, "http://localhost/", "AU", {"1": "Town"})
        return imports.add(db, at.tenant, asked, NOON)


def hold(at: FreshTenant, job: int, holder: str = "one", after: float = 0) -> Held | None:
    with at.store.begin() as db:
        real = NOON + seconds(after)
        return imports.take(db, at.tenant, job, holder, real, real + HOLD)


def test_an_import_is_what_was_asked_for(fresh: FreshTenant, people: ContactList) -> None:
    job = start(fresh, people)
    with fresh.store.begin() as db:
        assert imports.last(db, fresh.tenant, people.id + 1) is None
        assert imports.last(db, fresh.tenant + 1, people.id) is None
        there = imports.last(db, fresh.tenant, people.id)
        assert there is not None
        assert (there.id, there.status, there.counts) == (job, imports.IN_PROGRESS, Counts())
        assert (there.asked.country, there.asked.fields) == ("AU", {"1": "Town"})
        (due,) = timeline.due_by(db, fresh.tenant, NOON, 9)
        assert (due.kind, due.ref) == (imports.KIND, job)


def test_one_holds_it_at_a_time(fresh: FreshTenant, people: ContactList) -> None:
    job = start(fresh, people)
    one = hold(fresh, job)
    assert one is not None
    assert hold(fresh, job, "two", 29) is None
    with fresh.store.begin() as db:
        assert timeline.next_wake(db) == NOON + HOLD
        imports.keep(db, one, NOON + seconds(50))
    assert hold(fresh, job, "two", 49) is None
    two = hold(fresh, job, "two", 50)
    assert two is not None
    with fresh.store.begin() as db:
        assert not imports.is_held(db, one)
        assert imports.is_held(db, two)
        imports.keep(db, one, NOON + seconds(999))
        assert not imports.set_length(db, one, 9)
        imports.end(db, one, "", NOON)
        assert timeline.next_wake(db) == NOON + seconds(80)
        there = imports.last(db, fresh.tenant, people.id)
        assert there is not None
        assert (there.status, there.importlength) == (imports.IN_PROGRESS, 0)


def test_what_nobody_holds_any_more_is_let_go_of(fresh: FreshTenant, people: ContactList) -> None:
    job = start(fresh, people)
    one = hold(fresh, job)
    assert one is not None
    with fresh.store.begin() as db:
        imports.release_all(db, NOON + seconds(1))
        assert not imports.is_held(db, one)
        assert timeline.next_wake(db) == NOON + seconds(1)
    assert hold(fresh, job, "two", 1) is not None


def test_what_has_ended_is_not_begun_again(fresh: FreshTenant, people: ContactList) -> None:
    job = start(fresh, people)
    one = hold(fresh, job)
    assert one is not None
    with fresh.store.begin() as db:
        imports.end(db, one, "", NOON)
        assert timeline.due_of(db, fresh.tenant, imports.KIND, job) is None
    assert hold(fresh, job, "two", 99) is None
    assert hold(fresh, job + 1) is None


@pytest.mark.parametrize("made_list", [True, False])
def test_a_failure_removes_the_list_that_was_made_for_it(
    fresh: FreshTenant, people: ContactList, made_list: bool
) -> None:
    one = hold(fresh, start(fresh, people, made_list))
    assert one is not None
    with fresh.store.begin() as db:
        imports.end(db, one, "the reason", NOON)
        there = imports.last(db, fresh.tenant, people.id)
        assert there is not None
        assert (there.status, there.error) == (imports.FAILED, "the reason")
        assert (contacts.read_list(db, fresh.tenant, people.id) is None) == made_list


def test_members_that_are_written(fresh: FreshTenant, people: ContactList) -> None:
    """One of the new ones was put on the list by another call meanwhile, and is a duplicate after all."""
    one = hold(fresh, start(fresh, people))
    assert one is not None
    new = [Written(msisdn, "Uno", None, {"1": "Here"}) for msisdn in HANDSETS[:3]]
    with fresh.store.begin() as db:
        contacts.add_member(db, fresh.tenant, people.id, HANDSETS[1], ("Old", None), {}, NOON)
        what = Sorted(new, [], Counts(4, skipped=1, imported=3))
        assert imports.write(db, one, people, what, NOON)
        there = imports.last(db, fresh.tenant, people.id)
        assert there is not None
        assert there.counts == Counts(4, duplicates=1, skipped=1, imported=2)
        on = contacts.read_list(db, fresh.tenant, people.id)
        assert on is not None
        assert (on.members_active, on.members_total) == (3, 3)
        known = imports.known(db, one, HANDSETS[:4])
        assert [known[each].written for each in HANDSETS[:3]] == [True, False, True]
        assert known[HANDSETS[1]].first_name == "Old"
        assert imports.known(db, one, []) == {}


def test_the_automation_hears_of_those_alone_who_were_added(fresh: FreshTenant, people: ContactList) -> None:
    one = hold(fresh, start(fresh, people))
    assert one is not None
    heard = replace(people, automation_url="http://localhost/heard")
    new = [Written(msisdn, None, None, {}) for msisdn in HANDSETS[:3]]
    with fresh.store.begin() as db:
        list_membership.join(db, fresh.tenant, heard, HANDSETS[1], (None, None), {}, NOON)
        assert imports.write(db, one, heard, Sorted(new, [], Counts(3, imported=3)), NOON)
        told = [due.data["msisdn"] for due in timeline.due_by(db, fresh.tenant, NOON, 99) if due.kind != imports.KIND]
        assert sorted(told) == sorted(HANDSETS[:3])


def test_members_of_a_list_that_is_gone(fresh: FreshTenant, people: ContactList) -> None:
    one = hold(fresh, start(fresh, people))
    assert one is not None
    with fresh.store.begin() as db:
        list_membership.remove(db, fresh.tenant, people, NOON)
        what = Sorted([Written(HANDSETS[0], None, None, {})], [], Counts(1, imported=1))
        assert not imports.write(db, one, people, what, NOON)
