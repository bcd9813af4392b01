"""Importing files, and reading what came of it."""

from collections.abc import Callable
from typing import Any

from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import contacts, imports
from sms_sandbox.store.imports import Import
from sms_sandbox.store.paging import Paging
from tests.conftest import FreshTenant
from tests.simulation.conftest import Client

PEOPLE = b"Firstname,Lastname,Mobile,Postcode\r\nUno,Rock,61491570200,2000\r\nDuo,,61491570201,\r\n"
COUNTERS = ("importlength", "completed", "duplicates", "skipped", "optout", "imported")


def file_of(numbers: list[str]) -> bytes:
    return "\n".join(["mobile", *numbers]).encode()


def many(count: int) -> list[str]:
    return [f"614{12000000 + number}" for number in range(count)]


async def progress(call: Client, list_id: int) -> tuple[str, list[int]]:
    told = await call.ok("add-contacts-bulk-progress", list_id=list_id)
    return told["status"], [told[name] for name in COUNTERS]


async def bulk(call: Client, url: str, **params: Any) -> int:
    if "list_id" not in params:
        params.setdefault("name", "Imported")
    return int((await call.ok("add-contacts-bulk", file_url=url, **params))["list_id"])


def the_import(at: FreshTenant, list_id: int) -> Import:
    with at.store.begin() as db:
        there = imports.last(db, at.tenant, list_id)
    assert there is not None
    return there


def ended(at: FreshTenant, list_id: int) -> Callable[[], bool]:
    return lambda: the_import(at, list_id).status != imports.IN_PROGRESS


def rows(at: FreshTenant, list_id: int, reached: int) -> Callable[[], bool]:
    return lambda: the_import(at, list_id).counts.completed >= reached


async def imported(at: FreshTenant, runner: Runner, call: Client, url: str, **params: Any) -> tuple[int, Import]:
    """Import a file, and wait for the end of it."""
    list_id = await bulk(call, url, **params)
    await runner.advance(at.tenant)
    return list_id, the_import(at, list_id)


def members(at: FreshTenant, list_id: int) -> dict[str, tuple[str | None, str | None, dict[str, str]]]:
    with at.store.begin() as db:
        on = contacts.read_list(db, at.tenant, list_id)
        assert on is not None
        page = contacts.members(db, at.tenant, on, None, Paging(1, 200_000))
        assert len(page.rows) == on.members_total
        active = contacts.active_members(db, at.tenant, list_id, "", 200_000)
        assert len(active) == on.members_active
    return {each.msisdn: (each.first_name, each.last_name, dict(each.fields)) for each in page.rows}
