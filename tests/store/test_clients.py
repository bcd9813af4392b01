"""Clients: accounts of the same tenant, made and kept by a reseller."""

import threading

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection

from sms_sandbox.domain import credentials
from sms_sandbox.services import new_tenant
from sms_sandbox.store import accounts, clients, contacts, tables, tenants
from sms_sandbox.store.accounts import Account, NewAccount
from sms_sandbox.store.clients import Client, Details
from sms_sandbox.store.paging import Paging
from sms_sandbox.store.tenants import NewTenant
from tests.conftest import FreshTenant
from tests.store.example_rows import HANDSETS, NOON

GYM = Details("Gym", "gym@example.com", "61491570156")


def make(db: Connection, reseller: Account, details: Details = GYM) -> Client:
    made = clients.add(db, reseller, details, NOON)
    assert made is not None
    return read(db, reseller.tenant, made)


def read(db: Connection, tenant: int, client: int) -> Client:
    client_row = clients.read(db, tenant, client)
    assert client_row is not None
    return client_row


def test_a_client_is_stored_as_it_was_added(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        full = Details(
            "Gym", "gym@example.com", "61491570156", "Desk", "Africa/Abidjan", False, 2_000, 300, 500, "fixed", "s"
        )
        made = make(db, fresh.account, full)
        assert (made.parent, made.name, made.contact, made.email, made.msisdn) == (
            fresh.account.id, "Gym", "Desk", "gym@example.com", "61491570156",
        )  # fmt: skip
        assert (made.timezone, made.client_pays, made.sms_margin, made.top_up, made.secret) == (
            "Africa/Abidjan", False, 2_000, 500, "s",
        )  # fmt: skip
        assert (made.created, made.balance, made.credit_based) == (NOON, 0, False)
        account = accounts.find_by_key(db, made.key)
        assert account is not None
        assert account.id == made.id == fresh.account.id + 1
        assert (account.tenant, account.parent, account.reseller, account.number_margin, account.payer) == (
            fresh.tenant, fresh.account.id, False, 300, fresh.account.id,
        )  # fmt: skip


def test_missing_details_are_copied_from_the_reseller(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        changes = {"currency": "NZD", "price": 5_400, "throttle": 3, "page_size": 7, "timezone": "Pacific/Auckland"}
        accounts.change(db, fresh.tenant, fresh.account.id, changes)
        reseller = accounts.read(db, fresh.tenant, fresh.account.id)
        assert reseller is not None
        made = make(db, reseller)
        account = accounts.read(db, fresh.tenant, made.id)
        assert account is not None
        assert (account.currency, account.price, account.throttle, account.page_size, made.timezone) == (
            "NZD", 5_400, 3, 7, "Pacific/Auckland",
        )  # fmt: skip
        assert (made.contact, made.client_pays, account.sms_price, account.payer) == ("Gym", True, 5_400, made.id)


def test_a_clients_client_pays_the_margins_of_both(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        middle = accounts.read(db, fresh.tenant, make(db, fresh.account, replace(GYM, sms_margin=1_000)).id)
        assert middle is not None
        last = make(db, middle, Details("Club", "club@example.com", "61491570157", sms_margin=500))
        account = accounts.read(db, fresh.tenant, last.id)
        assert account is not None
        assert account.sms_price == 8_700 + 1_000 + 500


def test_a_replay_gives_the_same_keys(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        one = make(db, fresh.account)
        tenant = tenants.read(db, fresh.tenant)
        assert tenant is not None
        tenants.empty(db, fresh.tenant)
        new_tenant.fill(db, tenant, NewAccount(fresh.account.key, fresh.account.secret), NOON)
        two = make(db, fresh.account)
        assert (one.id, one.key, one.secret) == (two.id, two.key, two.secret)
        assert one.key != one.secret


def test_two_tenants_of_one_seed_have_keys_of_their_own(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        twin = new_tenant.create(db, NewTenant("twin", fresh.account.seed), NewAccount("twin-key", "s"), NOON)
        first = accounts.find_first(db, twin.id)
        assert first is not None
        one, two = make(db, fresh.account), make(db, first)
        assert (one.id, one.secret) == (two.id, two.secret)
        assert one.key != two.key
        owners = [account.tenant for key in (one.key, two.key) if (account := accounts.find_by_key(db, key))]
        assert owners == [fresh.tenant, twin.id]


def test_keys_are_never_numbers() -> None:
    for number in range(300):
        made = credentials.derive_key("seed", number)
        assert len(made) == 32
        assert set(made) <= set("0123456789abcdef")
        assert made[0] == "a"


def test_names_and_addresses_are_unique(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        gym = make(db, fresh.account)
        assert clients.add(db, fresh.account, replace(GYM, name="Other"), NOON) is None
        assert clients.add(db, fresh.account, replace(GYM, email="other@example.com"), NOON) is None
        club = make(db, fresh.account, Details("Club", "club@example.com", "61491570157"))
        assert club.id == gym.id + 1
        assert not clients.change(db, fresh.account, club.id, Details(name="Gym"))
        assert not clients.change(db, fresh.account, club.id, Details(email="gym@example.com"))
        assert clients.change(db, fresh.account, gym.id, GYM)
        assert read(db, fresh.tenant, club.id) == club


def test_another_resellers_client_may_have_the_name_but_not_the_address(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        make(db, fresh.account)
        other = accounts.read(db, fresh.tenant, accounts.add(db, fresh.tenant, NewAccount("other", "s"), NOON))
        assert other is not None
        assert clients.add(db, other, replace(GYM, name="Other"), NOON) is None
        make(db, other, replace(GYM, email="other@example.com"))


def test_only_given_details_change(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        gym, club = make(db, fresh.account), make(db, fresh.account, Details("Club", "club@example.com", "61491570157"))
        assert clients.change(db, fresh.account, gym.id, Details())
        assert read(db, fresh.tenant, gym.id) == gym
        assert clients.change(db, fresh.account, gym.id, Details(sms_margin=0, client_pays=False, timezone="UTC"))
        assert read(db, fresh.tenant, gym.id) == replace(gym, client_pays=False, timezone="UTC")
        assert read(db, fresh.tenant, club.id) == club


def test_lists_and_contacts_are_counted(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        gym, club = make(db, fresh.account), make(db, fresh.account, Details("Club", "club@example.com", "61491570157"))
        for name, handsets in (("One", HANDSETS[:3]), ("Two", HANDSETS[:2]), ("None", ())):
            contact_list = contacts.add_list(db, fresh.tenant, gym.id, name, {}, NOON)
            for handset in handsets:
                contacts.add_member(db, fresh.tenant, contact_list.id, handset, (None, None), {}, NOON)
        client_row = read(db, fresh.tenant, gym.id)
        assert (client_row.total_lists, client_row.total_contacts) == (3, 5)
        client_row = read(db, fresh.tenant, club.id)
        assert (client_row.total_lists, client_row.total_contacts) == (0, 0)


def test_clients_are_listed_by_name_descending(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        names = ["apple", "Zoo", "Gym 2", "Gym 10", "Élan", "_x", "gym"]
        for number, name in enumerate(names):
            make(db, fresh.account, Details(name, f"{number}@example.com", "61491570156"))
        page = clients.list_page(db, fresh.account, Paging(1, 100))
        assert [each.name for each in page.rows] == sorted(names, reverse=True)
        assert page.total == 7
        second = clients.list_page(db, fresh.account, Paging(2, 3))
        assert (second.rows, second.total) == (page.rows[3:6], 7)
        assert clients.list_page(db, replace(fresh.account, tenant=fresh.tenant + 1), Paging()).total == 0


def test_a_tenants_accounts_are_listed(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        gym = make(db, fresh.account)
        page = accounts.list_page(db, fresh.tenant, Paging(1, 1))
        assert (page.rows, page.total) == ([fresh.account], 2)
        assert [each.id for each in accounts.list_page(db, fresh.tenant, Paging(2, 1)).rows] == [gym.id]


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_only_one_of_simultaneous_callers_gets_a_name(fresh: FreshTenant) -> None:
    ready = threading.Barrier(6)
    made: list[int | None] = []

    def add(number: int) -> None:
        ready.wait(10)
        with fresh.store.begin() as db:
            made.append(clients.add(db, fresh.account, replace(GYM, email=f"{number}@example.com"), NOON))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each is None for each in made) == [False] + [True] * 5


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_twins_that_make_clients_at_once_get_keys_of_their_own(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        twin = new_tenant.create(db, NewTenant("twin", fresh.account.seed), NewAccount("twin-key", "s"), NOON)
        first = accounts.find_first(db, twin.id)
    assert first is not None
    ready = threading.Barrier(2)

    def add(reseller: Account) -> None:
        ready.wait(10)
        for number in range(10):
            with fresh.store.begin() as db:
                make(db, reseller, Details(str(number), f"{number}@example.com", "61491570156"))

    threads = [threading.Thread(target=add, args=(each,)) for each in (fresh.account, first)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with fresh.store.begin() as db:
        keys = list(db.scalars(tables.accounts.select().with_only_columns(tables.accounts.c.key)))
    assert len(set(keys)) == 22
