"""Lists, members and opt-outs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sms_sandbox.store import contacts, opt_outs
from sms_sandbox.store.contacts import ACTIVE, DELETED, INACTIVE, OPTED_OUT, ContactList
from sms_sandbox.store.paging import FIRST_PAGE, Paging
from tests.conftest import FreshTenant
from tests.store.example_rows import HANDSETS, NOON


@pytest.fixture
def people(fresh: FreshTenant) -> ContactList:
    with fresh.store.begin() as db:
        return contacts.add_list(db, fresh.tenant, fresh.account.id, "People", {"2": "Shoe size"}, NOON)


def reread(fresh: FreshTenant, contact_list: ContactList) -> ContactList:
    with fresh.store.begin() as db:
        kept = contacts.read_list(db, fresh.tenant, contact_list.id)
    assert kept is not None
    return kept


def join(fresh: FreshTenant, contact_list: ContactList, *handsets: str) -> None:
    with fresh.store.begin() as db:
        for msisdn in handsets:
            contacts.add_member(db, fresh.tenant, contact_list.id, msisdn, (None, None), {}, NOON)


def test_a_list_is_stored_as_it_was_added(fresh: FreshTenant, people: ContactList) -> None:
    assert reread(fresh, people) == people
    with fresh.store.begin() as db:
        assert contacts.find_list_id(db, fresh.tenant, fresh.account.id, "People") == people.id
        assert contacts.find_list_id(db, fresh.tenant, fresh.account.id, "people") is None
        assert contacts.find_list_id(db, fresh.tenant, fresh.account.id + 1, "People") is None
        assert contacts.read_list(db, fresh.tenant, people.id + 1) is None
        undated = contacts.add_list(db, fresh.tenant, fresh.account.id, "Keyword", {}, None)
    assert reread(fresh, undated).created is None


def test_lists_of_an_account_come_oldest_first(fresh: FreshTenant, people: ContactList) -> None:
    with fresh.store.begin() as db:
        second = contacts.add_list(db, fresh.tenant, fresh.account.id, "A", {}, NOON)
        contacts.add_list(db, fresh.tenant, fresh.account.id + 1, "Not ours", {}, NOON)
        assert list(contacts.list_lists(db, fresh.tenant, fresh.account.id, FIRST_PAGE).rows) == [people, second]
        page = contacts.list_lists(db, fresh.tenant, fresh.account.id, Paging(2, 1))
        assert (list(page.rows), page.total) == ([second], 2)


def test_a_member_is_stored_as_it_was_added(fresh: FreshTenant, people: ContactList) -> None:
    with fresh.store.begin() as db:
        made = contacts.add_member(db, fresh.tenant, people.id, HANDSETS[0], ("Ö", None), {"2": "44"}, NOON)
        assert made is not None
        assert contacts.read_member(db, fresh.tenant, people.id, HANDSETS[0]) == made
        assert (made.first_name, made.last_name, made.fields, made.status, made.reason) == (
            "Ö", None, {"2": "44"}, ACTIVE, None,
        )  # fmt: skip
        assert contacts.read_member(db, fresh.tenant, people.id, HANDSETS[1]) is None
        assert contacts.read_member(db, fresh.tenant, people.id + 1, HANDSETS[0]) is None
    assert (reread(fresh, people).members_active, reread(fresh, people).members_total) == (1, 1)


def test_a_number_is_on_a_list_only_once(fresh: FreshTenant, people: ContactList) -> None:
    join(fresh, people, HANDSETS[0])
    with fresh.store.begin() as db:
        before = contacts.read_member(db, fresh.tenant, people.id, HANDSETS[0])
        assert contacts.add_member(db, fresh.tenant, people.id, HANDSETS[0], ("Other", None), {}, NOON) is None
        assert contacts.read_member(db, fresh.tenant, people.id, HANDSETS[0]) == before
    assert reread(fresh, people).members_total == 1


@pytest.mark.parametrize("reason", [DELETED, OPTED_OUT])
def test_a_member_leaves_once(fresh: FreshTenant, people: ContactList, reason: str) -> None:
    join(fresh, people, *HANDSETS[:2])
    with fresh.store.begin() as db:
        assert contacts.deactivate_member(db, fresh.tenant, people.id, HANDSETS[0], reason)
        assert not contacts.deactivate_member(db, fresh.tenant, people.id, HANDSETS[0], DELETED)
        assert not contacts.deactivate_member(db, fresh.tenant, people.id, HANDSETS[5], DELETED)
        left = contacts.read_member(db, fresh.tenant, people.id, HANDSETS[0])
    assert left is not None
    assert (left.status, left.reason) == (INACTIVE, reason)
    assert (reread(fresh, people).members_active, reread(fresh, people).members_total) == (1, 2)


@settings(max_examples=20)
@given(st.lists(st.tuples(st.sampled_from(["join", "leave"]), st.integers(0, 7)), max_size=20))
def test_the_counts_of_a_list_equal_the_members_on_its_pages(fresh: FreshTenant, moves: list[tuple[str, int]]) -> None:
    with fresh.store.begin() as db:
        contact_list = contacts.add_list(db, fresh.tenant, fresh.account.id, "Any", {}, NOON)
    known: dict[str, bool] = {}
    for move, index in moves:
        msisdn = HANDSETS[index]
        if move == "join" and msisdn not in known:
            join(fresh, contact_list, msisdn)
            known[msisdn] = True
        elif move == "leave":
            with fresh.store.begin() as db:
                assert contacts.deactivate_member(db, fresh.tenant, contact_list.id, msisdn, DELETED) == known.get(
                    msisdn, False
                )
            if msisdn in known:
                known[msisdn] = False
    contact_list = reread(fresh, contact_list)
    with fresh.store.begin() as db:
        for status, expected in (
            (None, sorted(known)),
            (ACTIVE, sorted(each for each, active in known.items() if active)),
            (INACTIVE, sorted(each for each, active in known.items() if not active)),
        ):
            page = contacts.list_members(db, fresh.tenant, contact_list, status, Paging(1, 50))
            assert [member.msisdn for member in page.rows] == expected
            assert page.total == len(expected)


def test_members_are_listed_by_number(fresh: FreshTenant, people: ContactList) -> None:
    join(fresh, people, *reversed(HANDSETS[:5]))
    contact_list = reread(fresh, people)
    with fresh.store.begin() as db:
        second = contacts.list_members(db, fresh.tenant, contact_list, None, Paging(2, 2))
    assert ([member.msisdn for member in second.rows], second.total) == (list(HANDSETS[2:4]), 5)


def test_active_members_are_walked_in_chunks(fresh: FreshTenant, people: ContactList) -> None:
    join(fresh, people, *HANDSETS[:7])
    after, seen = "", []
    with fresh.store.begin() as db:
        contacts.deactivate_member(db, fresh.tenant, people.id, HANDSETS[3], DELETED)
        while chunk := contacts.list_active_members(db, fresh.tenant, people.id, after, 2):
            seen += [member.msisdn for member in chunk]
            after = chunk[-1].msisdn
    assert seen == [*HANDSETS[:3], *HANDSETS[4:7]]


def test_opt_outs_are_stored_for_the_account(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        account = fresh.account.id
        assert opt_outs.find(db, fresh.tenant, account, HANDSETS) == set()
        for msisdn in (HANDSETS[0], HANDSETS[2], HANDSETS[0]):
            opt_outs.add(db, fresh.tenant, account, msisdn)
        assert opt_outs.find(db, fresh.tenant, account, HANDSETS) == {HANDSETS[0], HANDSETS[2]}
        assert opt_outs.find(db, fresh.tenant, account, [HANDSETS[1]]) == set()
        assert opt_outs.find(db, fresh.tenant, account, []) == set()
        assert opt_outs.find(db, fresh.tenant, account + 1, HANDSETS) == set()
