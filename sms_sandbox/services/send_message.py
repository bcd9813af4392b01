"""Writing down whom a message goes to, each with a text of its own where the template asks for one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from ..domain import merge, pricing
from ..domain.text import segments
from ..store import links, messages, recipients, timeline
from ..store.accounts import Account
from ..store.contacts import ContactList, Member
from ..store.links import Link
from ..store.messages import NewMessage
from ..store.recipients import NewRecipient
from ..store.timeline import SEND, Plan
from . import ledger
from .carrier_handover import Given, hand_over

Handset = tuple[str, Mapping[str, str]]
"""A number, and what merge fields are filled with for it."""

CHUNK = 200
"""Recipients written or handed over in one go, so that no transaction holds up other calls for long."""

NO_RECORD = {"firstname": "", "lastname": ""}
"""What fills the merge fields where no list knows the handset."""


class Batch(NamedTuple):
    """A message, and what writing its recipients down needs to know of it."""

    tenant: int
    seed: str
    account: int
    message: int
    template: str
    tracked_url: str | None
    sent_at: datetime


def enlist(db: Connection, batch: Batch, handsets: Sequence[Handset]) -> range:
    """Write down recipients, with their texts and links, and answer their ids."""
    first = recipients.reserve(db, batch.tenant, len(handsets))
    if not merge.has_fields(batch.template):
        to = [NewRecipient(msisdn) for msisdn, _ in handsets]
    else:
        to, found = [], []
        for recipient, (msisdn, values) in enumerate(handsets, first):
            text = merge.fill_fields(batch.template, values)
            for marker, host, target in markers(batch.tracked_url):
                if marker in text:
                    code = merge.link_code(batch.seed, recipient, host)
                    text = merge.place_link(text, marker, merge.link_text(host, code))
                    found.append(Link(code, batch.tenant, recipient, target))
            to.append(NewRecipient(msisdn, text))
        links.add(db, found)
    return recipients.add(db, batch.tenant, batch.account, batch.message, batch.sent_at, first, to)


def parts_of(batch: Batch, handsets: Sequence[Handset]) -> int:
    """In how many parts a message goes to these handsets."""
    if not merge.has_fields(batch.template):
        return len(handsets) * segments(batch.template).parts
    return sum(segments(preview(batch.template, values, batch.tracked_url)).parts for _, values in handsets)


def status_of_new(send_at: datetime, now: datetime, count: int) -> str:
    """How a message begins: one that is due and goes to few handsets is sent by the transaction that makes it."""
    return messages.SENT if send_at <= now and count < CHUNK else messages.SCHEDULED


def set_out(
    db: Connection, account: Account, message: int, new: NewMessage, to: range, handsets: Sequence[Handset]
) -> list[Plan]:
    """What becomes of a message all of whose recipients are written down."""
    if new.status != messages.SENT:
        return [Plan(new.send_at, SEND, message, {"size": len(to)})]
    given = Given(
        account.tenant, account.seed, account.delivery_delay, account.id, new.sender, new.text, new.validity,
        new.send_at, account.ruled,
    )  # fmt: skip
    return hand_over(db, given, [(recipient, msisdn) for recipient, (msisdn, _) in zip(to, handsets, strict=True)])


def markers(tracked_url: str | None) -> list[tuple[str, str, str | None]]:
    """The links a text may ask for: marker, host, and where it leads (None: to an opt-out)."""
    unsubscribe: tuple[str, str, str | None] = (merge.UNSUBSCRIBE, merge.UNSUBSCRIBE_HOST, None)
    return [(merge.TRACKED, merge.TRACKED_HOST, tracked_url), unsubscribe] if tracked_url else [unsubscribe]


def preview(template: str, values: Mapping[str, str], tracked_url: str | None) -> str:
    """A text of the length the handset's will have; its links lead nowhere yet."""
    if not merge.has_fields(template):
        return template
    text = merge.fill_fields(template, values)
    for marker, host, _ in markers(tracked_url):
        text = merge.place_link(text, marker, merge.link_text(host, "x" * 8))
    return text


def values_of(member: Member, on: ContactList) -> dict[str, str]:
    """What fills the merge fields for a member of a list: the names, and custom fields by their names."""
    named = {name.lower(): value for name, value in on.named(member.fields).items()}
    return {**named, "firstname": member.first_name or "", "lastname": member.last_name or ""}


@dataclass(frozen=True)
class Outgoing:
    """What goes out without a call of send-sms: `type` says what made it. A text that is `literal` is no template,
    since somebody else wrote it."""

    type: str
    sender: str
    text: str
    to: Sequence[Handset]
    literal: bool = False
    on: ContactList | None = None
    replies_to_email: str | None = None


def dispatch(db: Connection, account: Account, what: Outgoing, now: datetime) -> int | None:
    """Send it at once, at the usual cost, and answer the message's id; None, and nothing is sent, where the account
    can't pay."""
    shown = [what.text if what.literal else preview(what.text, values, None) for _, values in what.to]
    parts = sum(segments(each).parts for each in shown)
    cost = pricing.cost(parts, account.sms_price)
    message = messages.reserve(db, account.tenant)
    if not ledger.charge_sms(db, account, message, parts, cost, now):
        return None
    new = NewMessage(
        account=account.id,
        text=what.text,
        sender=what.sender,
        send_at=now,
        created=now,
        validity=timedelta(),
        recipients=len(what.to),
        parts=parts,
        cost=cost,
        list_id=what.on.id if what.on else 0,
        list_name=what.on.name if what.on else "",
        replies_to_email=what.replies_to_email,
        type=what.type,
        status=status_of_new(now, now, len(what.to)),
    )
    messages.add(db, account.tenant, new, message)
    if what.literal:
        first = recipients.reserve(db, account.tenant, len(what.to))
        to = [NewRecipient(msisdn) for msisdn, _ in what.to]
        ids = recipients.add(db, account.tenant, account.id, message, now, first, to)
    else:
        ids = enlist(db, Batch(account.tenant, account.seed, account.id, message, what.text, None, now), what.to)
    timeline.schedule(db, account.tenant, set_out(db, account, message, new, ids, what.to))
    return message
