"""Reports on one message: its recipients, delivery and link hits."""

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
from .lists import display_name, find_list
from .sms import DeliveryStats, ListName, SmsSent, describe_list, find_message


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


def _describe_message(message: Message, template: Template) -> MessageWithText:
    """Return a message as reports show it, in the order of the wire."""
    return {
        "message_id": message.id,
        "send_at": message.send_at,
        "recipients": message.recipients,
        "cost": pricing.from_units(message.cost),
        "sms": message.parts,
        **template,
        **describe_list(message.list_id, message.list_name),
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
    """Return a message with its delivery statistics.

    The text is the one given to send-sms, before fields and links are filled in.
    """
    message = find_message(call, message_id)
    return _describe_message(message, {"message": message.text} if call.profile.tells_message else {})


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
    """Count the recipients of a message by delivery status, and their reactions."""
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
    message: SmsSent
    recipients: NotRequired[list[SentRecipient]]


@method("Reports", errors=[Code.NOT_FOUND, Code.NO_ACCESS])
def get_sms_sent(
    call: Call,
    message_id: MessageId,
    list_id: ListId | None = None,
    delivery: Annotated[
        str,
        Choice("Show only recipients with this status.", words=("all", "delivered", "failed", "pending"), lenient=True),
    ] = "all",
    optouts: Annotated[
        str,
        Choice(
            "Include recipients who opted out, show only them, or omit them.",
            words=("include", "only", "omit"),
            lenient=True,
        ),
    ] = "include",
    paging: Pages = FIRST_PAGE,
) -> SmsSentTo:
    """List the recipients of a message with their delivery status.

    With a list, the list's data about the recipients is shown too.
    """
    message = find_message(call, message_id)
    wanted = None if list_id is None else find_list(call, list_id)
    list_ = wanted or contacts.read_list(call.db, call.tenant, message.list_id)
    page = reports.list_sent_to(call.db, call.tenant, message, list_.id if list_ else 0, delivery, optouts, paging)
    reply: SmsSentTo = {"page": page.info, "total": page.total, "message": _describe_message(message, {})}
    if page.rows:
        reply["recipients"] = [_describe_recipient(row, list_, wanted is not None) for row in page.rows]
    return reply


def _describe_recipient(row: SentTo, list_: contacts.ContactList | None, with_fields: bool) -> SentRecipient:
    if row.fields is None:  # the handset is not on the list
        list_ = None
    described: SentRecipient = {
        "msisdn": row.recipient.msisdn,
        "first_name": display_name(row.first_name, list_),
        "last_name": display_name(row.last_name, list_),
        "delivery_status": row.recipient.status,
        "optout": row.recipient.optout,
    }
    if with_fields and list_ is not None and list_.fields:
        described["fields"] = list_.named(row.fields or {})
    return described


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
    call: Call, message_id: MessageId, msisdn: Annotated[str, Handset("Number of the recipient.")]
) -> SmsDeliveryStatus:
    """Return the delivery status of a message at one handset."""
    return {"stats": _describe_delivery(_find_recipient(call, message_id, msisdn))}


def _describe_delivery(recipient: Recipient) -> DeliveryStatus:
    status = recipient.status if recipient.status in (PENDING, DELIVERED) else "failed"
    # The real service cuts the seconds off here, so that a report may seem older than its message.
    reported = recipient.reported_at.replace(second=0, microsecond=0) if recipient.reported_at else None
    return {
        "message_id": recipient.message,
        "sender_id": recipient.sender,
        "mobile": recipient.msisdn,
        "send_at": recipient.sent_at,
        "datetime": reported,
        "status": status,
        "message": recipient.text,
    }


class LogEntry(TypedDict):
    message_id: int
    message: str
    mobile: str
    caller_id: str
    datetime_send: datetime


@method("Reports", errors=[Code.NOT_FOUND, Code.NO_ACCESS])
def get_message_log(
    call: Call, message_id: MessageId, mobile: Annotated[str, Handset("Number of the recipient.")]
) -> LogEntry:
    """Return a message as one handset received it.

    An older method that the provider no longer documents.
    """
    recipient = _find_recipient(call, message_id, mobile)
    return {
        "message_id": recipient.message,
        "message": recipient.text,
        "mobile": recipient.msisdn,
        "caller_id": recipient.sender,
        "datetime_send": recipient.sent_at,
    }


def _find_recipient(call: Call, message_id: int, msisdn: str) -> Recipient:
    """Return the message's recipient with this number."""
    message = find_message(call, message_id)
    recipient = recipients.find_of_message(call.db, call.tenant, message.id, msisdn)
    if recipient is None:
        raise ApiError(Code.NOT_FOUND)
    return recipient


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
    """List the recipients who opened the tracked link of a message, the latest first.

    Each row tells how often the link was opened, and when last. The form of the response is invented: clients use this
    method, but no response was ever recorded.
    """
    message = find_message(call, message_id)
    page = reports.list_hits(call.db, call.tenant, message, paging)
    list_ = contacts.read_list(call.db, call.tenant, message.list_id) if message.list_id else None
    reply: LinkHits = {"page": page.info, "total": page.total}
    if page.rows:
        reply["link_hits"] = [
            {
                "msisdn": row.msisdn,
                "first_name": display_name(row.first_name, list_),
                "last_name": display_name(row.last_name, list_),
                "link_hits": row.link_hits,
                "datetime": row.at,
            }
            for row in page.rows
        ]
    return reply


METHODS: tuple[Any, ...] = (
    get_sms, get_sms_stats, get_sms_sent, get_sms_delivery_status, get_message_log, get_link_hits,
)  # fmt: skip
