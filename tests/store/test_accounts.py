"""Accounts, and money that can't be spent twice."""

import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sms_sandbox.services import ledger
from sms_sandbox.store import accounts, balances, tenants, transactions
from sms_sandbox.store.accounts import NewAccount
from sms_sandbox.store.tenants import NewTenant
from sms_sandbox.store.timeline import GoneError
from tests.conftest import FreshTenant, make_tenant
from tests.store.example_rows import NOON

FULL = 100_000_000


def balance(fresh: FreshTenant) -> int:
    with fresh.store.begin() as db:
        return balances.read(db, fresh.tenant, fresh.account.id)


def test_an_account_is_stored_as_it_was_added(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        made = accounts.add(db, fresh.tenant, NewAccount("k", None, "n", "NZD", 5, 7, 3, 10), NOON)
        account = accounts.read(db, fresh.tenant, made)
        assert account is not None
        assert account == accounts.find_by_key(db, "k")
        assert (account.secret, account.currency, account.price, account.throttle, account.page_size) == (
            None, "NZD", 7, 3, 10,
        )  # fmt: skip
        assert (account.suspended, account.dlr_url, account.reply_url, account.link_hits_url) == (
            False, None, None, None,
        )  # fmt: skip
        assert balances.read(db, fresh.tenant, made) == 5
        assert made != fresh.account.id


def test_an_account_has_the_settings_of_its_tenant(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        tenants.change(db, fresh.tenant, {"profile": "vendor-2020", "strict_senders": 1})
        account = accounts.find_by_key(db, fresh.account.key)
        tenant = tenants.read(db, fresh.tenant)
    assert account is not None
    assert tenant is not None
    assert (account.seed, account.profile, account.strict_senders, account.clock) == (
        tenant.seed, "vendor-2020", True, tenant.clock,
    )  # fmt: skip


def test_unknown_keys_and_ids_find_no_account(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        assert accounts.find_by_key(db, "TEST-KEY") is None
        assert accounts.read(db, fresh.tenant, 1) is None
        assert accounts.read(db, fresh.tenant + 1, fresh.account.id) is None
        empty = tenants.add(db, NewTenant("empty", ""), NOON)
        assert accounts.find_first(db, empty.id) is None


def test_the_first_account_is_the_tenants_own(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        accounts.add(db, fresh.tenant, NewAccount("second", None), NOON)
        assert accounts.find_first(db, fresh.tenant) == fresh.account


def test_a_key_belongs_to_one_account_among_all_tenants(fresh: FreshTenant) -> None:
    with pytest.raises(Exception, match=r"(?i)unique"):
        make_tenant(fresh.store, fresh.account.key, name="other")
    with fresh.store.begin() as db:
        assert tenants.find_by_name(db, "other") is None


def test_settings_of_one_account_change_alone(fresh: FreshTenant) -> None:
    changes: dict[str, Any] = {"dlr_url": "http://localhost/dlr", "suspended": 1, "throttle": 2, "price": 1}
    with fresh.store.begin() as db:
        second = accounts.add(db, fresh.tenant, NewAccount("second", None), NOON)
        before = accounts.read(db, fresh.tenant, second)
        accounts.change(db, fresh.tenant, fresh.account.id, changes)
        changed = accounts.find_by_key(db, fresh.account.key)
        assert changed is not None
        assert {name: getattr(changed, name) for name in changes} == changes
        assert changed.suspended is True
        assert accounts.read(db, fresh.tenant, second) == before


def test_exactly_the_balance_can_be_spent(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        assert not ledger.charge(db, fresh.account, FULL + 1, transactions.FEE, "test", NOON)
        assert ledger.charge(db, fresh.account, FULL, transactions.FEE, "test", NOON)
        assert ledger.charge(db, fresh.account, 0, transactions.FEE, "test", NOON)
        assert not ledger.charge(db, fresh.account, 1, transactions.FEE, "test", NOON)
    assert balance(fresh) == 0


def test_an_account_on_credit_can_have_a_negative_balance(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        accounts.change(db, fresh.tenant, fresh.account.id, {"credit_based": 1})
        assert ledger.charge(db, fresh.account, FULL + 5, transactions.FEE, "test", NOON)
    assert balance(fresh) == -5


def test_an_unknown_account_pays_nothing(fresh: FreshTenant) -> None:
    for stranger in (replace(fresh.account, id=1), replace(fresh.account, tenant=fresh.tenant + 1)):
        with pytest.raises(GoneError), fresh.store.begin() as db:
            ledger.charge(db, stranger, 1, transactions.FEE, "test", NOON)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from(["charge", "credit"]), st.integers(0, FULL)), max_size=12))
def test_the_books_balance(fresh: FreshTenant, moves: list[tuple[str, int]]) -> None:
    with fresh.store.begin() as db:
        expected = balances.read(db, fresh.tenant, fresh.account.id)
        for what, amount in moves:
            if what == "credit":
                ledger.book(db, fresh.tenant, fresh.account.id, amount, transactions.FEE, "test", NOON)
                expected += amount
            else:
                paid = ledger.charge(db, fresh.account, amount, transactions.FEE, "test", NOON)
                assert paid == (amount <= expected)
                expected -= amount if paid else 0
            assert balances.read(db, fresh.tenant, fresh.account.id) == expected >= 0


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_simultaneous_charges_never_overdraw(fresh: FreshTenant) -> None:
    """Eight threads spend 80 units in all, but the balance is 50. So exactly 50 charges succeed."""
    with fresh.store.begin() as db:
        ledger.set_balance(db, fresh.account, 50, NOON)
    ready = threading.Barrier(8)
    paid: list[bool] = []

    def spend() -> None:
        ready.wait(10)
        for _ in range(10):
            with fresh.store.begin() as db:
                paid.append(ledger.charge(db, fresh.account, 1, transactions.FEE, "test", NOON))

    threads = [threading.Thread(target=spend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (paid.count(True), len(paid), balance(fresh)) == (50, 80, 0)
