"""The number of statements of a send, from the call to the delivery report.

`pytest -s` prints the statements with how often each ran.
"""

import asyncio
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection

from sms_sandbox.journal.writer import JournalWriter
from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import timeline
from sms_sandbox.store.timeline import REPORT, Plan
from tests.conftest import FreshTenant, make_tenant
from tests.simulation.conftest import Client
from tests.store.example_rows import HANDSETS, NOON, send
from tests.timing import DEADLINE_SECONDS

pytestmark = pytest.mark.anyio

MESSAGES = 16

ATTEMPTS = 5
"""Attempts to stay within a limit. On a busy machine, less is done in one transaction."""

LIMITS = {("sqlite", 1): 22, ("sqlite", 16): 13, ("postgresql", 1): 12.0, ("postgresql", 16): 2.5}
"""Statements for each send: database, and sends at once. SQLite's driver counts each row of a statement for many.

A slow machine looks for events after each send, and needs more.
"""


@contextmanager
def counted(store: Any, statements: Counter[str]) -> Iterator[None]:
    """Count the statements that run on the connection of calls and events."""
    if store.embedded:
        driver: sqlite3.Connection = store._group_connection().unit.driver
        driver.set_trace_callback(lambda sql: statements.update([shorten(sql)]))
        yield
        driver.set_trace_callback(None)
    else:
        with pytest.MonkeyPatch.context() as patch:
            for name in ("execute", "executemany"):
                patch.setattr(psycopg.Cursor, name, counting(getattr(psycopg.Cursor, name), statements))
            yield


def counting(method: Callable[..., Any], statements: Counter[str]) -> Callable[..., Any]:
    def run(cursor: Any, sql: Any, *args: Any, **options: Any) -> Any:
        statements.update([shorten(str(sql))])
        return method(cursor, sql, *args, **options)

    return run


def shorten(sql: str) -> str:
    """Return the statement without its values, which differ."""
    return re.sub(r"'[^']*'|\d+", "?", " ".join(sql.split()))[:90]


async def send_and_wait(call: Client, runner: Runner, at_once: int) -> None:
    """Send messages, and wait for their delivery reports without asking the database."""
    reported = runner.lateness[REPORT]
    wanted = reported.count + MESSAGES
    for _ in range(MESSAGES // at_once):
        await asyncio.gather(*(call.send() for _ in range(at_once)))
    async with asyncio.timeout(DEADLINE_SECONDS):
        while reported.count < wanted:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("at_once", [1, 16])
async def test_a_send_runs_few_statements(quick: FreshTenant, runner: Runner, call: Client, at_once: int) -> None:
    journal = JournalWriter(quick.store, 10_000)
    await runner.start()
    statements: Counter[str] = Counter()
    await send_and_wait(call, runner, at_once)  # reads what is cached afterwards
    database = "sqlite" if quick.store.embedded else "postgresql"
    per_send = LIMITS[database, at_once] + 1
    for _ in range(ATTEMPTS):
        if per_send > LIMITS[database, at_once]:
            statements.clear()
            with counted(quick.store, statements):
                await send_and_wait(call, runner, at_once)
            per_send = sum(statements.values()) / MESSAGES
    await journal.stop()
    print(f"\n{database}, {at_once} at once: {per_send:.1f} statements a send")
    for sql, count in statements.most_common():
        print(f"{count:5d}  {sql}")
    assert per_send <= LIMITS[database, at_once]


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_the_reports_of_many_tenants_take_the_round_trips_of_one(fresh: FreshTenant, runner: Runner) -> None:
    everybody = [fresh, *(make_tenant(fresh.store, f"key {n}", name=f"tenant {n}") for n in range(7))]

    def send_to(tenant: FreshTenant) -> Callable[[Connection], None]:
        def work(db: Connection) -> None:
            _, recipient = send(db, tenant, HANDSETS[:1])
            timeline.schedule(db, tenant.tenant, [Plan(NOON, REPORT, recipient, {"status": "delivered"})])

        return work

    async def count_statements(tenants: list[FreshTenant]) -> int:
        statements: Counter[str] = Counter()
        for tenant in tenants:
            await fresh.store.run(send_to(tenant))
        with counted(fresh.store, statements):
            assert await runner._pass() == len(tenants)
        return sum(statements.values())

    await count_statements(everybody)  # reads what is cached afterwards
    alone, together = await count_statements(everybody[:1]), await count_statements(everybody)
    assert together == alone
