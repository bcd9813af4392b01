"""Charges and refunds: each account's transactions add up to its balance."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import Connection, func, select

from sms_sandbox.domain import pricing
from sms_sandbox.services import ledger
from sms_sandbox.store import accounts, balances, clients, tables, transactions
from sms_sandbox.store.accounts import Account
from sms_sandbox.store.clients import Client, Details
from sms_sandbox.store.paging import Paging
from sms_sandbox.store.transactions import Transaction
from tests.conftest import FreshTenant
from tests.store.example_rows import NOON, seconds

t = tables.transactions


def book(db: Connection, account: Account) -> list[Transaction]:
    """Return the transactions of an account, newest first."""
    return list(transactions.list_page(db, account.tenant, account.id, None, None, Paging(1, 1000)).rows)


def check_books(db: Connection, tenant: int) -> None:
    """Check for each account that the sum of its transactions is its balance."""
    owners = db.execute(select(tables.accounts.c.id, tables.accounts.c.balance).filter_by(tenant=tenant)).all()
    sums = dict(
        db.execute(select(t.c.account, func.sum(t.c.amount)).filter_by(tenant=tenant).group_by(t.c.account)).all()
    )
    for owner, balance in owners:
        assert int(sums.get(owner, 0)) == balance
        standing = 0
        for amount, after in db.execute(
            select(t.c.amount, t.c.balance).filter_by(tenant=tenant, account=owner).order_by(t.c.id)
        ):
            standing += amount
            assert after == standing
            assert amount


def new_client(db: Connection, fresh: FreshTenant, name: str = "Gym", **details: Any) -> Account:
    made = clients.add(
        db,
        fresh.account,
        Details(name, f"{name.lower()}@example.com", "61491570156", **details),
        NOON,
    )
    assert made is not None
    return reread(db, fresh, made)


def reread(db: Connection, fresh: FreshTenant, account: int) -> Account:
    stored = accounts.read(db, fresh.tenant, account)
    assert stored is not None
    return stored


def client_row(db: Connection, account: Account) -> Client:
    row = clients.read(db, account.tenant, account.id)
    assert row is not None
    return row


def test_an_account_opens_with_a_transaction(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        (opening,) = book(db, fresh.account)
        assert (opening.amount, opening.balance, opening.type_id) == (100_000_000, 100_000_000, transactions.TOP_UP)
        assert book(db, new_client(db, fresh)) == []
        check_books(db, fresh.tenant)


def test_charges_and_refunds_are_transactions(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        assert ledger.charge(db, fresh.account, 2_500_000, transactions.FEE, "Number", NOON)
        ledger.book(db, fresh.tenant, fresh.account.id, 5, transactions.TOP_UP, "Gift", NOON + seconds(1), 17)
        given_back, charged, _ = book(db, fresh.account)
        assert charged == transactions.read(db, fresh.tenant, charged.id)
        assert charged == Transaction(
            charged.id, fresh.account.id, "Number", -2_500_000, 97_500_000, NOON, 0, transactions.FEE
        )
        assert (given_back.id, given_back.balance, given_back.message) == (charged.id + 1, 97_500_005, 17)
        check_books(db, fresh.tenant)


def test_a_charge_that_cannot_be_paid_leaves_nothing_behind(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        client = new_client(db, fresh)
        assert not ledger.charge_sms(db, client, 1, 1, 8_700, NOON)
        assert book(db, client) == []
        assert client_row(db, client).total_sms == 0


def test_a_client_pays_or_its_reseller_does(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        client = new_client(db, fresh)
        ledger.set_balance(db, client, 10, NOON)
        assert ledger.charge(db, client, 4, transactions.FEE, "test", NOON)
        assert (client_row(db, client).balance, client_row(db, fresh.account).balance) == (6, 100_000_000)
        assert ledger.charge(db, replace(client, client_pays=False), 7, transactions.FEE, "test", NOON)
        assert (client_row(db, client).balance, client_row(db, fresh.account).balance) == (6, 99_999_993)
        assert book(db, fresh.account)[0].account == fresh.account.id
        check_books(db, fresh.tenant)


def test_margins_are_as_recorded(fresh: FreshTenant) -> None:
    """The real service counted a spend of 0.37 and a revenue of 0.1.

    That was for five SMS at 0.054, with a margin of 2 cents.
    """
    with fresh.store.begin() as db:
        accounts.change(db, fresh.tenant, fresh.account.id, {"price": pricing.to_units(Decimal("0.054"))})
        fresh = FreshTenant(fresh.store, fresh.tenant, reread(db, fresh, fresh.account.id))
        client = new_client(db, fresh, sms_margin=2_000)
        ledger.set_balance(db, client, pricing.to_units(Decimal(15)), NOON)
        cost = pricing.cost(5, client.sms_price)
        assert ledger.charge_sms(db, client, 1, 5, cost, NOON)
        totals = client_row(db, client)
        assert pricing.from_units(totals.balance) == Decimal("14.63")
        assert (totals.total_sms, totals.total_spend, totals.total_revenue) == (5, 37_000, 10_000)
        own = client_row(db, fresh.account)
        assert (own.balance, own.total_sms, own.total_revenue) == (100_000_000, 0, 0)


def test_a_refund_goes_to_the_account_that_paid(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        client = new_client(db, fresh, client_pays=False, sms_margin=1_000)
        cost = pricing.cost(3, client.sms_price)
        assert ledger.charge_sms(db, client, 9, 3, cost, NOON)
        assert transactions.find_payment(db, fresh.tenant, 9) == (fresh.account.id, cost, 3_000)
        ledger.refund_sms(db, replace(client, client_pays=True, sms_margin=5), 9, 3, cost, NOON)
        assert (client_row(db, client).balance, client_row(db, fresh.account).balance) == (0, 100_000_000)
        totals = client_row(db, client)
        assert (totals.total_sms, totals.total_spend, totals.total_revenue) == (0, 0, 0)
        check_books(db, fresh.tenant)


def test_something_free_is_possible_with_a_negative_balance(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        client = new_client(db, fresh)
        ledger.set_balance(db, client, -5, NOON)
        assert ledger.charge_sms(db, client, 1, 1, 0, NOON)
        assert not ledger.charge_sms(db, client, 2, 1, 1, NOON)
        assert (client_row(db, client).balance, client_row(db, client).total_sms) == (-5, 1)
        check_books(db, fresh.tenant)


def test_something_free_is_counted_but_no_transaction(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        client = replace(new_client(db, fresh), price=0)
        assert ledger.charge_sms(db, client, 9, 2, 0, NOON)
        assert client_row(db, client).total_sms == 2
        ledger.refund_sms(db, client, 9, 2, 0, NOON)
        assert client_row(db, client).total_sms == 0
        assert book(db, client) == []


def test_a_top_up_is_two_rows_as_recorded(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        client = new_client(db, fresh)
        ledger.top_up(db, client, 500_000, 100_000, NOON)
        ledger.top_up(db, client, 150_000, 0, NOON)
        plain, fee, bought = book(db, client)
        assert (bought.description, bought.amount, bought.type_id) == (
            "Credit Top Up - $5.00 (+ $1 card processing fee)", 600_000, 23,
        )  # fmt: skip
        assert (fee.description, fee.amount, fee.type_id, fee.balance) == ("card processing fee", -100_000, 3, 500_000)
        assert (plain.description, plain.balance) == ("Credit Top Up - $1.50", 650_000)
        check_books(db, fresh.tenant)


def test_a_balance_is_set_by_its_difference(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        ledger.set_balance(db, fresh.account, -5, NOON)
        ledger.set_balance(db, fresh.account, -5, NOON)
        assert [each.amount for each in book(db, fresh.account)] == [-100_000_005, 100_000_000]
        assert balances.read(db, fresh.tenant, fresh.account.id) == -5


def test_a_span_of_time_includes_both_ends(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        for number in range(5):
            ledger.book(
                db, fresh.tenant, fresh.account.id, 1, transactions.FEE, str(number), NOON + timedelta(hours=number)
            )
        page = transactions.list_page(
            db, fresh.tenant, fresh.account.id, NOON + timedelta(hours=1), NOON + timedelta(hours=3), Paging(1, 2)
        )
        assert ([each.description for each in page.rows], page.total) == (["3", "2"], 3)


def test_transactions_of_other_tenants_are_not_found(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        (opening,) = book(db, fresh.account)
        assert transactions.read(db, fresh.tenant + 1, opening.id) is None
        assert book(db, replace(fresh.account, tenant=fresh.tenant + 1)) == []


MOVES = st.one_of(
    st.tuples(st.just("send"), st.integers(1, 600), st.booleans()),
    st.tuples(st.just("cancel"), st.integers(0, 20), st.booleans()),
    st.tuples(st.just("fee"), st.integers(0, 3_000_000), st.booleans()),
    st.tuples(st.just("top up"), st.integers(1, 3_000_000), st.booleans()),
    st.tuples(st.just("set"), st.integers(-10, 3_000_000), st.booleans()),
    st.tuples(st.just("margin"), st.integers(0, 3_000), st.booleans()),
)


@settings(max_examples=25)
@given(st.lists(MOVES, max_size=15))
def test_the_books_balance(fresh: FreshTenant, moves: list[tuple[str, int, bool]]) -> None:
    """Transactions add up to the balances, however a client sends.

    Sometimes it pays itself. Its margin changes, and messages are cancelled in any order.
    """
    with fresh.store.begin() as db, db.begin_nested() as undone:
        client = new_client(db, fresh)
        open_sends: list[tuple[int, int, int]] = []
        for number, (what, size, client_pays) in enumerate(moves, 1):
            clients.change(db, fresh.account, client.id, Details(client_pays=client_pays))
            client = reread(db, fresh, client.id)
            match what:
                case "send":
                    cost = pricing.cost(size, client.sms_price)
                    if ledger.charge_sms(db, client, number, size, cost, NOON):
                        open_sends.append((number, size, cost))
                case "cancel" if open_sends:
                    ledger.refund_sms(db, client, *open_sends.pop(size % len(open_sends)), NOON)
                case "fee":
                    ledger.charge(db, client, size, transactions.FEE, "test", NOON)
                case "top up":
                    ledger.top_up(db, client, size, size // 10, NOON)
                case "set":
                    ledger.set_balance(db, client, size, NOON)
                case "margin":
                    clients.change(db, fresh.account, client.id, Details(sms_margin=size))
        totals = client_row(db, client)
        assert totals.total_sms == sum(parts for _, parts, _ in open_sends)
        assert totals.total_spend == sum(cost for _, _, cost in open_sends)
        assert 0 <= totals.total_revenue <= totals.total_spend
        assert open_sends or totals.total_revenue == 0
        check_books(db, fresh.tenant)
        undone.rollback()


@pytest.mark.parametrize(("currency", "sign"), [("AUD", "$"), ("GBP", "£"), ("EUR", "€"), ("SGD", "$")])
def test_currencies_have_their_signs(currency: str, sign: str) -> None:
    assert pricing.currency_sign(currency) == sign


@pytest.mark.parametrize(("units", "text"), [(100_000, "1"), (150_000, "1.5"), (10_000_000, "100"), (0, "0")])
def test_amounts_are_formatted_without_final_zeros(units: int, text: str) -> None:
    assert pricing.format_units(units) == text
