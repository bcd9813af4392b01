"""Random documents: an import refuses them with a sentence and a path, or everything in them runs."""

import asyncio
from datetime import timedelta
from functools import cache

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from sms_sandbox.domain.clock import Clock
from sms_sandbox.services import document_check, send_message, tenant_document
from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import accounts, contacts, failed_events
from sms_sandbox.store.database import Store
from sms_sandbox.store.paging import FIRST_PAGE
from sms_sandbox.store.real_time import real_now
from sms_sandbox.store.row_check import DocumentError
from sms_sandbox.store.tenants import NewTenant
from sms_sandbox.store.timeline import KINDS
from tests.conftest import FreshTenant, make_tenant
from tests.databases import empty_store, sqlite_engine
from tests.simulation.conftest import Client, set_clock
from tests.simulation.imported_documents import Rows, with_random_changes
from tests.simulation.recorder import CallbackRecorder
from tests.store.example_rows import HANDSETS, NOON

HOOKS = {"dlr_callback": "http://localhost/dlr", "reply_callback": "http://localhost/reply"}
READS = (
    "get-balance", "get-transactions", "get-lists", "get-numbers", "get-keywords", "get-sms-sent", "get-user-sms-sent",
    "get-user-sms-responses", "get-clients", "get-sender-ids",
)  # fmt: skip
"""Methods that read what was imported."""


@cache
def engine() -> Engine:
    return sqlite_engine()


@cache
def example_rows() -> Rows:
    """Return the rows of a tenant with something planned of every kind."""
    with empty_store(engine()) as store:
        fresh = make_tenant(store)
        set_clock(fresh, Clock(frozen_at=NOON))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(send_message, "CHUNK_SIZE", 2)
            return asyncio.run(_live(fresh))


async def _live(fresh: FreshTenant) -> Rows:
    client = CallbackRecorder()
    runner, call = Runner(fresh.store, client), Client(fresh)
    fields = {"field_1": "Town"}
    list_id = (await call.ok("add-list", name="Guests", **fields))["id"]
    with fresh.store.begin() as db:
        contacts.set_automation(db, fresh.tenant, list_id, "http://localhost/list")
    for number in HANDSETS[:3]:
        await call.ok("add-to-list", list_id=list_id, msisdn=number, first_name="A", field_1="There")
    await call.ok("lease-number", number="61491570120", forward_url="http://localhost/number")
    await call.ok("add-keyword", keyword="JOIN", number="61491570120")
    client.status = 500
    await call.send(2, **HOOKS)
    await runner.advance(fresh.tenant, by=timedelta(seconds=90))
    await call.send(3, **HOOKS)
    await call.send(1, **HOOKS)
    await call.ok(
        "send-sms", message="Hi [firstname] [tracked-link]", list_id=list_id, tracked_link_url="http://x.example"
    )
    await call.ok("send-sms", message="Later", to=HANDSETS[0], send_at="2026-04-01 12:00:00")
    await call.ok("message-reply", message="Yes", from_=HANDSETS[0], to="61491570120")
    await call.ok("add-contacts-bulk", name="All", file_url="http://localhost/file.csv")
    gone = (await call.ok("add-list", name="Gone"))["id"]
    await call.ok("add-to-list", list_id=gone, msisdn=HANDSETS[3])
    await call.ok("remove-list", list_id=gone)
    await call.ok("add-to-list", list_id=list_id, msisdn=HANDSETS[4], last_name="B", field_1="Here")
    await call.http.aclose()
    await runner.stop()
    with fresh.store.begin() as db:
        return {name: [dict(row) for row in rows] for name, rows in tenant_document.export(db, fresh.tenant).items()}


async def run_all(store: Store, rows: Rows) -> list[str]:
    """Import rows, and advance the clock. Return the errors of events."""
    with store.begin() as db:
        new = NewTenant("imported", "seed", clock=Clock(frozen_at=NOON + timedelta(minutes=2)))
        tenant = tenant_document.restore(db, new, NOON, rows, real_now()).id
    runner = Runner(store, CallbackRecorder())
    await runner.advance(tenant, by=timedelta(days=40))
    await runner.stop()
    with store.begin() as db:
        owner = accounts.find_first(db, tenant)
        assert owner is not None
    call = Client(FreshTenant(store, tenant, owner), owner.key, owner.secret or "")
    for method in READS:
        answer = await call.http.get(f"/{method}.json")
        assert answer.status_code < 500, (method, answer.text)
    await call.http.aclose()
    with store.begin() as db:
        tenant_document.export(db, tenant)
        return [f"{each.kind}: {each.error}" for each in failed_events.list_page(db, tenant, FIRST_PAGE).rows]


def test_all_events_of_the_example_run() -> None:
    rows = example_rows()
    assert document_check.check(rows) is rows
    with empty_store(engine()) as store:
        assert asyncio.run(run_all(store, rows)) == []
    assert {row["kind"] for row in rows["timeline"]} == KINDS


@given(data=st.data())
@settings(max_examples=60)
def test_a_document_is_either_refused_or_all_its_events_run(data: st.DataObject) -> None:
    rows, changes = with_random_changes(example_rows(), data)
    for change in changes:
        note(change)
    try:
        document_check.check(rows)
    except DocumentError as why:
        note(str(why))
        return
    with empty_store(engine()) as store:
        assert asyncio.run(run_all(store, rows)) == []
