"""Whichever operation of the database fails: everything accepted ends, and the books balance."""

import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, exc, text

from sms_sandbox.domain.clock import Clock
from sms_sandbox.journal import writer
from sms_sandbox.journal.writer import JournalWriter
from sms_sandbox.simulation import contact_imports
from sms_sandbox.simulation import runner as runner_module
from sms_sandbox.simulation.inbound import receive
from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import failed_events, imports, tenants, timeline
from sms_sandbox.store.database import Store
from sms_sandbox.store.real_time import real_now
from tests.conftest import FreshTenant, make_tenant
from tests.simulation import queries
from tests.simulation.conftest import Client, clock_of, set_clock
from tests.simulation.contact_files import members, the_import
from tests.simulation.recorder import CallbackRecorder
from tests.store.example_rows import HANDSETS, NOON
from tests.store.failing_database import FailingDatabase, failing

pytestmark = pytest.mark.anyio

SAMPLES = {"sqlite": 30, "postgresql": 15}
"""Operations that fail in turn, all over the scenario. With FAIL_ALL=1 each of them does, in each way; in minutes."""


@dataclass
class _Accepted:
    """The ids of what the sandbox has accepted."""

    messages: list[int] = field(default_factory=list)
    responses: list[int] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    lists: list[int] = field(default_factory=list)


@pytest.fixture
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (runner_module, contact_imports, writer):
        monkeypatch.setattr(module, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(writer, "WRITE_INTERVAL_SECONDS", 0.001)


@pytest.fixture
async def sandbox(store: Store, _short_pauses: None) -> AsyncIterator["_Sandbox"]:
    with failing(store) as database:
        made = _Sandbox(store, database)
        await made.runner.start()
        yield made
        database.disarm()
        await made.journal.stop()
        await made.runner.stop()


class _Sandbox:
    """A store of which one operation fails, with all that works on it."""

    def __init__(self, store: Store, database: FailingDatabase) -> None:
        self.store = store
        self.database = database
        self.client = CallbackRecorder()
        self.journal = JournalWriter(store, 1000)
        self.runner = Runner(store, self.client)
        self.last_count = 0
        """Operations of the last scenario."""

    async def try_scenario(self, number: int, way: str) -> None:
        """Use a new tenant while an operation fails; then check that all that was accepted has ended."""
        fresh = make_tenant(self.store, f"key-{number}-{way}", name=f"tenant-{number}-{way}")
        set_clock(fresh, Clock(frozen_at=NOON))
        call = Client(fresh, fresh.account.key)
        self.client.urls.clear()
        self.database.arm(number, way)
        accepted = await self.use(fresh, call)
        await self.journal_ends()
        count = self.database.count
        self.database.disarm()
        await self.runner.advance(fresh.tenant, by=timedelta(days=2))
        await call.http.aclose()
        self.check(fresh, accepted)
        self.last_count = count

    async def use(self, fresh: FreshTenant, call: Client) -> _Accepted:
        """Send, report, call back, reply, lease, import and advance."""
        accepted = _Accepted()
        hook = {"dlr_callback": "http://localhost/dlr", "reply_callback": "http://localhost/reply"}
        to = ",".join(HANDSETS[:2])
        if sent := await self.call(call, "send-sms", message="Hi [firstname]", to=to, **hook):
            accepted.messages.append(sent["message_id"])
        if leased := await self.call(call, "lease-number"):
            accepted.numbers.append(str(leased["number"]))
        if imported := await self.call(call, "add-contacts-bulk", name="All", file_url="http://localhost/file.csv"):
            accepted.lists.append(imported["list_id"])
        await self.advance(fresh)
        if accepted.messages and (response := await self.run(partial(self.reply, fresh))):
            accepted.responses.append(response)
        if sent := await self.call(call, "send-sms", message="Again", to=HANDSETS[0], **hook):
            accepted.messages.append(sent["message_id"])
        await self.advance(fresh)
        return accepted

    @staticmethod
    async def call(call: Client, method: str, **params: Any) -> Any:
        """Return the answer of a call that was accepted, or None."""
        answer = await call.http.post(f"/{method}.json", data=params)
        assert answer.status_code in (200, 503), answer.text
        return answer.json() if answer.status_code == 200 else None

    async def advance(self, fresh: FreshTenant) -> None:
        try:
            await self.runner.advance(fresh.tenant, by=timedelta(hours=1))
        except FAILURES:
            assert self.database.failed

    async def run(self, work: Callable[[Connection], Any]) -> Any:
        try:
            return await self.store.run(work)
        except FAILURES:
            assert self.database.failed
            return None

    async def journal_ends(self) -> None:
        try:
            await self.journal.flush()
        except FAILURES:
            assert self.database.failed

    @staticmethod
    def reply(fresh: FreshTenant, db: Connection) -> int:
        tenant = tenants.read(db, fresh.tenant)
        assert tenant is not None
        return receive.receive(db, tenant, tenant.clock.now(real_now()), HANDSETS[0], None, "Thanks").response

    def check(self, fresh: FreshTenant, accepted: _Accepted) -> None:
        """Check that all that was accepted has ended, once, and that the books balance."""
        for message in accepted.messages:
            row = queries.message(fresh, message)
            assert (row.status, row.delivered) == ("sent", row.recipients)
            for each in queries.all_recipients(fresh, message):
                assert self.client.received(message_id=message, mobile=each.msisdn, status="delivered")
        for response in accepted.responses:
            assert self.client.received(response_id=response)
        for list_id in accepted.lists:
            assert the_import(fresh, list_id).status == imports.COMPLETED
            assert len(members(fresh, list_id)) == 3
        assert {callback.state for callback, _ in queries.all_callbacks(fresh)} <= {"delivered"}
        with self.store.begin() as db:
            clock = clock_of(db, fresh.tenant)
            assert (clock.frozen_at is None, clock.moving) == (False, False)
            assert timeline.list_due(db, fresh.tenant, clock.now(real_now()), 10) == []
            assert failed_events.count(db) == 0
            rows = {
                name: db.execute(text(query), PARAMS | {"tenant": fresh.tenant}).all()
                for name, query in QUERIES.items()
            }
        assert rows["messages"] == rows["charged"]
        assert rows["balance"] == rows["ledger"]
        assert set(accepted.numbers) <= {row[0] for row in rows["leased"]}
        assert len(rows["fees"]) == len(rows["leased"]) - 1  # the first number was there from the start


FAIL_ALL = bool(os.environ.get("FAIL_ALL"))
FAILURES = (sqlite3.OperationalError, psycopg.Error, exc.DBAPIError)
PARAMS = {"fee": "Number%"}
QUERIES = {
    "messages": "SELECT id FROM messages WHERE tenant = :tenant ORDER BY id",
    "charged": "SELECT message FROM transactions WHERE tenant = :tenant AND message <> 0 ORDER BY message",
    "balance": "SELECT balance FROM accounts WHERE tenant = :tenant",
    "ledger": "SELECT CAST(sum(amount) AS bigint) FROM transactions WHERE tenant = :tenant",
    "leased": "SELECT number FROM numbers WHERE tenant = :tenant AND account IS NOT NULL",
    "fees": "SELECT id FROM transactions WHERE tenant = :tenant AND description LIKE :fee",
}


@pytest.mark.timeout(2400 if FAIL_ALL else 120)
async def test_all_that_is_accepted_ends_whichever_operation_fails(
    sandbox: _Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    await sandbox.try_scenario(0, "")
    count, ways = sandbox.last_count, sandbox.database.ways
    samples = count if FAIL_ALL else SAMPLES[sandbox.store.engine.dialect.name]
    assert count >= samples > 0
    for sample in range(samples):
        number = 1 + sample * count // samples
        for way in ways if FAIL_ALL else [ways[sample % len(ways)]]:
            try:
                await sandbox.try_scenario(number, way)
                assert [record.getMessage() for record in caplog.records if record.exc_info] == []  # no tracebacks
            except BaseException as error:
                error.add_note(f"operation {number} of {count} failed: {way}")
                raise
