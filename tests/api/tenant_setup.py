"""Changes of a tenant by other means than its API."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from sms_sandbox.domain.clock import Clock
from sms_sandbox.services import ledger
from sms_sandbox.simulation.callbacks.http_client import CallbackClient
from sms_sandbox.simulation.inbound import receive as inbound
from sms_sandbox.simulation.inbound.receive import Received
from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import accounts, tenants
from sms_sandbox.store.accounts import Account, NewAccount
from sms_sandbox.store.real_time import real_now
from sms_sandbox.store.tenants import Tenant
from tests.conftest import Caller, FreshTenant

NOW = datetime(2026, 3, 1, 10, 0, 42, 500_000, UTC)
TOLD = "2026-03-01 10:00:42"
OTHER = "other-key"
OTHERS_SECRET = "other-secret"
BASIC = (b"authorization", b"Basic dGVzdC1rZXk6dGVzdC1zZWNyZXQ=")
"""The header of the tests' own credentials."""

FORM = "application/x-www-form-urlencoded"


def advance(fresh: FreshTenant, **by: float) -> None:
    """Advance the tenant's clock, and run everything that is due."""

    async def run() -> None:
        client = CallbackClient()
        await Runner(fresh.store, client).advance(fresh.tenant, by=timedelta(**by))
        await client.close()

    asyncio.run(run())


def freeze(fresh: FreshTenant, at: datetime) -> None:
    """Freeze the tenant's clock."""
    with fresh.store.begin() as db:
        tenants.set_clock(db, fresh.tenant, Clock(frozen_at=at))


def read_tenant(fresh: FreshTenant) -> Tenant:
    with fresh.store.begin() as db:
        row = tenants.read(db, fresh.tenant)
    assert row is not None
    return row


def reply(fresh: FreshTenant, msisdn: str, words: str, to: str | None = None) -> Received:
    """Send a handset's reply, by default to the number that last wrote to it."""
    tenant = read_tenant(fresh)
    with fresh.store.begin() as db:
        return inbound.receive(db, tenant, tenant.clock.now(real_now()), msisdn, to, words)


def set_account(fresh: FreshTenant, **settings: Any) -> None:
    """Set columns of the tenant's account."""
    with fresh.store.begin() as db:
        if "balance" in settings:
            ledger.set_balance(db, fresh.account, settings.pop("balance"), real_now())
        if settings:
            accounts.change(db, fresh.tenant, fresh.account.id, settings)


def set_tenant(fresh: FreshTenant, **settings: Any) -> None:
    """Set columns of the tenant itself."""
    with fresh.store.begin() as db:
        tenants.change(db, fresh.tenant, settings)


def add_other_account(fresh: FreshTenant, throttle: int = 0) -> Account:
    """Add another account to the same tenant."""
    with fresh.store.begin() as db:
        accounts.add(db, fresh.tenant, NewAccount(OTHER, OTHERS_SECRET, throttle=throttle), real_now())
        made = accounts.find_by_key(db, OTHER)
    assert made is not None
    return made


def add_other_caller(fresh: FreshTenant) -> Caller:
    """Add another account to the same tenant, and return its caller."""
    add_other_account(fresh)
    return Caller(fresh.store, OTHER, OTHERS_SECRET)


def add_list_of(call: Caller, *numbers: int | str, **fields: str) -> int:
    """Add a list with these members."""
    made = int(call.ok("add-list", name=f"list of {len(numbers)}", **fields)["id"])
    for number in numbers:
        call.ok("add-to-list", list_id=made, msisdn=number)
    return made


def execute_sql(fresh: FreshTenant, sql: str, **params: Any) -> None:
    """Run SQL for changes that no function makes."""
    with fresh.store.begin() as db:
        db.execute(text(sql), params)


def request(app: Callable[..., Awaitable[None]], scope: dict[str, Any], *messages: dict[str, Any]) -> list[Any]:
    """Send an ASGI application messages that no client library sends, and return its messages."""
    sent: list[Any] = []
    waiting = list(messages)

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    defaults = {"type": "http", "http_version": "1.1", "scheme": "https", "headers": [], "query_string": b""}
    asyncio.run(app(defaults | scope, receive, send))  # type: ignore[arg-type]
    return sent


def read_error(answer: Any) -> tuple[str, Any]:
    """Return the code and description of the error in an HTTP response."""
    error = answer.json()["error"]
    return error["code"], error["description"]
