"""Reports on one message: whom it went to, and what became of it there."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, NotRequired, TypedDict

from ...domain import pricing
from ...domain.carrier import DELIVERED, PENDING
from ...store import contacts, recipients, reports
from ...store.messages import Message
from ...store.paging import FIRST_PAGE, PageInfo
from ...store.recipients import Recipient
from ...store.reports import SentTo
from ..declare import Call, method
from ..errors import ApiError, Code
from ..params import Choice, Handset, ListId, MessageId, Pages
from .lists import find_list, name_on
from .sms import DeliveryStats, ListName, find_message, of_list


class MessageFacts(TypedDict):
    message_id: int
    send_at: datetime
    recipients: int
    cost: Decimal
    sms: int
    list: NotRequired[ListName]
    delivery_stats: DeliveryStats


class MessageWithText(TypedDict):
    message_id: int
    send_at: datetime
    recipients: int
    cost: Decimal
    sms: int
    message: NotRequired[str]
    list: NotRequired[ListName]
    delivery_stats: DeliveryStats


class Template(TypedDict):
    message: NotRequired[str]


def facts(message: Message, template: Template) -> MessageWithText:
    """A message as reports tell it, in the order of the wire."""
    return {
        "message_id": message.id,
        "send_at": message.send_at,
        "recipients": message.recipients,
        "cost": pricing.from_units(message.cost),
        "sms": message.parts,
        **template,
        **of_list(message.list_id, message.list_name),
        "delivery_stats": {
            "delivered": message.delivered,
            "pending": message.pending,
            "bounced": message.bounced,
            "responses": message.responses,
            "optouts": message.optouts,
        },
    }


@method("Reports", errors=[Code.NOT_FOUND, Code.NO_ACCESS])
def get_sms(call: Call, message_id: MessageId) -> MessageWithText:
    """A message: its text as it was given, before anything was filled in, and what became of it."""
    message = find_message(call, message_id)
    return facts(message, {"message": message.text} if call.profile.tells_message else {})


Stats = TypedDict(
    "Stats",
    {
        "hard_bounced": int,
        "soft_bounced": int,
        "total": int,
        "recipientCount": int,
        "delivered": int,
        "pending": int,
        "bounced": int,
        "responses": int,
        "opt-outs": int,
        "link_hits": int,
    },
)


class SmsStats(TypedDict):
    stats: Stats


@method("Reports", errors=[Code.NOT_FOUND, Code.NO_ACCESS])
def get_sms_stats(call: Call, message_id: MessageId) -> SmsStats:
    """How many handsets a message reached, failed to reach, and heard from."""
    message = find_message(call, message_id)
    return {
        "stats": {
            "hard_bounced": message.hard_bounced,
            "soft_bounced": message.soft_bounced,
            "total": message.recipients,
            "recipientCount": message.recipients,
            "delivered": message.delivered,
            "pending": message.pending,
            "bounced": message.bounced,
            "responses": message.responses,
            "opt-outs": message.optouts,
            "link_hits": message.link_hits,
        }
    }


class SentRecipient(TypedDict):
    msisdn: str
    first_name: str | None
    last_name: str | None
    delivery_status: str
    optout: bool
    fields: NotRequired[Mapping[str, str]]


class SmsSentTo(TypedDict):
    page: PageInfo
    total: int
    message: MessageFacts
    recipients: NotRequired[list[SentRecipient]]


@method("Reports", errors=[Code.NOT_FOUND, Code.NO_ACCESS])
def get_sms_sent(
    call: Call,
    message_id: MessageId,
    list_id: ListId | None = None,
    delivery: Annotated[
        str, Choice("Only recipients in this state.", words=("all", "delivered", "failed", "pending"))
    ] = "all",
    optouts: Annotated[
        str, Choice("Whether to show those who opted out.", words=("include", "only", "omit"))
    ] = "include",
    paging: Pages = FIRST_PAGE,
) -> SmsSentTo:
    """Whom a message went to and what became of it there; with a list, also what that list knows of them."""
    message = find_message(call, message_id)
    on = None if list_id is None else find_list(call, list_id)
    known_by = on or contacts.read_list(call.db, call.tenant, message.list_id)
    found = reports.sent_to(call.db, call.tenant, message, known_by.id if known_by else 0, delivery, optouts, paging)
    reply: SmsSentTo = {"page": found.info, "total": found.total, "message": facts(message, {})}
    if found.rows:
        reply["recipients"] = [sent_recipient(each, known_by, on is not None) for each in found.rows]
    return reply


def sent_recipient(each: SentTo, known_by: contacts.ContactList | None, tells_fields: bool) -> SentRecipient:
    on = None if each.fields is None else known_by
    told: SentRecipient = {
        "msisdn": each.recipient.msisdn,
        "first_name": name_on(each.first_name, on),
        "last_name": name_on(each.last_name, on),
        "delivery_status": each.recipient.status,
        "optout": each.recipient.optout,
    }
    if tells_fields and on is not None and on.fields:
        told["fields"] = on.named(each.fields or {})
    return told


class DeliveryStatus(TypedDict):
    message_id: int
    sender_id: str
    mobile: str
    send_at: datetime
    datetime: datetime | None
    status: str
    message: str


class SmsDeliveryStatus(TypedDict):
    stats: DeliveryStatus


@method("Reports", errors=[Code.NOT_FOUND, Code.NO_ACCESS], empty="Field {} is required")
def get_sms_delivery_status(
    call: Call, message_id: MessageId, msisdn: Annotated[str, Handset("The recipient.")]
) -> SmsDeliveryStatus:
    """What became of a message at one handset."""
    return {"stats": delivery_status(find_recipient(call, message_id, msisdn))}


def delivery_status(each: Recipient) -> DeliveryStatus:
    status = each.status if each.status in (PENDING, DELIVERED) else "failed"
    # The real service cuts the seconds off here, so that a report may seem older than its message.
    reported = each.reported_at.replace(second=0, microsecond=0) if each.reported_at else None
    return {
        "message_id": each.message,
        "sender_id": each.sender,
        "mobile": each.msisdn,
        "send_at": each.sent_at,
        "datetime": reported,
        "status": status,
        "message": each.text,
    }


class LogEntry(TypedDict):
    message_id: int
    message: str
    mobile: str
    caller_id: str
    datetime_send: datetime


@method("Reports", errors=[Code.NOT_FOUND, Code.NO_ACCESS])
def get_message_log(call: Call, message_id: MessageId, mobile: Annotated[str, Handset("The recipient.")]) -> LogEntry:
    """A message as one handset got it. An older call that the provider documents no longer."""
    each = find_recipient(call, message_id, mobile)
    return {
        "message_id": each.message,
        "message": each.text,
        "mobile": each.msisdn,
        "caller_id": each.sender,
        "datetime_send": each.sent_at,
    }


def find_recipient(call: Call, message_id: int, msisdn: str) -> Recipient:
    """The message's recipient of that number."""
    message = find_message(call, message_id)
    found = recipients.of_message(call.db, call.tenant, message.id, msisdn)
    if found is None:
        raise ApiError(Code.NOT_FOUND)
    return found


class LinkHitRow(TypedDict):
    msisdn: str
    first_name: str | None
    last_name: str | None
    link_hits: int
    datetime: datetime


class LinkHits(TypedDict):
    page: PageInfo
    total: int
    link_hits: NotRequired[list[LinkHitRow]]


@method("Reports", errors=[Code.NOT_FOUND, Code.NO_ACCESS])
def get_link_hits(call: Call, message_id: MessageId, paging: Pages = FIRST_PAGE) -> LinkHits:
    """Who opened the tracked link of a message, how often, and when last; the latest first.

    The reply's shape is invented: clients know the call, but no answer to it was ever recorded.
    """
    message = find_message(call, message_id)
    found = reports.hits_on(call.db, call.tenant, message, paging)
    on = contacts.read_list(call.db, call.tenant, message.list_id) if message.list_id else None
    reply: LinkHits = {"page": found.info, "total": found.total}
    if found.rows:
        reply["link_hits"] = [
            {
                "msisdn": each.msisdn,
                "first_name": name_on(each.first_name, on),
                "last_name": name_on(each.last_name, on),
                "link_hits": each.link_hits,
                "datetime": each.at,
            }
            for each in found.rows
        ]
    return reply


METHODS: tuple[Any, ...] = (
    get_sms, get_sms_stats, get_sms_sent, get_sms_delivery_status, get_message_log, get_link_hits,
)  # fmt: skip
