"""Imports of contacts: what rows do to a list, and what the end of an import does."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from sms_sandbox.domain.bulk import Counts, ImportPlan, MemberValues
from sms_sandbox.services import contact_import, list_membership
from sms_sandbox.services.contact_import import ListGoneError
from sms_sandbox.store import contacts, imports, timeline
from sms_sandbox.store.contacts import ContactList
from sms_sandbox.store.imports import Held, NewImport
from tests.conftest import FreshTenant
from tests.store.example_rows import HANDSETS, NOON, stand


@pytest.fixture
def people(fresh: FreshTenant) -> ContactList:
    with fresh.store.begin() as db:
        stand(db, fresh.tenant)
        return contacts.add_list(db, fresh.tenant, fresh.account.id, "People", {}, NOON)


def hold(fresh: FreshTenant, contact_list: ContactList, made_list: bool = False) -> Held:
    """Add an import that this process holds."""
    with fresh.store.begin() as db:
        asked = NewImport(fresh.account.id, contact_list.id, made_list, "http://localhost/", "AU", {"1": "Town"})
        held = imports.acquire(
            db, fresh.tenant, imports.add(db, fresh.tenant, asked, NOON), "one", NOON, NOON + timedelta(hours=1)
        )
    assert held is not None
    return held


@pytest.mark.parametrize("made_list", [True, False])
def test_a_failure_removes_the_list_that_was_made_for_it(
    fresh: FreshTenant, people: ContactList, made_list: bool
) -> None:
    one = hold(fresh, people, made_list)
    with fresh.store.begin() as db:
        contact_import.end(db, one, "the reason", NOON)
        job = imports.find_last(db, fresh.tenant, people.id)
        assert job is not None
        assert (job.status, job.error) == (imports.FAILED, "the reason")
        assert (contacts.read_list(db, fresh.tenant, people.id) is None) == made_list


def test_rows_of_a_file_become_members(fresh: FreshTenant, people: ContactList) -> None:
    """A new member that another call adds meanwhile is a duplicate."""
    one = hold(fresh, people)
    new = [MemberValues(msisdn, "Uno", None, {"1": "Here"}) for msisdn in HANDSETS[:3]]
    with fresh.store.begin() as db:
        contacts.add_member(db, fresh.tenant, people.id, HANDSETS[1], ("Old", None), {}, NOON)
        what = ImportPlan(new, [], Counts(4, skipped=1, imported=3))
        contact_import.write(db, one, people, what, NOON)
        job = imports.find_last(db, fresh.tenant, people.id)
        assert job is not None
        assert job.counts == Counts(4, duplicates=1, skipped=1, imported=2)
        contact_list = contacts.read_list(db, fresh.tenant, people.id)
        assert contact_list is not None
        assert (contact_list.members_active, contact_list.members_total) == (3, 3)
        known = imports.find_known(db, one, HANDSETS[:4])
        assert [known[each].written for each in HANDSETS[:3]] == [True, False, True]
        assert known[HANDSETS[1]].first_name == "Old"
        assert imports.find_known(db, one, []) == {}


def test_the_automation_gets_only_added_contacts(fresh: FreshTenant, people: ContactList) -> None:
    one = hold(fresh, people)
    heard = replace(people, automation_url="http://localhost/heard")
    new = [MemberValues(msisdn, None, None, {}) for msisdn in HANDSETS[:3]]
    with fresh.store.begin() as db:
        list_membership.join(db, fresh.tenant, heard, HANDSETS[1], (None, None), {}, NOON)
        contact_import.write(db, one, heard, ImportPlan(new, [], Counts(3, imported=3)), NOON)
        events = [
            due.data["msisdn"] for due in timeline.list_due(db, fresh.tenant, NOON, 99) if due.kind != timeline.IMPORT
        ]
        assert sorted(events) == sorted(HANDSETS[:3])


def test_an_import_into_a_removed_list_fails(fresh: FreshTenant, people: ContactList) -> None:
    one = hold(fresh, people)
    with fresh.store.begin() as db:
        list_membership.remove(db, fresh.tenant, people, NOON)
        what = ImportPlan([MemberValues(HANDSETS[0], None, None, {})], [], Counts(1, imported=1))
        with pytest.raises(ListGoneError):
            contact_import.write(db, one, people, what, NOON)
