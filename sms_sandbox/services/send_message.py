"""Send a message: id, charge, row, recipients, hand over. Every message of an account goes this way.

A message to a long list takes several transactions. The first one accepts and charges it. Events of the timeline then
add its recipients and hand them over, `CHUNK_SIZE` at a time, so that no transaction delays calls for long.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection

from ..domain import merge, pricing
from ..domain.text import MAX_PARTS
from ..store import accounts, contacts, links, messages, recipients, timeline
from ..store.accounts import Account
from ..store.contacts import ContactList
from ..store.database import Store
from ..store.links import Link
from ..store.messages import CANCELLED, SCHEDULED, SENT, Message, NewMessage
from ..store.recipients import NewRecipient
from ..store.tenants import Tenant
from ..store.timeline import ENLIST, SEND, Due, Plan
from . import carrier_handover, ledger
from .carrier_handover import CarrierMessage
from .message_text import NO_RECORD, Template, Values, values_of

Handset = tuple[str, Values]
"""A number, and the values of merge fields for it."""

CHUNK_SIZE = 200
"""Recipients that are added, handed over or counted at a time."""


class PartCount(NamedTuple):
    """Parts of a text over several handsets: of all of them together, and of the longest text."""

    total: int
    longest: int


class Sent(NamedTuple):
    """A message that was accepted. `early` are the recipients to report on before the call is answered."""

    id: int
    recipients: int
    cost: int
    early: Sequence[int]


def send(
    db: Connection, account: Account, message: NewMessage, template: Template, to: Sequence[Handset] | ContactList,
    parts: int,
) -> Sent | None:  # fmt: skip
    """Send a message to handsets, or to every active member of a list.

    `parts` are those of all recipients. Returns None, and changes nothing, if the account cannot pay.
    """
    size, cost = _size_of(to), pricing.cost(parts, account.sms_price)
    status = SENT if message.send_at <= message.created and size < CHUNK_SIZE else SCHEDULED
    id_ = messages.new_id(db, account.tenant)
    if not ledger.charge_sms(db, account, id_, parts, cost, message.created):
        return None
    messages.add(db, account.tenant, id_, message, size, parts, cost, status)
    handsets = _members(db, account.tenant, to, "") if isinstance(to, ContactList) else to
    batch = _Batch(account.tenant, account.seed, account.id, id_, template, message.send_at)
    ids = _enlist(db, batch, handsets)
    if isinstance(to, ContactList) and len(handsets) == CHUNK_SIZE:
        done = {"after": handsets[-1][0], "parts": _count(template, handsets).total}
        plans = [Plan(message.created, ENLIST, id_, done)]
    elif status == SENT:
        given = CarrierMessage(
            account.tenant, account.seed, account.delivery_delay, account.id, message.sender, message.text,
            message.validity, message.send_at, account.ruled,
        )  # fmt: skip
        numbered = [(recipient, msisdn) for recipient, (msisdn, _) in zip(ids, handsets, strict=True)]
        plans = carrier_handover.hand_over(db, given, numbered)
    else:
        plans = [Plan(message.send_at, SEND, id_, {"size": len(ids)})]
    timeline.schedule(db, account.tenant, plans)
    return Sent(id_, size, cost, carrier_handover.early_recipients(plans))


def _size_of(to: Sequence[Handset] | ContactList) -> int:
    return to.members_active if isinstance(to, ContactList) else len(to)


def _members(db: Connection, tenant: int, list_: ContactList, after: str) -> list[Handset]:
    """Return the next active members of a list, with their values."""
    chunk = contacts.list_active_members(db, tenant, list_.id, after, CHUNK_SIZE)
    return [(member.msisdn, values_of(member, list_)) for member in chunk]


# Recipients of a long list, by events of the timeline


def enlist_next(db: Connection, tenant: Tenant, row: Due) -> list[Plan]:
    """Add the next recipients of a message to a long list. Returns what to do next."""
    message = _read_unless_cancelled(db, tenant, row.ref)
    if message is None:
        return []
    list_ = contacts.read_list(db, tenant.id, message.list_id)
    chunk = contacts.list_active_members(db, tenant.id, list_.id, row.data["after"], CHUNK_SIZE) if list_ else []
    # The message was not charged for members that joined after it was accepted.
    charged = [member for member in chunk if member.created <= message.created]
    handsets = [(member.msisdn, values_of(member, list_)) for member in charged if list_]
    template = Template.parse(message.text, message.tracked_url)
    batch = _Batch(tenant.id, tenant.seed, message.account, message.id, template, message.send_at)
    _enlist(db, batch, handsets)
    parts = row.data["parts"] + _count(template, handsets).total
    if len(chunk) == CHUNK_SIZE:
        return [Plan(row.due, ENLIST, message.id, {"after": chunk[-1].msisdn, "parts": parts})]
    _settle(db, tenant, message, parts, row.due)
    return [Plan(max(message.send_at, row.due), SEND, message.id, {"size": message.recipients})]


def _settle(db: Connection, tenant: Tenant, message: Message, parts: int, now: datetime) -> None:
    """Refund the charge for members who left the list before they were added."""
    account = accounts.read(db, tenant.id, message.account)
    assert account is not None
    missing = max(0, message.parts - parts)
    refund = message.cost - pricing.share_of_cost(message.cost, message.parts - missing, message.parts)
    messages.settle(db, tenant.id, message.id, message.parts - missing, message.cost - refund)
    if missing:
        ledger.refund_sms(db, account, message.id, missing, refund, now)


def hand_over_next(db: Connection, tenant: Tenant, row: Due) -> list[Plan]:
    """Hand the next recipients of a message to the carrier. Returns what to do next."""
    message = _read_unless_cancelled(db, tenant, row.ref)
    if message is None:
        return []
    after = row.data.get("after", 0)
    if not after:
        messages.set_status(db, tenant.id, message.id, SENT)
    chunk = recipients.list_chunk(db, tenant.id, message.id, after, CHUNK_SIZE)
    given = CarrierMessage(
        tenant.id, tenant.seed, tenant.delivery_delay, message.account, message.sender, message.text,
        message.validity, row.due,
    )  # fmt: skip
    plans = carrier_handover.hand_over(db, given, chunk)
    if len(chunk) == CHUNK_SIZE:
        plans.append(Plan(row.due, SEND, message.id, {**row.data, "after": chunk[-1][0]}))
    return plans


def _read_unless_cancelled(db: Connection, tenant: Tenant, id_: int) -> Message | None:
    message = messages.read(db, tenant.id, id_)
    return None if message is None or message.status == CANCELLED else message


class _Batch(NamedTuple):
    """A message whose recipients are being added."""

    tenant: int
    seed: str
    account: int
    message: int
    template: Template
    send_at: datetime


def _enlist(db: Connection, batch: _Batch, handsets: Sequence[Handset]) -> range:
    """Add recipients, with their texts and links, and return their ids."""
    if not handsets:
        return range(0)
    first = recipients.new_ids(db, batch.tenant, len(handsets))
    if not batch.template.has_fields:
        rows = [NewRecipient(msisdn) for msisdn, _ in handsets]
    else:
        rows, new_links = [], []
        for recipient, (msisdn, values) in enumerate(handsets, first):
            text, links_ = batch.template.fill(values, partial(merge.link_code, batch.seed, recipient))
            new_links += [Link(code, batch.tenant, recipient, target) for code, target in links_]
            rows.append(NewRecipient(msisdn, text))
        links.add(db, new_links)
    recipients.add(db, batch.tenant, batch.account, batch.message, batch.send_at, first, rows)
    return range(first, first + len(rows))


# Counting


def count_parts(
    db: Connection, tenant: int, template: Template, to: Sequence[Handset] | ContactList,
    counted: PartCount | None = None,
) -> PartCount:  # fmt: skip
    """Count the parts of a text over handsets, or over a list's active members.

    `counted` is an earlier result of `count_parts_of_long_list`. It is used if the list is still long.
    """
    if not isinstance(to, ContactList):
        return _count(template, to)
    if not template.has_fields:
        parts = template.count_parts(NO_RECORD)
        return PartCount(to.members_active * parts, parts)
    if counted is not None and to.members_active >= CHUNK_SIZE:
        return counted
    members = contacts.list_active_members(db, tenant, to.id, "", to.members_active)
    return _count(template, [(member.msisdn, values_of(member, to)) for member in members])


def _count(template: Template, handsets: Sequence[Handset]) -> PartCount:
    if not template.has_fields:
        parts = template.count_parts(NO_RECORD)
        return PartCount(len(handsets) * parts, parts)
    total = longest = parts = 0
    counted: Values | None = None
    for _, values in handsets:
        if values is not counted:  # handsets that are on no list have the same values
            parts, counted = template.count_parts(values), values
        total += parts
        longest = max(longest, parts)
    return PartCount(total, longest)


async def count_parts_of_long_list(
    store: Store, account: Account, list_id: int, template: Template
) -> PartCount | None:
    """Count the parts of a text with merge fields over a long list, in chunks.

    Other calls are answered between two transactions. Returns None if `count_parts` is fast enough: for a short list,
    or a text without fields. Stops at a text that is too long.
    """
    if not template.has_fields:
        return None
    list_ = await store.run(partial(contacts.read_list, tenant=account.tenant, list_id=list_id))
    if list_ is None or list_.account != account.id or list_.members_active < CHUNK_SIZE:
        return None
    total, longest, after = 0, 0, ""
    while longest <= MAX_PARTS:
        chunk = await store.run(partial(_members, tenant=account.tenant, list_=list_, after=after))
        count = _count(template, chunk)
        total, longest = total + count.total, max(longest, count.longest)
        if len(chunk) < CHUNK_SIZE:
            break
        after = chunk[-1][0]
        await asyncio.sleep(0)
    return PartCount(total, longest)
