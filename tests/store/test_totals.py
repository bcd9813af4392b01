"""Totals: whatever happened to rows, they are what counting all rows gives."""

import contextlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from sms_sandbox.services import reset, tenant_document
from sms_sandbox.store import (
    accounts,
    bulk_deletion,
    ids,
    messages,
    reports,
    responses,
    tables,
    tenants,
    totals,
    transactions,
)
from sms_sandbox.store.accounts import NewAccount
from sms_sandbox.store.messages import CANCELLED
from sms_sandbox.store.paging import Paging
from sms_sandbox.store.real_time import real_now
from sms_sandbox.store.recipients import NewRecipient, new_ids
from sms_sandbox.store.recipients import add as add_recipients
from sms_sandbox.store.responses import NewResponse, ResponseFilter
from sms_sandbox.store.tenants import NewTenant
from sms_sandbox.store.totals import Sums
from sms_sandbox.store.unit_of_work import scope
from tests.conftest import FreshTenant, make_tenant
from tests.store.example_rows import HANDSETS, NOON, add_message

KINDS: Mapping[str, tuple[Any, Any, str]] = {
    "message": (messages.TOTALS, tables.messages, "send_at"),
    "transaction": (transactions.TOTALS, tables.transactions, "created"),
    "response": (responses.TOTALS, tables.responses, "received_at"),
}

MINUTES = st.sampled_from([0, 0, 0, 0, 1, 2, 60])
"""Many things happen at one moment, as they do while a clock is frozen. An hour is that of scheduled messages."""
ACCOUNT = st.integers(0, 1)
SEND = st.tuples(st.just("send"), ACCOUNT, MINUTES, st.integers(1, 3))
CHANGE = st.tuples(st.sampled_from(["cancel", "leave"]), st.integers(0, 5))
STEP = st.one_of(
    SEND, SEND, SEND, SEND, CHANGE, CHANGE,
    st.tuples(st.sampled_from(["book", "respond"]), ACCOUNT, MINUTES),
    st.tuples(st.sampled_from(["refuse", "undo", "reset messages", "reset clients", "delete some messages",
                               "delete some clients", "delete some of all"])),
)  # fmt: skip
STEPS = st.lists(st.lists(STEP, min_size=3, max_size=8), min_size=1, max_size=5)
"""Transactions, each of a few steps."""
PERIODS = st.lists(st.tuples(MINUTES, MINUTES).map(sorted), min_size=1, max_size=3)


class UndoneError(Exception):
    pass


numbers = iter(range(10**9))


def two_accounts(fresh: FreshTenant) -> tuple[FreshTenant, list[int]]:
    """Make a tenant with two accounts, the second of them a client's."""
    name = f"totals {next(numbers)}"
    made = make_tenant(fresh.store, name, name=name)
    with made.store.begin() as db:
        accounts.add(db, made.tenant, NewAccount(f"client of {name}", "a secret", throttle=0), NOON)
        owners = db.scalars(select(tables.accounts.c.id).where(tables.accounts.c.tenant == made.tenant))
        return made, sorted(owners)


def do(db: Connection, fresh: FreshTenant, owners: Sequence[int], step: tuple[Any, ...]) -> None:
    """Do one step, as the services do it."""
    tenant = fresh.tenant
    match step:
        case ("send", owner, minutes, size):
            at = NOON + timedelta(minutes=minutes)
            message, _ = add_message(db, fresh, at=at, recipients=size, account=owners[owner])
            rows = [NewRecipient(handset) for handset in HANDSETS[:size]]
            add_recipients(db, tenant, owners[owner], message, at, new_ids(db, tenant, size), rows)
        case ("book", owner, minutes):
            at = NOON + timedelta(minutes=minutes)
            transactions.add(db, tenant, owners[owner], 1, 1, transactions.FEE, "a fee", at)
        case ("respond", owner, minutes):
            at = NOON + timedelta(minutes=minutes)
            responses.add(db, tenant, NewResponse(owners[owner], 0, None, 0, HANDSETS[0], "Hi", "1", at, False))
        case ("cancel", back):
            messages.cancel(db, tenant, ids.count(db, tenant, "message") - 1 - back)
        case ("leave", back):
            leave(db, tenant, ids.count(db, tenant, "message") - 1 - back)
        case ("refuse",):
            messages.new_id(db, tenant)
        case ("undo",):
            with contextlib.suppress(UndoneError), scope(db):
                for _ in range(totals.SIZE):
                    do(db, fresh, owners, ("send", 0, 0, 1))
                    do(db, fresh, owners, ("cancel", 1))
                raise UndoneError
        case (what,) if what.startswith("reset"):
            kept = tenants.read(db, tenant)
            assert kept is not None
            reset.reset(db, kept, {what.split()[-1]}, real_now())
        case (what,):
            name = what.split()[-1].upper()
            bulk_deletion.delete_some(db, tenant, getattr(bulk_deletion, name))


def leave(db: Connection, tenant: int, message: int) -> None:
    """Settle a message to a list that all but one recipient have left."""
    stored = tables.recipients
    of_message = (stored.c.tenant == tenant, stored.c.message == message)
    first = select(stored.c.id).where(*of_message).order_by(stored.c.id).limit(1).scalar_subquery()
    db.execute(stored.delete().where(*of_message, stored.c.id > first))
    messages.settle(db, tenant, message, 1, 1)


def sums_of(kind: str, rows: Sequence[Any]) -> Sums:
    if kind != "message":
        return Sums(len(rows), 0, 0)
    recipients = sum(row.recipients for row in rows if row.status != CANCELLED)
    return Sums(len(rows), recipients, sum(row.parts for row in rows))


def check_stored(db: Connection, tenant: int) -> None:
    """Fail unless a kind has the totals of all complete stretches, or none."""
    t = tables.totals
    for kind, (_, table, at) in KINDS.items():
        stored = {tuple(row) for row in db.execute(select(t).where(t.c.tenant == tenant, t.c.kind == kind))}
        stretches: dict[tuple[int, int], list[Any]] = {}
        complete = (ids.count(db, tenant, kind) - 1) // totals.SIZE
        for row in db.execute(select(table).where(table.c.tenant == tenant)):
            if row.id // totals.SIZE < complete:
                stretches.setdefault((row.account, row.id // totals.SIZE), []).append(row)
        expected = {
            (tenant, kind, *key, min(moments), max(moments), *sums_of(kind, rows))
            for key, rows in stretches.items()
            if (moments := [getattr(row, at) for row in rows])
        }
        assert stored in (expected, set()), kind


def check_counts(db: Connection, tenant: int, owners: Sequence[int], period: Sequence[int]) -> None:
    """Fail unless a period is counted as all its rows are."""
    start, end = (NOON + timedelta(minutes=minutes) for minutes in period)
    micros = [int(moment.timestamp()) * 1_000_000 for moment in (start, end)]
    for kind, (kind_totals, table, at) in KINDS.items():
        rows = db.execute(select(table).where(table.c.tenant == tenant)).all()
        assert kind_totals.count_all(db, tenant) == len(rows)
        for owner in owners:
            mine = [row for row in rows if row.account == owner]
            inside = [row for row in mine if micros[0] <= getattr(row, at) <= micros[1]]
            assert kind_totals.count(db, tenant, owner, start, end) == sums_of(kind, inside), kind
            assert kind_totals.count(db, tenant, owner, None, None) == sums_of(kind, mine), kind


@pytest.mark.parametrize(("size", "edges"), [(1, 0), (2, 1), (3, 20)])
@settings(max_examples=40)
@given(STEPS, PERIODS)
def test_a_period_is_counted_as_all_its_rows_are(
    fresh: FreshTenant, monkeypatch: pytest.MonkeyPatch, size: int, edges: int, steps: list[list[Any]],
    periods: list[list[int]],
) -> None:  # fmt: skip
    monkeypatch.setattr(totals, "SIZE", size)
    monkeypatch.setattr(totals, "MAX_EDGES", edges)
    monkeypatch.setattr(bulk_deletion, "STEP_ROWS", 2)
    tenant, owners = two_accounts(fresh)
    for group in steps:
        with tenant.store.begin() as db:
            for step in group:
                do(db, tenant, owners, step)
        with tenant.store.begin() as db:
            check_stored(db, tenant.tenant)
            for period in periods:
                check_counts(db, tenant.tenant, owners, period)


def test_pages_of_many_messages_know_how_many_there_are(fresh: FreshTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(totals, "SIZE", 3)
    tenant, (owner, client) = two_accounts(fresh)
    with tenant.store.begin() as db:
        for minutes in range(20):
            do(db, tenant, (owner, client), ("send", minutes % 4 == 0, minutes, 2))
            do(db, tenant, (owner, client), ("book", 0, minutes))
            do(db, tenant, (owner, client), ("respond", 0, minutes))
        do(db, tenant, (owner, client), ("cancel", 10))
        start, end = NOON + timedelta(minutes=2), NOON + timedelta(minutes=17)
        period = (db, tenant.tenant, owner, start, end)
        every = Paging(1, 100)
        sent = reports.list_sent_by(*period, None, every)
        reported, parts = reports.list_sent_messages(*period, None, None, every)
        booked = transactions.list_page(*period, every)
        wanted = ResponseFilter(owner, start=start, end=end)
        received = responses.list_page(db, tenant.tenant, wanted, every)
        kept = reports.list_messages(db, tenant.tenant, every, reports.MessageFilter())
    assert (sent.total, reported.total, parts, booked.total, received.total, kept.total) == (22, 12, 24, 16, 16, 20)
    for page in (sent, reported, booked, received, kept):
        assert len(page.rows) == page.total


def test_an_imported_tenant_has_totals_from_the_start(fresh: FreshTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(totals, "SIZE", 3)
    tenant, owners = two_accounts(fresh)
    t = tables.totals
    with tenant.store.begin() as db:
        for _ in range(10):
            do(db, tenant, owners, ("send", 0, 0, 2))
        rows = dict(tenant_document.export(db, tenant.tenant))
        assert "totals" not in rows
        rows["accounts"] = [{**row, "key": f"another {row['id']}"} for row in rows["accounts"]]
        restored = tenant_document.restore(db, NewTenant("restored", ""), NOON, rows, NOON)
        columns = [column for column in t.c if column.name != "tenant"]
        before, after = (
            db.execute(select(*columns).where(t.c.tenant == each).order_by(*t.primary_key)).all()
            for each in (tenant.tenant, restored.id)
        )
    assert before == after != []


def test_totals_that_another_process_adds_are_not_counted_twice(
    fresh: FreshTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last stretch was read before another process added one."""
    monkeypatch.setattr(totals, "SIZE", 3)
    tenant, owners = two_accounts(fresh)
    with tenant.store.begin() as db:
        for _ in range(10):
            do(db, tenant, owners, ("send", 0, 0, 1))
        last = messages.TOTALS._find_last(db, tenant.tenant)
        assert last is not None
        monkeypatch.setattr(totals.Totals, "_find_last", lambda *_: last - 1)
        assert messages.TOTALS.count(db, tenant.tenant, owners[0], NOON, NOON) == Sums(10, 10, 10)
        assert messages.TOTALS.count_all(db, tenant.tenant) == 10


def test_a_reset_of_many_clients_leaves_the_totals_of_others(
    fresh: FreshTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(totals, "SIZE", 3)
    monkeypatch.setattr(bulk_deletion, "STEP_ROWS", 2)
    tenant, owners = two_accounts(fresh)
    t = tables.totals
    with tenant.store.begin() as db:
        for number in range(20):
            do(db, tenant, owners, ("send", number % 2, 0, 1))
        query = select(t.c.total).where(t.c.tenant == tenant.tenant, t.c.account == owners[0], t.c.kind == "message")
        before = db.scalars(query).all()
        do(db, tenant, owners, ("delete some clients",))
        assert db.scalars(query).all() == []
        do(db, tenant, owners, ("reset clients",))
        assert db.scalars(query).all() == before != []
