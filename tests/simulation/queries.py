"""Queries for messages, recipients and callbacks, and settings of a tenant."""

from collections.abc import Sequence
from datetime import timedelta

from sms_sandbox.domain.clock import MICROSECOND
from sms_sandbox.store import accounts, callbacks, contacts, messages, reports, tenants
from sms_sandbox.store.callbacks import Attempt, Callback
from sms_sandbox.store.messages import Message
from sms_sandbox.store.paging import Paging
from sms_sandbox.store.recipients import Recipient
from tests.conftest import FreshTenant
from tests.store.example_rows import NOON

ALL = Paging(1, 10_000)


def message(fresh: FreshTenant, message_id: int) -> Message:
    """Return a message."""
    with fresh.store.begin() as db:
        row = messages.read(db, fresh.tenant, message_id)
    assert row is not None
    return row


def all_recipients(fresh: FreshTenant, message_id: int) -> Sequence[Recipient]:
    """Return the recipients of a message, in order."""
    with fresh.store.begin() as db:
        return reports.list_recipients(db, fresh.tenant, ALL, message_id, None, None).rows[::-1]


def recipient(fresh: FreshTenant, message_id: int) -> Recipient:
    """Return the only recipient of a message."""
    (only,) = all_recipients(fresh, message_id)
    return only


def all_callbacks(fresh: FreshTenant) -> list[tuple[Callback, list[Attempt]]]:
    """Return all callbacks with their attempts, in order."""
    with fresh.store.begin() as db:
        rows = callbacks.list_page(db, fresh.tenant, ALL).rows[::-1]
        attempts = callbacks.attempts_of(db, fresh.tenant, [row.id for row in rows])
    return [(row, attempts[row.id]) for row in rows]


def the_callback(fresh: FreshTenant) -> tuple[Callback, list[Attempt]]:
    """Return the only callback, with its attempts."""
    (only,) = all_callbacks(fresh)
    return only


def waits(attempts: Sequence[Attempt]) -> list[timedelta]:
    """Return the time of each attempt, counted from noon."""
    return [attempt.at - NOON for attempt in attempts]


def add_list(fresh: FreshTenant, handsets: Sequence[str], fields: dict[str, str] | None = None) -> int:
    """Add a list with these members, and return its id."""
    with fresh.store.begin() as db:
        row = contacts.add_list(db, fresh.tenant, fresh.account.id, "People", fields or {}, NOON)
        for msisdn in handsets:
            contacts.add_member(db, fresh.tenant, row.id, msisdn, ("Uno", "Rock"), {}, NOON)
    return row.id


def set_account(fresh: FreshTenant, **settings: object) -> None:
    """Set columns of the account."""
    with fresh.store.begin() as db:
        accounts.change(db, fresh.tenant, fresh.account.id, settings)


def delay_delivery(fresh: FreshTenant, by: timedelta) -> None:
    """Set the tenant's delivery delay."""
    with fresh.store.begin() as db:
        tenants.change(db, fresh.tenant, {"delivery_delay": by // MICROSECOND})
