"""Rows that store tests begin with."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from sms_sandbox.domain.clock import Clock
from sms_sandbox.store import accounts, messages, recipients, tenants
from sms_sandbox.store.accounts import NewAccount
from sms_sandbox.store.database import Store
from sms_sandbox.store.messages import NewMessage
from sms_sandbox.store.real_time import real_now
from sms_sandbox.store.recipients import NewRecipient
from sms_sandbox.store.tenants import NewTenant
from sms_sandbox.store.timeline import Due
from tests.conftest import FreshTenant

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HANDSETS = tuple(f"6149157{number:04}" for number in range(200, 230))


def bare(store: Store, name: str) -> FreshTenant:
    """Make a tenant with an account and an empty timeline."""
    with store.begin() as db:
        tenant = tenants.add(db, NewTenant(name, f"seed of {name}"), real_now()).id
        accounts.add(db, tenant, NewAccount(f"key of {name}", "a secret", throttle=0), NOON)
        account = accounts.find_first(db, tenant)
    assert account is not None
    return FreshTenant(store, tenant, account)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def refs(rows: Sequence[Due]) -> list[int]:
    return [row.ref for row in rows]


def stand(db: Connection, tenant: int, moment: datetime = NOON) -> None:
    """Freeze the tenant's clock at a moment."""
    tenants.set_clock(db, tenant, Clock(frozen_at=moment))


def add_message(
    db: Connection, fresh: FreshTenant, *, at: datetime = NOON, recipients: int = 1, text: str = "Hello",
    status: str = messages.SCHEDULED, **more: object,
) -> tuple[int, NewMessage]:  # fmt: skip
    """Add a message without its recipients, and return its id and its values."""
    fields: dict[str, object] = {
        "account": fresh.account.id,
        "text": text,
        "sender": "61491570112",
        "send_at": at,
        "created": at,
        **more,
    }
    id_, new = messages.new_id(db, fresh.tenant), NewMessage(**fields)  # type: ignore[arg-type]
    messages.add(db, fresh.tenant, id_, new, recipients, recipients, 8_700 * recipients, status)
    return id_, new


def send(
    db: Connection, fresh: FreshTenant, to: Sequence[str | NewRecipient], *, at: datetime = NOON, **more: object
) -> tuple[int, int]:
    """Add a message with its recipients, and return its id and the first of theirs."""
    message, _ = add_message(db, fresh, at=at, recipients=len(to), **more)  # type: ignore[arg-type]
    first = recipients.new_ids(db, fresh.tenant, len(to))
    rows = [NewRecipient(each) if isinstance(each, str) else each for each in to]
    recipients.add(db, fresh.tenant, fresh.account.id, message, at, first, rows)
    return message, first
