"""Contact files, the imports of them, and their results."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from sms_sandbox.simulation import contact_imports
from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import contacts, imports
from sms_sandbox.store.imports import Import
from sms_sandbox.store.paging import Paging
from tests.conftest import FreshTenant
from tests.simulation.conftest import Client, Receiver, Request

PEOPLE = b"Firstname,Lastname,Mobile,Postcode\r\nUno,Rock,61491570200,2000\r\nDuo,,61491570201,\r\n"
COUNTERS = ("importlength", "completed", "duplicates", "skipped", "optout", "imported")


class HeldResponses:
    """Holds the responses of a receiver back until they are released."""

    def __init__(self, receiver: Receiver) -> None:
        self.released = asyncio.Event()
        self.requested = asyncio.Event()
        receiver.on_request = self._wait

    async def _wait(self, _: Request) -> None:
        self.requested.set()
        await self.released.wait()


class WriteLimit:
    """Stops all imports after a number of transactions, until they are resumed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, rows_per_transaction: int, transactions: int) -> None:
        monkeypatch.setattr(contact_imports, "ROWS_PER_TRANSACTION", rows_per_transaction)
        original = contact_imports.ContactImports._write_some
        self.resumed = asyncio.Event()
        left = transactions

        async def write_some(imports_: contact_imports.ContactImports, *args: Any) -> bool:
            nonlocal left
            if left == 0:
                await self.resumed.wait()
            left -= 1
            return await original(imports_, *args)

        monkeypatch.setattr(contact_imports.ContactImports, "_write_some", write_some)


def file_of(numbers: list[str]) -> bytes:
    """Return a file with a column of numbers."""
    return "\n".join(["mobile", *numbers]).encode()


def many(count: int) -> list[str]:
    """Return different numbers of handsets."""
    return [f"614{12000000 + number}" for number in range(count)]


async def bulk(call: Client, url: str, **params: Any) -> int:
    """Call add-contacts-bulk, and return the id of the list."""
    if "list_id" not in params:
        params.setdefault("name", "Imported")
    return int((await call.ok("add-contacts-bulk", file_url=url, **params))["list_id"])


async def progress(call: Client, list_id: int) -> tuple[str, list[int]]:
    """Return the status and the counters of a list's import."""
    reply = await call.ok("add-contacts-bulk-progress", list_id=list_id)
    return reply["status"], [reply[name] for name in COUNTERS]


async def imported(fresh: FreshTenant, runner: Runner, call: Client, url: str, **params: Any) -> tuple[int, Import]:
    """Import a file, wait for its end, and return the ids of list and import."""
    list_id = await bulk(call, url, **params)
    await runner.advance(fresh.tenant)
    return list_id, the_import(fresh, list_id)


def the_import(fresh: FreshTenant, list_id: int) -> Import:
    """Return the last import into a list."""
    with fresh.store.begin() as db:
        job = imports.find_last(db, fresh.tenant, list_id)
    assert job is not None
    return job


def ended(fresh: FreshTenant, list_id: int) -> Callable[[], bool]:
    """Build the condition that the import into a list has ended."""
    return lambda: the_import(fresh, list_id).status != imports.IN_PROGRESS


def rows(fresh: FreshTenant, list_id: int, count: int) -> Callable[[], bool]:
    """Build the condition that this many rows are imported."""
    return lambda: the_import(fresh, list_id).counts.completed >= count


def members(fresh: FreshTenant, list_id: int) -> dict[str, tuple[str | None, str | None, dict[str, str]]]:
    """Return the names and fields of a list's members, and check its counts."""
    with fresh.store.begin() as db:
        contact_list = contacts.read_list(db, fresh.tenant, list_id)
        assert contact_list is not None
        page = contacts.list_members(db, fresh.tenant, contact_list, None, Paging(1, 200_000))
        assert len(page.rows) == contact_list.members_total
        active = contacts.list_active_members(db, fresh.tenant, list_id, "", 200_000)
        assert len(active) == contact_list.members_active
    return {row.msisdn: (row.first_name, row.last_name, dict(row.fields)) for row in page.rows}
