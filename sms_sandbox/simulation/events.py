"""The handlers of the timeline's events, except callbacks and imports.

A handler gets consecutive rows of one kind and one tenant.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from sqlalchemy import Connection

from ..domain import callbacks, pricing
from ..domain.carrier import FINAL_STATUSES, PENDING
from ..domain.delivery_plan import unissued_id
from ..services import ledger, send_message
from ..services.carrier_handover import Given, hand_over
from ..services.send_message import CHUNK, Batch
from ..store import accounts, contacts, messages, recipients, timeline
from ..store.messages import Message
from ..store.recipients import Reporting
from ..store.tenants import Tenant
from ..store.timeline import Due, Plan
from . import renewals
from .callbacks.queue import CallbackEvent, queue_callbacks
from .inbound import receive as inbound
from .traffic_entries import record_report

Handler = Callable[[Connection, Tenant, Sequence[Due]], None]

MAX_WEIGHT = 500
"""Limit for the rows of one transaction. A row of this weight has a transaction of its own."""

MOVES_MONEY = frozenset({timeline.ENLIST, timeline.INBOUND, timeline.NUMBER_RENEWAL, timeline.KEYWORD_RENEWAL})
"""Kinds that may charge an account. Charging two accounts in one transaction could deadlock with a call."""

MEMBERS_PER_DELETE = 2000
"""Members of a removed list that are deleted in one transaction."""


def add_recipients(db: Connection, tenant: Tenant, rows: Sequence[Due]) -> None:
    """Store the next recipients of a message to a long list. After the last ones, schedule its sending."""
    for row in rows:
        message = messages.read(db, tenant.id, row.ref)
        if message is None or message.status == messages.CANCELLED:
            continue
        contact_list = contacts.read_list(db, tenant.id, message.list_id)
        chunk = (
            contacts.active_members(db, tenant.id, contact_list.id, row.data["after"], CHUNK) if contact_list else []
        )
        batch = Batch(
            tenant.id, tenant.seed, message.account, message.id, message.text, message.tracked_url, message.send_at
        )
        # Members who joined after the message was accepted were not billed.
        billed = [member for member in chunk if member.created <= message.created]
        handsets = [(member.msisdn, send_message.values_of(member, contact_list)) for member in billed if contact_list]
        if handsets:
            send_message.enlist(db, batch, handsets)
        parts = row.data["parts"] + send_message.parts_of(batch, handsets)
        if len(chunk) == CHUNK:
            plan = Plan(row.due, timeline.ENLIST, message.id, {"after": chunk[-1].msisdn, "parts": parts})
        else:
            settle_cost(db, tenant, message, parts, row.due)
            plan = Plan(max(message.send_at, row.due), timeline.SEND, message.id, {"size": message.recipients})
        timeline.schedule(db, tenant.id, [plan])


def settle_cost(db: Connection, tenant: Tenant, message: Message, parts: int, now: datetime) -> None:
    """Refund the cost for members who left a list while its recipients were stored."""
    account = accounts.read(db, tenant.id, message.account)
    assert account is not None
    missing = max(0, message.parts - parts)
    refund = message.cost - pricing.share_of_cost(message.cost, message.parts - missing, message.parts)
    messages.settle(db, tenant.id, message.id, message.parts - missing, message.cost - refund)
    if missing:
        ledger.refund_sms(db, account, message.id, missing, refund, now)


def send(db: Connection, tenant: Tenant, rows: Sequence[Due]) -> None:
    """Hand messages to the carrier in chunks of recipients, and schedule its reports."""
    plans: list[Plan] = []
    for row in rows:
        message = messages.read(db, tenant.id, row.ref)
        if message is None or message.status == messages.CANCELLED:
            continue
        after = row.data.get("after", 0)
        if not after:
            messages.set_status(db, tenant.id, message.id, messages.SENT)
        handsets = recipients.chunk(db, tenant.id, message.id, after, CHUNK)
        given = Given(
            tenant.id, tenant.seed, tenant.delivery_delay, message.account, message.sender, message.text,
            message.validity, row.due,
        )  # fmt: skip
        plans += hand_over(db, given, handsets)
        if len(handsets) == CHUNK:
            plans.append(Plan(row.due, timeline.SEND, message.id, {**row.data, "after": handsets[-1][0]}))
    timeline.schedule(db, tenant.id, plans)


def report(db: Connection, tenant: Tenant, rows: Sequence[Due]) -> None:
    """Record reports of the carrier, and queue their callbacks.

    The first final report sets the recipient's status and is counted. A repeated one, one for an unknown message, and
    one that says pending only cause a callback.
    """
    reported: dict[int, tuple[str, datetime]] = {}
    counts: defaultdict[int, list[str]] = defaultdict(list)
    events: list[CallbackEvent] = []
    known = recipients.reporting(db, tenant.id, [row.ref for row in rows])
    for row in rows:
        recipient = known.get(row.ref)
        if recipient is None:
            continue
        status = row.data["status"]
        if status in FINAL_STATUSES and row.data.get("how") not in ("again", "unknown"):
            if recipient.status != PENDING or row.ref in reported:
                continue
            reported[recipient.recipient] = (status, row.due)
            counts[recipient.message].append(status)
        record_report(db, tenant.id, recipient, status, row.due, row.data.get("rule", ""))
        events += delivery_callbacks(recipient, row)
    recipients.report(db, tenant.id, reported)
    messages.count_reports(db, tenant.id, counts)
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


def receive_inbound(db: Connection, tenant: Tenant, rows: Sequence[Due]) -> None:
    """Receive messages from handsets. A message that reaches no account is lost, as in a real network."""
    for row in rows:
        with suppress(inbound.UnreachableError):
            inbound.receive(
                db, tenant, row.due, row.data["from"], row.data["to"], row.data["text"], row.data.get("rule", "")
            )


def queue_list_actions(db: Connection, tenant: Tenant, rows: Sequence[Due]) -> None:
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


def delete_members(db: Connection, tenant: Tenant, rows: Sequence[Due]) -> None:
    """Delete the members of removed lists, a chunk at a time."""
    for row in rows:
        if contacts.delete_members(db, tenant.id, row.ref, MEMBERS_PER_DELETE) == MEMBERS_PER_DELETE:
            timeline.schedule(db, tenant.id, [Plan(row.due, row.kind, row.ref)])


HANDLERS: Mapping[str, Handler] = {
    timeline.ENLIST: add_recipients,
    timeline.SEND: send,
    timeline.REPORT: report,
    timeline.INBOUND: receive_inbound,
    timeline.LIST_ACTION: queue_list_actions,
    timeline.FORGET_MEMBERS: delete_members,
    timeline.NUMBER_RENEWAL: renewals.renew_numbers,
    timeline.KEYWORD_RENEWAL: renewals.renew_keywords,
}
"""The handler of each kind of row, except callbacks and imports, which the runner starts as tasks."""


def weight(row: Due) -> int:
    """Return the work of a row, counted in recipients."""
    if row.kind in MOVES_MONEY:
        return MAX_WEIGHT
    return CHUNK if row.kind == timeline.FORGET_MEMBERS else min(row.data.get("size", 1), CHUNK)
