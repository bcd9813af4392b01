"""The handlers of the timeline's events, except callbacks and imports.

A handler gets consecutive rows of one kind and one tenant.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from sqlalchemy import Connection

from ..domain import callbacks
from ..domain.carrier import FINAL_STATUSES, PENDING
from ..domain.delivery_plan import unissued_id
from ..services import send_message
from ..store import accounts, contacts, messages, recipients, timeline
from ..store.recipients import Reporting
from ..store.tenants import Tenant
from ..store.timeline import Due, Plan
from . import renewals
from .callbacks.queue import CallbackEvent, queue_callbacks
from .inbound.receive import UnreachableError, receive
from .traffic_entries import record_report

_Handler = Callable[[Connection, Tenant, Sequence[Due]], None]

MAX_WEIGHT = 500
"""Limit for the rows of one transaction. A row of this weight has a transaction of its own."""

_CHARGING_KINDS = frozenset({timeline.ENLIST, timeline.INBOUND, timeline.NUMBER_RENEWAL, timeline.KEYWORD_RENEWAL})
"""Kinds that may charge an account. Charging two accounts in one transaction could deadlock with a call."""

MEMBERS_PER_DELETE = 2000
"""Members of a removed list that are deleted in one transaction."""


def _add_recipients(db: Connection, tenant: Tenant, rows: Sequence[Due]) -> None:
    """Store the next recipients of messages to long lists."""
    for row in rows:
        timeline.schedule(db, tenant.id, send_message.enlist_next(db, tenant, row))


def _send(db: Connection, tenant: Tenant, rows: Sequence[Due]) -> None:
    """Hand messages to the carrier in chunks of recipients, and schedule its reports."""
    plans = [plan for row in rows for plan in send_message.hand_over_next(db, tenant, row)]
    timeline.schedule(db, tenant.id, plans)


def report(db: Connection, tenant: Tenant, rows: Sequence[Due], known: dict[tuple[int, int], Reporting]) -> None:
    """Record reports of the carrier, and queue their callbacks.

    `known` are the recipients of the reports, by tenant and id, as they were read; it gets their new statuses.

    The first final report sets the recipient's status and is counted. A repeated one, one for an unknown message, and
    one that says pending only cause a callback.
    """
    reported: dict[int, tuple[str, datetime]] = {}
    counts: defaultdict[int, list[str]] = defaultdict(list)
    events: list[CallbackEvent] = []
    for row in rows:
        recipient = known.get((tenant.id, row.ref))
        if recipient is None:
            continue
        status = row.data["status"]
        if status in FINAL_STATUSES and row.data.get("how") not in ("again", "unknown"):
            if recipient.status != PENDING:
                continue
            known[tenant.id, row.ref] = recipient._replace(status=status)
            reported[recipient.recipient] = (status, row.due)
            counts[recipient.message].append(status)
        record_report(db, tenant.id, recipient, status, row.due, row.data.get("rule", ""))
        events += delivery_callbacks(recipient, row)
    recipients.set_reported(db, tenant.id, reported)
    messages.add_report_counts(db, tenant.id, counts)
    queue_callbacks(db, tenant.id, events)


def delivery_callbacks(recipient: Reporting, row: Due) -> list[CallbackEvent]:
    """Return the callback of a delivery report, if there is a URL for it."""
    url = callbacks.first_url(recipient.message_url, recipient.account_url)
    if url is None:
        return []
    message = unissued_id(recipient.message) if row.data.get("how") == "unknown" else recipient.message
    params = callbacks.delivery_report(
        message_id=message, mobile=recipient.msisdn, at=row.due, status=row.data["status"], user_id=recipient.account
    )
    rule = row.data.get("rule", "")
    event = CallbackEvent(
        recipient.account, recipient.secret, "dlr", url, params, recipient.message, recipient.msisdn, row.due, rule
    )
    return [event]


def _receive_inbound(db: Connection, tenant: Tenant, rows: Sequence[Due]) -> None:
    """Receive messages from handsets. A message that reaches no account is lost, as in a real network."""
    for row in rows:
        with suppress(UnreachableError):
            receive(db, tenant, row.due, row.data["from"], row.data["to"], row.data["text"], row.data.get("rule", ""))


def _queue_list_actions(db: Connection, tenant: Tenant, rows: Sequence[Due]) -> None:
    """Queue the callbacks of contacts that joined or left a list."""
    events: list[CallbackEvent] = []
    for row in rows:
        account = accounts.read(db, tenant.id, row.data["account"])
        if account is None:
            continue
        params = callbacks.list_action(
            at=row.due,
            list_id=row.ref,
            mobile=row.data["msisdn"],
            firstname=row.data["firstname"],
            lastname=row.data["lastname"],
            action=row.data["action"],
            fields=row.data["fields"],
        )
        url, msisdn = row.data["url"], row.data["msisdn"]
        events.append(CallbackEvent(account.id, account.secret, timeline.LIST_ACTION, url, params, 0, msisdn, row.due))
    queue_callbacks(db, tenant.id, events)


def _delete_members(db: Connection, tenant: Tenant, rows: Sequence[Due]) -> None:
    """Delete the members of removed lists, a chunk at a time."""
    for row in rows:
        if contacts.delete_members(db, tenant.id, row.ref, MEMBERS_PER_DELETE) == MEMBERS_PER_DELETE:
            timeline.schedule(db, tenant.id, [Plan(row.due, row.kind, row.ref)])


HANDLERS: Mapping[str, _Handler] = {
    timeline.ENLIST: _add_recipients,
    timeline.SEND: _send,
    timeline.INBOUND: _receive_inbound,
    timeline.LIST_ACTION: _queue_list_actions,
    timeline.FORGET_MEMBERS: _delete_members,
    timeline.NUMBER_RENEWAL: renewals.renew_numbers,
    timeline.KEYWORD_RENEWAL: renewals.renew_keywords,
}
"""The handler of each kind of row, except for what `DueRows` does itself: reports, callbacks and imports."""


def weight(row: Due) -> int:
    """Return the work of a row, counted in recipients."""
    if row.kind in _CHARGING_KINDS:
        return MAX_WEIGHT
    size = send_message.CHUNK_SIZE if row.kind == timeline.FORGET_MEMBERS else row.data.get("size", 1)
    return min(size, send_message.CHUNK_SIZE)
