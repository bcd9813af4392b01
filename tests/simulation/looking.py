"""Reading what came of it."""

from collections.abc import Sequence
from datetime import timedelta

from sms_sandbox.domain.clock import MICROSECOND
from sms_sandbox.store import accounts, callbacks, contacts, messages, reports, tenants
from sms_sandbox.store.callbacks import Attempt, Callback
from sms_sandbox.store.messages import Message
from sms_sandbox.store.paging import Paging
from sms_sandbox.store.recipients import Recipient
from tests.conftest import FreshTenant
from tests.store.making import NOON

ALL = Paging(1, 10_000)


def message(at: FreshTenant, id_: int) -> Message:
    with at.store.begin() as db:
        found = messages.read(db, at.tenant, id_)
    assert found is not None
    return found


def everybody(at: FreshTenant, id_: int) -> Sequence[Recipient]:
    """Recipients of a message, in order."""
    with at.store.begin() as db:
        return reports.recipients_of(db, at.tenant, ALL, id_, None, None).rows[::-1]


def journal(at: FreshTenant) -> list[tuple[Callback, list[Attempt]]]:
    """Every callback with its attempts, in order."""
    with at.store.begin() as db:
        found = callbacks.page(db, at.tenant, ALL).rows[::-1]
        attempts = callbacks.attempts_of(db, at.tenant, [each.id for each in found])
    return [(each, attempts[each.id]) for each in found]


def the_callback(at: FreshTenant) -> tuple[Callback, list[Attempt]]:
    """The only one there is."""
    (only,) = journal(at)
    return only


def waits(attempts: Sequence[Attempt]) -> list[timedelta]:
    """When each attempt began, counted from noon."""
    return [each.at - NOON for each in attempts]


def recipient(at: FreshTenant, id_: int) -> Recipient:
    (only,) = everybody(at, id_)
    return only


def a_list(at: FreshTenant, handsets: Sequence[str], fields_: dict[str, str] | None = None) -> int:
    """A list with these members; its id."""
    with at.store.begin() as db:
        made = contacts.add_list(db, at.tenant, at.account.id, "People", fields_ or {}, NOON)
        for msisdn in handsets:
            contacts.add_member(db, at.tenant, made.id, msisdn, ("Uno", "Rock"), {}, NOON)
    return made.id


def set_account(at: FreshTenant, **settings: object) -> None:
    with at.store.begin() as db:
        accounts.change(db, at.tenant, at.account.id, settings)


def delay_delivery(at: FreshTenant, by: timedelta) -> None:
    with at.store.begin() as db:
        tenants.change(db, at.tenant, {"delivery_delay": by // MICROSECOND})
