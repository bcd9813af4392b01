"""Running imports: their progress, their process, and changes in between."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from sms_sandbox.simulation import contact_imports
from sms_sandbox.simulation.callbacks.http_client import CallbackClient
from sms_sandbox.simulation.contact_imports import TimeSlice
from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import contacts, imports, tenants
from sms_sandbox.store.real_time import real_now
from tests.conftest import FreshTenant, make_tenant
from tests.simulation.conftest import Client, Receiver, until
from tests.simulation.contact_files import (
    PEOPLE,
    HeldResponses,
    WriteLimit,
    bulk,
    ended,
    file_of,
    imported,
    many,
    members,
    progress,
    rows,
    the_import,
)  # fmt: skip
from tests.store.example_rows import HANDSETS, NOON

pytestmark = pytest.mark.anyio


async def import_half(fresh: FreshTenant, runner: Runner, call: Client, receiver: Receiver) -> int:
    """Import half of a file, and return the id of the list."""
    await runner.start()
    list_id = await bulk(call, receiver.url(body=file_of(many(40))))
    await until(rows(fresh, list_id, 20))
    return list_id


async def test_progress_is_shown_during_an_import(
    fresh: FreshTenant, runner: Runner, call: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, limit = HeldResponses(receiver), WriteLimit(monkeypatch, 10, 3)
    await runner.start()
    list_id = await bulk(call, receiver.url(body=file_of([*many(40), "x"])))
    await held.requested.wait()
    assert await progress(call, list_id) == ("in progress", [0, 0, 0, 0, 0, 0])
    held.released.set()
    await until(rows(fresh, list_id, 30))
    assert await progress(call, list_id) == ("in progress", [41, 30, 0, 0, 0, 30])
    assert len(members(fresh, list_id)) == 30
    limit.resumed.set()
    await until(ended(fresh, list_id))
    assert await progress(call, list_id) == ("completed", [41, 41, 0, 1, 0, 40])


async def test_an_advance_waits_for_imports_and_runs_them_at_their_own_time(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    list_id = await bulk(call, receiver.url(body=PEOPLE, delay=0.2))
    await call.ok("send-sms", message="Later", to=HANDSETS[0], send_at="2026-03-01 12:00:01")
    ran = await runner.advance(still.tenant, by=timedelta(hours=1))
    assert (ran.events[0].kind, ran.events[0].at) == ("import", NOON)
    assert ran.counts["import"] == 1
    assert ran.counts["report"] == 1
    assert (await progress(call, list_id))[0] == "completed"
    with still.store.begin() as db:
        assert {each.created for each in contacts.list_active_members(db, still.tenant, list_id, "", 9)} == {NOON}


async def test_an_advance_waits_for_imports_that_began_before_it(
    fresh: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    held = HeldResponses(receiver)
    await runner.start()
    list_id = await bulk(call, receiver.url(body=PEOPLE))
    await held.requested.wait()
    advance = asyncio.create_task(runner.advance(fresh.tenant, by=timedelta(hours=1)))
    await asyncio.sleep(0.1)
    assert not advance.done()
    held.released.set()
    assert (await advance).counts["import"] == 0
    assert (await progress(call, list_id))[0] == "completed"


async def test_only_a_few_files_are_imported_at_once(
    fresh: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    held = HeldResponses(receiver)
    await runner.start()
    lists = [
        await bulk(call, receiver.url(body=PEOPLE), name=f"list {number}")
        for number in range(contact_imports.MAX_FILES_PER_TENANT + 3)
    ]
    await until(lambda: len(receiver.requests) == contact_imports.MAX_FILES_PER_TENANT)
    await asyncio.sleep(0.1)
    assert len(receiver.requests) == contact_imports.MAX_FILES_PER_TENANT
    held.released.set()
    for list_id in lists:
        await until(ended(fresh, list_id))
        assert (await progress(call, list_id))[1] == [2, 2, 0, 0, 0, 2]


async def test_an_advance_runs_all_imports(
    still: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    lists = [
        await bulk(call, receiver.url(body=PEOPLE), name=f"list {number}")
        for number in range(contact_imports.MAX_FILES_PER_TENANT * 2)
    ]
    ran = await runner.advance(still.tenant)
    assert ran.counts["import"] == len(lists)
    assert {(await progress(call, list_id))[0] for list_id in lists} == {"completed"}


async def test_simultaneous_imports_of_the_same_file_add_each_member_once(
    fresh: FreshTenant, runner: Runner, call: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact_imports, "ROWS_PER_TRANSACTION", 5)
    made = (await call.ok("add-list", name="a"))["id"]
    for _ in range(3):
        await bulk(call, receiver.url(body=file_of(many(60))), list_id=made)
    await runner.advance(fresh.tenant)
    assert len(members(fresh, made)) == 60
    with fresh.store.begin() as db:
        total = db.exec_driver_sql("SELECT sum(imported), sum(duplicates), sum(completed) FROM imports").one()
    assert tuple(map(int, total)) == (60, 120, 180)


async def test_an_import_ends_when_its_list_is_removed(
    fresh: FreshTenant, runner: Runner, call: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = WriteLimit(monkeypatch, 10, 2)
    list_id = await import_half(fresh, runner, call, receiver)
    await call.ok("remove-list", list_id=list_id)
    limit.resumed.set()
    await until(ended(fresh, list_id))
    assert await progress(call, list_id) == ("failed", [40, 20, 0, 0, 0, 20])
    await runner.advance(fresh.tenant)
    with fresh.store.begin() as db:
        assert db.exec_driver_sql("SELECT count(*) FROM members").scalar() == 0


async def test_an_import_ends_when_its_tenant_is_reset(
    fresh: FreshTenant, runner: Runner, call: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = WriteLimit(monkeypatch, 10, 2)
    await import_half(fresh, runner, call, receiver)
    with fresh.store.begin() as db:
        tenants.empty(db, fresh.tenant)
    limit.resumed.set()
    await runner.advance(fresh.tenant)
    with fresh.store.begin() as db:
        assert db.exec_driver_sql("SELECT count(*) FROM members").scalar() == 0
        assert db.exec_driver_sql("SELECT count(*) FROM imports").scalar() == 0


async def test_an_error_in_the_sandbox_fails_the_import(
    fresh: FreshTenant, runner: Runner, call: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    def break_down(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(contact_imports, "_to_contact", break_down)
    _, job = await imported(fresh, runner, call, receiver.url(body=PEOPLE))
    assert (job.status, job.error) == ("failed", "failed here: ZeroDivisionError")
    assert "An import failed because of an error in the sandbox." in caplog.text


async def test_after_a_stop_the_next_process_resumes_the_import(
    fresh: FreshTenant, call: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next process resumes it there: no row is counted twice."""
    limit = WriteLimit(monkeypatch, 10, 2)
    first = Runner(fresh.store, CallbackClient())
    list_id = await import_half(fresh, first, call, receiver)
    await first.stop()
    assert await progress(call, list_id) == ("in progress", [40, 20, 0, 0, 0, 20])
    limit.resumed.set()
    second = Runner(fresh.store, CallbackClient())
    await second.start()
    await until(ended(fresh, list_id))
    await second.stop()
    assert await progress(call, list_id) == ("completed", [40, 40, 0, 0, 0, 40])
    assert len(receiver.requests) == 2


async def test_after_a_crash_the_next_process_resumes_the_import(
    fresh: FreshTenant, call: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An embedded store resumes it at once, a shared one after its lease."""
    limit = WriteLimit(monkeypatch, 10, 2)
    dead, client = Runner(fresh.store, CallbackClient()), CallbackClient()
    await dead.start()
    list_id = await bulk(call, receiver.url(body=file_of([*many(40), *many(30)])))
    await until(rows(fresh, list_id, 20))
    under_way = list(dead._imports._running)
    for task in under_way:
        task.cancel()
    await asyncio.gather(*under_way, return_exceptions=True)
    limit.resumed.set()

    soon = Runner(fresh.store, client)
    await soon.start()
    if fresh.store.embedded:
        await until(ended(fresh, list_id), contact_imports.LEASE.total_seconds() / 2)
    else:
        await asyncio.sleep(0.3)
    assert (await progress(call, list_id))[0] == ("completed" if fresh.store.embedded else "in progress")
    later = Runner(fresh.store, client, lambda: real_now() + contact_imports.LEASE)
    await later.start()
    await until(ended(fresh, list_id))
    assert await progress(call, list_id) == ("completed", [70, 70, 30, 0, 0, 40])
    for each in (later, soon, dead):
        await each.stop()


async def test_an_import_that_another_process_took_over_stops(
    fresh: FreshTenant, runner: Runner, call: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = WriteLimit(monkeypatch, 10, 2)
    list_id = await import_half(fresh, runner, call, receiver)
    first = [begun.held for begun in runner._imports._running.values()]
    with fresh.store.begin() as db:
        later = real_now() + contact_imports.LEASE
        other = imports.acquire(db, fresh.tenant, first[0].id, "other", later, later + contact_imports.LEASE)
    assert other is not None
    assert other.done == 20
    limit.resumed.set()
    await runner._imports.finish(fresh.tenant)
    assert await progress(call, list_id) == ("in progress", [40, 20, 0, 0, 0, 20])


async def test_a_running_import_renews_its_hold(
    fresh: FreshTenant, runner: Runner, call: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact_imports, "LEASE", timedelta(milliseconds=450))
    held = HeldResponses(receiver)
    await runner.start()
    list_id = await bulk(call, receiver.url(body=PEOPLE))
    await held.requested.wait()
    before = the_import(fresh, list_id).held_until
    await until(lambda: the_import(fresh, list_id).held_until > before + contact_imports.LEASE)
    assert len(receiver.requests) == 1
    held.released.set()
    await until(ended(fresh, list_id))


async def test_an_advance_does_not_wait_for_imports_of_other_tenants(
    fresh: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    other = make_tenant(fresh.store, "other-key", "other-secret", name="other")
    held = HeldResponses(receiver)
    await runner.start()
    list_id = await bulk(call, receiver.url(body=PEOPLE))
    await held.requested.wait()
    await runner.advance(other.tenant, by=timedelta(hours=1))
    assert (await progress(call, list_id))[0] == "in progress"
    held.released.set()
    await until(ended(fresh, list_id))


async def test_other_calls_run_between_the_steps_of_an_import(
    fresh: FreshTenant, runner: Runner, call: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time is not measured, as a busy machine would falsify it: other work runs between any two transactions."""
    monkeypatch.setattr(contact_imports, "YIELD_AFTER_SECONDS", 0.0)
    monkeypatch.setattr(contact_imports, "ROWS_PER_TRANSACTION", 20)
    pauses = 0

    async def pause(self: TimeSlice) -> None:
        nonlocal pauses
        pauses += 1
        await asyncio.sleep(0)

    monkeypatch.setattr(TimeSlice, "pause_if_over", pause)
    await runner.start()
    list_id = await bulk(call, receiver.url(body=file_of(many(400))))
    seen = set()
    while not ended(fresh, list_id)():
        seen.add(the_import(fresh, list_id).counts.completed)
        await asyncio.sleep(0)
    assert pauses >= 800
    assert len(seen) > 5
