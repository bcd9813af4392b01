"""The events of the timeline but for callbacks: each kind is run for the rows of one tenant that follow each other."""

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
from .callbacks.queue import News, tell
from .inbound import receive as inbound
from .traffic_entries import note_report

Handler = Callable[[Connection, Tenant, Sequence[Due]], None]

HEAVIEST = 500
"""What a row weighs that has a transaction to itself."""

MOVES_MONEY = frozenset({timeline.ENLIST, timeline.INBOUND, timeline.NUMBER_RENEWAL, timeline.KEYWORD_RENEWAL})
"""Rows that may charge an account: two accounts charged in one transaction could wait for each other with a call."""

HEAP = 2000
"""Members of a removed list deleted in one go."""


def enlist(db: Connection, tenant: Tenant, rows: Sequence[Due]) -> None:
    """Write down more recipients of a message to a long list; when all are, it can be sent."""
    for row in rows:
        message = messages.read(db, tenant.id, row.ref)
        if message is None or message.status == messages.CANCELLED:
            continue
        on = contacts.read_list(db, tenant.id, message.list_id)
        chunk = contacts.active_members(db, tenant.id, on.id, row.data["after"], CHUNK) if on else []
        batch = Batch(
            tenant.id, tenant.seed, message.account, message.id, message.text, message.tracked_url, message.send_at
        )
        # Whoever joined after the message was accepted is not among those it was billed for.
        billed = [member for member in chunk if member.created <= message.created]
        handsets = [(member.msisdn, send_message.values_of(member, on)) for member in billed if on]
        if handsets:
            send_message.enlist(db, batch, handsets)
        parts = row.data["parts"] + send_message.parts_of(batch, handsets)
        if len(chunk) == CHUNK:
            plan = Plan(row.due, timeline.ENLIST, message.id, {"after": chunk[-1].msisdn, "parts": parts})
        else:
            settle(db, tenant, message, parts, row.due)
            plan = Plan(max(message.send_at, row.due), timeline.SEND, message.id, {"size": message.recipients})
        timeline.schedule(db, tenant.id, [plan])


def settle(db: Connection, tenant: Tenant, message: Message, parts: int, now: datetime) -> None:
    """Give back what was paid for members who left a list while a message to it was being written down."""
    account = accounts.read(db, tenant.id, message.account)
    assert account is not None
    missing = max(0, message.parts - parts)
    refund = message.cost - pricing.share_of_cost(message.cost, message.parts - missing, message.parts)
    messages.settle(db, tenant.id, message.id, message.parts - missing, message.cost - refund)
    if missing:
        ledger.refund_sms(db, account, message.id, missing, refund, now)


def send(db: Connection, tenant: Tenant, rows: Sequence[Due]) -> None:
    """Hand messages to the carrier, so many recipients at a time, and plan what it will report."""
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
    """Take in what the carrier reports, and tell the accounts' apps.

    The first final report makes a recipient's state and is counted. One that comes again, of a strange message, or
    that says pending is told and changes nothing.
    """
    reported: dict[int, tuple[str, datetime]] = {}
    counts: defaultdict[int, list[str]] = defaultdict(list)
    news: list[News] = []
    known = recipients.reporting(db, tenant.id, [row.ref for row in rows])
    for row in rows:
        found = known.get(row.ref)
        if found is None:
            continue
        status = row.data["status"]
        if status in FINAL_STATUSES and row.data.get("how") not in ("again", "unknown"):
            if found.status != PENDING or row.ref in reported:
                continue
            reported[found.recipient] = (status, row.due)
            counts[found.message].append(status)
        note_report(db, tenant.id, found, status, row.due, row.data.get("rule", ""))
        news += delivery_news(found, row)
    recipients.report(db, tenant.id, reported)
    messages.count_reports(db, tenant.id, counts)
    tell(db, tenant.id, news)


def delivery_news(found: Reporting, row: Due) -> list[News]:
    url = callbacks.first_url(found.message_url, found.account_url)
    if url is None:
        return []
    message = unissued_id(found.message) if row.data.get("how") == "unknown" else found.message
    params = callbacks.delivery_report(
        message_id=message, mobile=found.msisdn, at=row.due, status=row.data["status"], user_id=found.account
    )
    because = row.data.get("rule", "")
    return [News(found.account, found.secret, "dlr", url, params, found.message, found.msisdn, row.due, because)]


def receive(db: Connection, tenant: Tenant, rows: Sequence[Due]) -> None:
    """Let handsets' messages arrive; one that reaches nobody is lost, as it is in the network."""
    for row in rows:
        with suppress(inbound.UnreachableError):
            inbound.receive(
                db, tenant, row.due, row.data["from"], row.data["to"], row.data["text"], row.data.get("rule", "")
            )


def tell_list_action(db: Connection, tenant: Tenant, rows: Sequence[Due]) -> None:
    """Tell a list's automation who joined the list, and who left it."""
    news: list[News] = []
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
        news.append(News(account.id, account.secret, timeline.LIST_ACTION, url, params, 0, msisdn, row.due))
    tell(db, tenant.id, news)


def forget_members(db: Connection, tenant: Tenant, rows: Sequence[Due]) -> None:
    """Clear up after removed lists, so many members at a time."""
    for row in rows:
        if contacts.delete_members(db, tenant.id, row.ref, HEAP) == HEAP:
            timeline.schedule(db, tenant.id, [Plan(row.due, row.kind, row.ref)])


EVENTS: Mapping[str, Handler] = {
    timeline.ENLIST: enlist,
    timeline.SEND: send,
    timeline.REPORT: report,
    timeline.INBOUND: receive,
    timeline.LIST_ACTION: tell_list_action,
    timeline.FORGET_MEMBERS: forget_members,
    timeline.NUMBER_RENEWAL: renewals.renew_numbers,
    timeline.KEYWORD_RENEWAL: renewals.renew_keywords,
}
"""Every kind of row on the timeline, but for the callbacks and imports that the runner lets go on by themselves."""


def weight(row: Due) -> int:
    """How many recipients' worth of work a row is."""
    if row.kind in MOVES_MONEY:
        return HEAVIEST
    return CHUNK if row.kind == timeline.FORGET_MEMBERS else min(row.data.get("size", 1), CHUNK)
