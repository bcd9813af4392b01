"""Tenants: made, changed, emptied, and never touching each other."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Column, Connection, String, func, select

from sms_sandbox.domain.clock import Clock
from sms_sandbox.services import new_tenant
from sms_sandbox.store import accounts, contacts, messages, numbers, opt_outs, recipients, tables, tenants
from sms_sandbox.store.accounts import NewAccount
from sms_sandbox.store.database import Store
from sms_sandbox.store.paging import Paging
from sms_sandbox.store.real_time import real_now
from sms_sandbox.store.tenants import NewTenant, Tenant
from tests.conftest import FreshTenant, make_tenant
from tests.store.example_rows import HANDSETS, NOON, send


def fill(db: Connection, fresh: FreshTenant) -> None:
    """Put something of the tenant into every table there is, whatever it means."""
    for table in tables.OF_A_TENANT:
        if table is tables.journals:
            continue  # every tenant has one, and no more
        db.execute(table.insert().values({column.name: value(column, fresh.tenant) for column in table.c}))


def value(column: Column[Any], tenant: int) -> object:
    """Something for a column that no other row has."""
    if column.name == "tenant":
        return tenant
    if column.nullable:
        return None
    if column.autoincrement is True:
        return 1000 + tenant
    return f"t{tenant}" if isinstance(column.type, String) else 1


def rows(db: Connection, tenant: int) -> Counter[str]:
    """Count the rows of a tenant in each table."""
    counted = {
        table.name: db.scalar(select(func.count()).where(table.c.tenant == tenant)) or 0 for table in tables.OF_A_TENANT
    }
    return +Counter(counted)


@pytest.fixture
def other(fresh: FreshTenant) -> FreshTenant:
    return make_tenant(fresh.store, "other-key", "other-secret", name="other")


def read(db: Connection, tenant: int) -> Tenant:
    stored = tenants.read(db, tenant)
    assert stored is not None
    return stored


def test_a_tenant_is_stored_as_it_was_added(store: Store) -> None:
    clock = Clock(timedelta(days=3), NOON)
    new = NewTenant("made", "a seed", "legacy-2015", timedelta(milliseconds=1500), True, clock)
    with store.begin() as db:
        made = tenants.add(db, new, real_now())
        assert (made.name, made.seed, made.profile, made.delivery_delay) == (
            "made", "a seed", "legacy-2015", timedelta(milliseconds=1500),
        )  # fmt: skip
        assert made.strict_senders is True
        assert (made.clock, made.created) == (clock, NOON)
        assert (
            read(db, made.id) == tenants.find_by_name(db, "made") == tenants.lock_free(db, [made.id])[made.id] == made
        )
        assert tenants.find_default(db) == made.id


def test_an_empty_store_has_no_tenants(store: Store) -> None:
    with store.begin() as db:
        assert tenants.find_default(db) is None
        assert tenants.read(db, 1) is None
        assert tenants.lock_free(db, [1]) == {}
        assert tenants.find_by_name(db, "default") is None
        assert tenants.list_page(db, Paging()).rows == []


def test_tenants_are_listed_oldest_first(fresh: FreshTenant, other: FreshTenant) -> None:
    with fresh.store.begin() as db:
        page = tenants.list_page(db, Paging(1, 1))
        assert [each.id for each in page.rows] == [fresh.tenant]
        assert page.total == 2
        assert [each.id for each in tenants.list_page(db, Paging(2, 1)).rows] == [other.tenant]
        assert tenants.find_default(db) == fresh.tenant


def test_settings_of_one_tenant_change_alone(fresh: FreshTenant, other: FreshTenant) -> None:
    with fresh.store.begin() as db:
        before = read(db, other.tenant)
        tenants.change(db, fresh.tenant, {"profile": "vendor-2020", "delivery_delay": 5, "strict_senders": 1})
        changed = read(db, fresh.tenant)
        assert (changed.profile, changed.delivery_delay, changed.strict_senders) == (
            "vendor-2020", timedelta(microseconds=5), True,
        )  # fmt: skip
        assert read(db, other.tenant) == before


@pytest.mark.parametrize(
    "clock",
    [
        Clock(),
        Clock(timedelta(days=-4, microseconds=7)),
        Clock(timedelta(1), NOON),
        Clock(frozen_at=NOON, moving=True),
        Clock(frozen_at=NOON, moving=True, was_frozen=True),
    ],
)
def test_a_clock_is_stored_as_it_is_set(fresh: FreshTenant, clock: Clock) -> None:
    with fresh.store.begin() as db:
        tenants.set_clock(db, fresh.tenant, clock)
        assert read(db, fresh.tenant).clock == clock
        account = accounts.find_by_key(db, fresh.account.key)
        assert account is not None
        assert account.clock == clock


def test_clocks_held_by_an_advance_are_listed(fresh: FreshTenant, other: FreshTenant) -> None:
    with fresh.store.begin() as db:
        assert tenants.list_moving(db) == []
        for was_frozen in (False, True):
            tenants.set_clock(db, other.tenant, Clock(frozen_at=NOON, moving=True, was_frozen=was_frozen))
            assert [each.id for each in tenants.list_moving(db)] == [other.tenant]


def test_a_new_tenant_has_its_first_account_and_numbers(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        assert +rows(db, fresh.tenant) == Counter(
            counters=2, accounts=1, transactions=1, timeline=1, journals=1, numbers=2 + len(new_tenant.POOL)
        )
        assert accounts.find_first(db, fresh.tenant) == fresh.account
        assert numbers.find_sender(db, fresh.tenant, fresh.account.id, False) == new_tenant.OWN_NUMBER
        assert numbers.find_sender(db, fresh.tenant, fresh.account.id, True) == new_tenant.SHARED_NUMBER
        assert numbers.list_available(db, fresh.tenant, Paging()).total == len(new_tenant.POOL)


def test_an_emptied_tenant_holds_nothing_and_others_all_they_did(fresh: FreshTenant, other: FreshTenant) -> None:
    with fresh.store.begin() as db:
        fill(db, fresh)
        fill(db, other)
        before = rows(db, other.tenant)
        assert set(before) == set(rows(db, fresh.tenant)) == {table.name for table in tables.OF_A_TENANT}
        tenants.empty(db, fresh.tenant)
        assert rows(db, fresh.tenant) == Counter()
        assert rows(db, other.tenant) == before
        assert tenants.read(db, fresh.tenant) is not None


def test_a_removed_tenant_is_gone_and_others_are_not(fresh: FreshTenant, other: FreshTenant) -> None:
    with fresh.store.begin() as db:
        fill(db, fresh)
        fill(db, other)
        before = rows(db, other.tenant)
        assert set(before) == set(rows(db, fresh.tenant)) == {table.name for table in tables.OF_A_TENANT}
        tenants.remove(db, fresh.tenant)
        assert rows(db, fresh.tenant) == Counter()
        assert rows(db, other.tenant) == before
        assert tenants.read(db, fresh.tenant) is None
        assert accounts.find_by_key(db, fresh.account.key) is None
        assert accounts.find_by_key(db, other.account.key) == other.account


def test_an_emptied_tenant_counts_from_the_start_again(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        one = send(db, fresh, HANDSETS[:3])
        tenants.empty(db, fresh.tenant)
        tenant = read(db, fresh.tenant)
        new_tenant.fill(db, tenant, NewAccount(fresh.account.key, fresh.account.secret, throttle=0), NOON)
        assert accounts.find_by_key(db, fresh.account.key) == fresh.account
        assert send(db, fresh, HANDSETS[:3]) == one


def test_an_id_is_never_given_to_another_tenant(fresh: FreshTenant) -> None:
    """A client that still holds a tenant's id must not reach the next one."""
    with fresh.store.begin() as db:
        gone = tenants.add(db, NewTenant("gone", ""), NOON)
        tenants.remove(db, gone.id)
        assert tenants.add(db, NewTenant("next", ""), NOON).id > gone.id


def test_names_are_unique(fresh: FreshTenant) -> None:
    with pytest.raises(Exception, match=r"(?i)unique"), fresh.store.begin() as db:
        tenants.add(db, NewTenant("default", ""), NOON)


def test_tenants_do_not_see_each_others_data(fresh: FreshTenant, other: FreshTenant) -> None:
    with fresh.store.begin() as db:
        message, first = send(db, fresh, HANDSETS[:1])
        contact_list = contacts.add_list(db, fresh.tenant, fresh.account.id, "People", {}, NOON)
        opt_outs.add(db, fresh.tenant, fresh.account.id, HANDSETS[0])
        assert messages.read(db, other.tenant, message) is None
        assert recipients.read(db, other.tenant, first) is None
        assert contacts.read_list(db, other.tenant, contact_list.id) is None
        assert contacts.find_list_id(db, other.tenant, other.account.id, "People") is None
        assert opt_outs.find(db, other.tenant, other.account.id, HANDSETS) == set()
        assert recipients.find_last_to(db, other.tenant, HANDSETS[0], NOON, None) is None


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_a_tenant_whose_clock_is_being_set_can_be_read(fresh: FreshTenant) -> None:
    with fresh.store.begin() as setting:
        tenants.set_clock(setting, fresh.tenant, Clock(frozen_at=NOON))
        with fresh.store.begin() as db:
            assert tenants.read(db, fresh.tenant) is not None
