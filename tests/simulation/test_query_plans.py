"""The plans of PostgreSQL for what a send needs, made while its tables are empty.

PostgreSQL plans a statement once and keeps the plan, for a minute or more, while a busy tenant fills the tables. A plan
that reads all rows of a tenant costs nothing at first, and after a thousand sends more than everything else together.
"""

import asyncio
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import Connection

from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import messages, totals, transactions
from sms_sandbox.store.database import Store
from sms_sandbox.store.ids import FIRST
from sms_sandbox.store.schema import open_store
from tests.conftest import FreshTenant
from tests.simulation.conftest import Client, Receiver, until
from tests.store.example_rows import HANDSETS, NOON

pytestmark = pytest.mark.anyio

ROUNDS = 11
"""Enough for the driver to prepare each statement on one of two connections."""


@pytest.fixture
def store(fresh_postgres: Callable[[], str]) -> Iterator[Store]:
    """A store whose tables are empty, and unknown to the planner."""
    opened = open_store(fresh_postgres())
    yield opened
    opened.close()


def find_scans(node: Any) -> Iterator[Any]:
    """Yield the parts of a plan that read a table or an index."""
    if "Relation Name" in node or "Index Name" in node:
        yield node
    for inner in node.get("Plans", ()):
        yield from find_scans(inner)


def explain_fault(scan: Any, indexes: dict[str, list[str]]) -> str | None:
    """Return why a scan may read more rows the more there are; None if it does not."""
    kind = scan["Node Type"]
    if kind in ("Seq Scan", "Bitmap Heap Scan", "ModifyTable"):
        return f"reads the whole of {scan['Relation Name']}" if kind == "Seq Scan" else None
    columns = indexes[scan["Index Name"]]
    bound = [column for column in columns if re.search(rf"\b{column}\b", scan.get("Index Cond", ""))]
    if columns[0] == "tenant" and bound != columns[: max(2, len(bound))] and columns != ["tenant"]:
        return f"reads {scan['Index Name']} by {', '.join(bound)} of {', '.join(columns)}"
    return None


async def work_once(call: Client, list_id: int, urls: dict[str, str]) -> None:
    """Do once what a busy app does all the time."""
    sends = [call.ok("send-sms", message="Hi", to=to, **urls) for to in HANDSETS[:8]]
    message = (await asyncio.gather(*sends))[0]["message_id"]
    later = await call.ok("send-sms", message="Later", to=HANDSETS[0], send_at="2040-01-01 00:00:00")
    await call.ok("cancel-sms", id=later["message_id"])
    await call.ok("get-sms", message_id=message)
    await call.ok("get-sms-delivery-status", message_id=message, msisdn=HANDSETS[0])
    await call.ok("get-balance")
    await call.ok("edit-list-member", list_id=list_id, msisdn=HANDSETS[0], first_name="New")
    await call.ok("get-contact", list_id=list_id, msisdn=HANDSETS[0])


async def test_no_statement_of_a_busy_app_reads_more_rows_the_more_there_are(
    quick: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    await runner.start()
    list_id = (await call.ok("add-list", name="People"))["id"]
    await call.ok("add-to-list", list_id=list_id, msisdn=HANDSETS[0])
    for number in range(ROUNDS):
        await work_once(call, list_id, {"dlr_callback": receiver.url()})
        await until(lambda: len(receiver.requests) == 8 * (number + 1))  # noqa: B023 (awaited at once)
    await runner.stop()
    faults, tables = await asyncio.to_thread(_look_at_plans, quick.store)
    assert not faults, "\n".join(faults)
    assert {"messages", "recipients", "timeline", "callbacks", "tenants", "members"} <= tables


async def test_totals_are_added_and_periods_counted_by_ids(
    quick: FreshTenant, call: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(totals, "SIZE", 5)
    account, period = quick.account.id, (NOON, NOON + timedelta(days=40_000))
    for _ in range(6 * ROUNDS):
        await call.ok("send-sms", message="Hi", to=HANDSETS[0])

    def count(db: Connection) -> None:
        for kind_totals in (messages.TOTALS, transactions.TOTALS):
            kind_totals.count(db, quick.tenant, account, *period)
            kind_totals.count_all(db, quick.tenant)
        with messages.TOTALS.changes(db, quick.tenant, FIRST["message"]):
            pass

    for _ in range(ROUNDS):
        await quick.store.run(count)
    faults, tables = await asyncio.to_thread(_look_at_plans, quick.store)
    assert not faults, "\n".join(faults)
    assert {"messages", "transactions", "totals"} <= tables


def _look_at_plans(store: Store) -> tuple[list[str], set[str]]:
    """Return the faults of the kept plans, and the tables they read."""
    faults: list[str] = []
    tables: set[str] = set()
    for connection in store._idle:
        faults_there, tables_there = _look_at_connection(connection.unit.driver)
        faults += faults_there
        tables |= tables_there
    return faults, tables


def _look_at_connection(driver: Any) -> tuple[list[str], set[str]]:
    rows = driver.execute(
        "SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " JOIN pg_attribute a ON a.attrelid = i.indexrelid ORDER BY c.relname, a.attnum",
        prepare=False,
    )
    indexes: dict[str, list[str]] = {}
    for index, column in rows:
        indexes.setdefault(index, []).append(column)
    driver.execute("SET plan_cache_mode = force_generic_plan", prepare=False)
    kept = driver.execute("SELECT name, statement, parameter_types::text[] FROM pg_prepared_statements", prepare=False)
    faults, tables = [], set()
    for name, statement, types in kept.fetchall():
        nothing = SQL(f"({', '.join(['NULL'] * len(types))})" if types else "")
        explain = SQL("EXPLAIN (FORMAT JSON) EXECUTE {}").format(Identifier(name)) + nothing
        ((plan, *_),) = driver.execute(explain, prepare=False).fetchone()
        for scan in find_scans(plan["Plan"]) if isinstance(plan, dict) else ():  # a savepoint has none
            tables.add(scan.get("Relation Name", ""))
            if fault := explain_fault(scan, indexes):
                faults.append(f"{statement[:120]}: {fault}")
    driver.execute("RESET plan_cache_mode", prepare=False)
    return faults, tables
