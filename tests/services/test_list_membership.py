"""Joining and leaving lists, and what goes with it."""

from typing import Any

import pytest

from sms_sandbox.services import list_membership
from sms_sandbox.store import accounts, contacts, timeline
from sms_sandbox.store.accounts import Account
from sms_sandbox.store.contacts import ContactList
from tests.conftest import FreshTenant
from tests.store.example_rows import HANDSETS, NOON, seconds

ONE, TWO = HANDSETS[:2]
NOBODY = (None, None)


@pytest.fixture
def people(fresh: FreshTenant) -> ContactList:
    return a_list(fresh, "People", "http://localhost/hook")


def a_list(fresh: FreshTenant, name: str, url: str = "") -> ContactList:
    with fresh.store.begin() as db:
        made = contacts.add_list(db, fresh.tenant, fresh.account.id, name, {"2": "Size", "1": "City"}, NOON)
        contacts.set_automation(db, fresh.tenant, made.id, url)
        kept = contacts.read_list(db, fresh.tenant, made.id)
    assert kept is not None
    return kept


def planned(fresh: FreshTenant) -> list[tuple[str, int, Any]]:
    with fresh.store.begin() as db:
        rows = timeline.list_due(db, fresh.tenant, NOON + seconds(60), 100)
    return [(row.kind, row.ref, row.data) for row in rows]


def account(fresh: FreshTenant, shared: bool) -> Account:
    with fresh.store.begin() as db:
        accounts.change(db, fresh.tenant, fresh.account.id, {"global_optouts": int(shared)})
        account = accounts.read(db, fresh.tenant, fresh.account.id)
    assert account is not None
    return account


def test_joining_and_leaving_schedule_events_for_the_automation(fresh: FreshTenant, people: ContactList) -> None:
    with fresh.store.begin() as db:
        assert list_membership.join(db, fresh.tenant, people, ONE, ("Uno", None), {"2": "44"}, NOON)
        assert list_membership.join(db, fresh.tenant, people, ONE, ("Uno", None), {"2": "44"}, NOON) is None
        assert list_membership.leave(db, fresh.tenant, people, ONE, contacts.DELETED, NOON)
        assert not list_membership.leave(db, fresh.tenant, people, ONE, contacts.DELETED, NOON)
    expected = {
        "account": fresh.account.id, "url": "http://localhost/hook", "msisdn": ONE, "firstname": "Uno", "lastname": "",
        "fields": {"City": "", "Size": "44"},
    }  # fmt: skip
    assert planned(fresh) == [
        ("list-action", people.id, {**expected, "action": "add"}),
        ("list-action", people.id, {**expected, "action": "delete"}),
    ]  # fmt: skip


def test_a_list_without_an_automation_url_schedules_no_event(fresh: FreshTenant) -> None:
    contact_list = a_list(fresh, "Silent")
    with fresh.store.begin() as db:
        list_membership.join(db, fresh.tenant, contact_list, ONE, NOBODY, {}, NOON)
        list_membership.leave(db, fresh.tenant, contact_list, ONE, contacts.DELETED, NOON)
    assert planned(fresh) == []


@pytest.mark.parametrize("shared", [False, True])
def test_an_opt_out_is_from_one_list_or_from_all(fresh: FreshTenant, people: ContactList, shared: bool) -> None:
    other, third = a_list(fresh, "Other"), a_list(fresh, "Third")
    owner = account(fresh, shared)
    with fresh.store.begin() as db:
        for each in (people, other):
            list_membership.join(db, fresh.tenant, each, ONE, NOBODY, {}, NOON)
        for each in (people, other, third):
            list_membership.join(db, fresh.tenant, each, TWO, NOBODY, {}, NOON)
        assert not list_membership.is_barred(db, fresh.tenant, owner, ONE)
        left = list_membership.opt_out(db, fresh.tenant, owner, ONE, [other], NOON)
        assert [each.id for each in left] == ([people.id, other.id] if shared else [other.id])
        assert list_membership.is_barred(db, fresh.tenant, owner, ONE) is shared
        assert not list_membership.is_barred(db, fresh.tenant, owner, TWO)
        held = contacts.find_lists_of(db, fresh.tenant, owner.id, ONE)
        assert [each.id for each in held] == ([] if shared else [people.id])
        assert len(contacts.find_lists_of(db, fresh.tenant, owner.id, ONE, contacts.OPTED_OUT)) == 2
        assert len(contacts.find_lists_of(db, fresh.tenant, owner.id, TWO)) == 3


def test_members_of_a_removed_list_are_deleted_later(fresh: FreshTenant, people: ContactList) -> None:
    other = a_list(fresh, "Other")
    with fresh.store.begin() as db:
        for each in HANDSETS[:5]:
            contacts.add_member(db, fresh.tenant, people.id, each, NOBODY, {}, NOON)
        contacts.add_member(db, fresh.tenant, other.id, ONE, NOBODY, {}, NOON)
        full = contacts.read_list(db, fresh.tenant, people.id)
        assert full is not None
        list_membership.remove(db, fresh.tenant, full, NOON)
        assert contacts.read_list(db, fresh.tenant, people.id) is None
        assert contacts.find_lists_of(db, fresh.tenant, fresh.account.id, TWO) == []
    assert planned(fresh) == [("forget-members", people.id, {})]
    with fresh.store.begin() as db:
        assert [contacts.delete_members(db, fresh.tenant, people.id, 3) for _ in range(3)] == [3, 2, 0]
        assert contacts.read_member(db, fresh.tenant, people.id, ONE) is None
        assert contacts.read_member(db, fresh.tenant, other.id, ONE) is not None
