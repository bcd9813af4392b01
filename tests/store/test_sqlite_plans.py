"""The plans of SQLite. It knows nothing of how many rows a tenant has, and takes them for few.

The plans of PostgreSQL are read by `tests/simulation/test_query_plans.py`.
"""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from sms_sandbox.store import ids, messages, reports, responses, totals, transactions
from sms_sandbox.store.connection import unit_of
from sms_sandbox.store.paging import FIRST_PAGE
from sms_sandbox.store.responses import NewResponse, ResponseFilter
from tests.conftest import FreshTenant
from tests.store.example_rows import HANDSETS, NOON, send

PERIOD = (NOON + timedelta(minutes=1), NOON + timedelta(minutes=30))

BY_TENANT_ALONE = re.compile(r"\w+ (?!totals |counters )\w+ USING [\w ]+ \(tenant=\?\)")
"""A part of a plan that reads all rows of a tenant. Its totals and counters are few."""

Read = Callable[[Connection, FreshTenant], object]


def count(db: Connection, fresh: FreshTenant) -> None:
    for kind_totals in (messages.TOTALS, transactions.TOTALS, responses.TOTALS):
        kind_totals.count(db, fresh.tenant, fresh.account.id, *PERIOD)
        kind_totals.count_all(db, fresh.tenant)


def cancel(db: Connection, fresh: FreshTenant) -> None:
    assert messages.cancel(db, fresh.tenant, ids.count(db, fresh.tenant, "message") - 30)


def list_single_handsets(db: Connection, fresh: FreshTenant) -> None:
    page, _ = reports.list_sent_messages(db, fresh.tenant, fresh.account.id, *PERIOD, None, None, FIRST_PAGE)
    assert len(reports.find_single_handsets(db, fresh.tenant, page.rows)) == len(page.rows) > 0


def add(db: Connection, fresh: FreshTenant) -> None:
    """Add something of each kind, each minute."""
    for minutes in range(40):
        at = NOON + timedelta(minutes=minutes)
        message, recipient = send(db, fresh, HANDSETS[:1], at=at)
        transactions.add(db, fresh.tenant, fresh.account.id, -1, 1, transactions.SMS, "SMS", at, message)
        new = NewResponse(fresh.account.id, message, recipient, 0, HANDSETS[0], "Hi", "1", at, False)
        responses.add(db, fresh.tenant, new)


def wanted(**fields: object) -> Read:
    return lambda db, fresh: responses.list_page(
        db, fresh.tenant, ResponseFilter(fresh.account.id, **fields), FIRST_PAGE  # type: ignore[arg-type]
    )  # fmt: skip


READS: dict[str, Read] = {
    "add": add,
    "count": count,
    "cancel": cancel,
    "single handsets": list_single_handsets,
    "payment": lambda db, fresh: transactions.find_payment(db, fresh.tenant, 5),
    "responses to a message": wanted(message=5),
    "responses of a handset": wanted(msisdn=HANDSETS[0]),
    "responses of a period": wanted(start=PERIOD[0], end=PERIOD[1]),
}


def plans_of(fresh: FreshTenant, read: Read) -> dict[str, list[str]]:
    """Return the plans of what a read runs, by statement."""
    statements: list[str] = []
    with fresh.store.begin() as db:
        add(db, fresh)
        driver = unit_of(db).prepare_driver()
        driver.set_trace_callback(statements.append)
        read(db, fresh)
        driver.set_trace_callback(None)
        planned = [sql for sql in statements if sql.startswith(("SELECT", "INSERT", "UPDATE"))]
        return {sql: [row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {sql}")] for sql in planned}


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_no_read_of_few_rows_reads_all_of_the_tenant(
    fresh: FreshTenant, monkeypatch: pytest.MonkeyPatch, read: Read
) -> None:
    monkeypatch.setattr(totals, "SIZE", 4)
    plans = plans_of(fresh, read)
    assert plans
    assert {sql: plan for sql, plan in plans.items() if any(map(BY_TENANT_ALONE.match, plan))} == {}


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("read", [add, count])
def test_a_stretch_is_read_by_its_ids(fresh: FreshTenant, monkeypatch: pytest.MonkeyPatch, read: Read) -> None:
    monkeypatch.setattr(totals, "SIZE", 4)
    plans = {sql: plan for sql, plan in plans_of(fresh, read).items() if re.search(r"\.id >= \d+", sql)}
    assert len(plans) >= 3
    assert {sql: plan for sql, plan in plans.items() if "PRIMARY KEY (tenant=? AND id>? AND id<?)" not in plan[0]} == {}
