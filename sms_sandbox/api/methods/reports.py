"""Reports on messages sent, and the responses to them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, NotRequired, TypedDict

from ...domain import pricing
from ...domain.carrier import DELIVERED, PENDING
from ...store import contacts, messages, reports, responses
from ...store.messages import Message, Recipient
from ...store.paging import FIRST_PAGE, Page, PageInfo
from ...store.reports import SentTo
from ...store.responses import Response, Wanted
from ..declare import Call, method
from ..errors import ApiError, Code
from ..params import Choice, Flag, Handset, Id, ListId, MessageId, Pages, Style, Text, When
from .lists import find_list, values_by_name
from .sms import DeliveryStats, ListName, find_message

A_MONTH = timedelta(days=30)
A_YEAR = timedelta(days=365)

FromHandset = Annotated[str, Handset("Only of this handset.")]
Original = Annotated[bool, Flag("Also tell the text that is answered, as the handset got it.")]


class MessageFacts(TypedDict):
    message_id: int
    send_at: datetime
    recipients: int
    cost: Decimal
    sms: int
    message: NotRequired[str]
    list: NotRequired[ListName]
    delivery_stats: NotRequired[DeliveryStats]


def facts(message: Message, tells_text: bool) -> MessageFacts:
    """A message as reports tell it, in the order of the wire."""
    told: MessageFacts = {
        "message_id": message.id,
        "send_at": message.send_at,
        "recipients": message.recipients,
        "cost": pricing.from_units(message.cost),
        "sms": message.parts,
    }
    if tells_text:
        told["message"] = message.text
    if message.list_id:
        told["list"] = {"id": message.list_id, "name": message.list_name}
    told["delivery_stats"] = {
        "delivered": message.delivered,
        "pending": message.pending,
        "bounced": message.bounced,
        "responses": message.responses,
        "optouts": message.optouts,
    }
    return told


@method("Reports", errors=[Code.NOT_FOUND, Code.NO_ACCESS])
def get_sms(call: Call, message_id: MessageId) -> MessageFacts:
    """A message: its text as it was given, before anything was filled in, and what became of it."""
    return facts(find_message(call, message_id), call.profile.tells_message)


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
    on = find_list(call, list_id) if list_id else None
    known_by = on.id if on else message.list_id
    found = reports.sent_to(call.db, call.tenant, message, known_by, delivery, optouts, paging)
    reply: SmsSentTo = {"page": found.info, "total": found.total, "message": facts(message, tells_text=False)}
    if found.rows:
        reply["recipients"] = [sent_recipient(each, on) for each in found.rows]
    return reply


def sent_recipient(each: SentTo, on: contacts.ContactList | None) -> SentRecipient:
    told: SentRecipient = {
        "msisdn": each.recipient.msisdn,
        "first_name": each.first_name,
        "last_name": each.last_name,
        "delivery_status": each.recipient.status,
        "optout": each.recipient.optout,
    }
    if on is not None and on.fields and each.fields is not None:
        told["fields"] = values_by_name(each.fields, on)
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
    message = find_message(call, message_id)
    found = messages.recipient_on(call.db, call.tenant, message.id, msisdn)
    if found is None:
        raise ApiError(Code.NOT_FOUND)
    return {"stats": delivery_status(found)}


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


class ResponseRow(TypedDict):
    id: int
    message_id: int
    list_id: int
    received_at: datetime
    first_name: str | None
    last_name: str | None
    msisdn: str
    response: str
    longcode: str
    original_message: NotRequired[str | None]


class Responses(TypedDict):
    page: PageInfo
    total: int
    responses: NotRequired[list[ResponseRow]]


@method("Reports", errors=[Code.NOT_FOUND, Code.NO_ACCESS])
def get_sms_responses(
    call: Call,
    message_id: MessageId | None = None,
    keyword_id: Annotated[int, Id("The keyword's id.")] | None = None,
    keyword: Annotated[str, Text("The keyword; with it, its number.")] | None = None,
    number: Annotated[str, Handset("The virtual number the keyword belongs to.")] | None = None,
    msisdn: FromHandset | None = None,
    start: When | None = None,
    end: When | None = None,
    include_original: Original = False,
    paging: Pages = FIRST_PAGE,
) -> Responses:
    """The replies to a message, or to a keyword: by default of the last 30 days, to a message of any age."""
    if message_id is None and keyword_id is None and keyword is None:
        raise ApiError(Code.FIELD_EMPTY, "Required field 'message_id' is empty")
    if keyword is not None and number is None:
        raise ApiError(Code.FIELD_INVALID, "If you provide 'keyword', you must provide 'number'")
    if message_id is not None:
        find_message(call, message_id)
    elif start is None:
        start = call.now - A_MONTH
    wanted = Wanted(
        account=call.account.id,
        message=message_id,
        keyword_id=keyword_id,
        keyword=keyword.upper() if keyword else None,
        number=number if keyword else None,
        msisdn=msisdn,
        start=start and max(start, call.now - A_YEAR),
        end=end,
    )
    return page_of(responses.page(call.db, call.tenant, wanted, paging), include_original)


@method("Reports")
def get_user_sms_responses(
    call: Call,
    start: When | None = None,
    end: When | None = None,
    keywords: Annotated[str, Choice("Responses to keywords: with the others, alone, or not.",
                                    words=("both", "only", "omit"))] = "both",
    number: Annotated[str, Handset("Only what this virtual number received.")] | None = None,
    include_original: Original = False,
    paging: Pages = FIRST_PAGE,
) -> Responses:  # fmt: skip
    """All the account's replies and inbound messages, by default of the last 30 days."""
    since = max(start or call.now - A_MONTH, call.now - A_YEAR)
    wanted = Wanted(account=call.account.id, number=number, start=since, end=end, keywords=keywords)
    return page_of(responses.page(call.db, call.tenant, wanted, paging), include_original)


def page_of(found: Page[Response], with_original: bool) -> Responses:
    reply: Responses = {"page": found.info, "total": found.total}
    if found.rows:
        reply["responses"] = [response_row(each, with_original) for each in found.rows]
    return reply


def response_row(each: Response, with_original: bool) -> ResponseRow:
    row: ResponseRow = {
        "id": each.id,
        "message_id": each.message,
        "list_id": each.list_id,
        "received_at": each.received_at,
        "first_name": each.first_name,
        "last_name": each.last_name,
        "msisdn": each.msisdn,
        "response": each.text,
        "longcode": each.longcode,
    }
    if with_original:
        row["original_message"] = each.original
    return row


class SentRow(TypedDict):
    id: int
    message_id: int
    message: str
    sent_at: datetime
    msisdn: str
    caller_id: str
    status: str


class UserSmsSent(TypedDict):
    page: PageInfo
    total: int
    messages: NotRequired[list[SentRow]]


@method("Reports")
def get_user_sms_sent(
    call: Call,
    start: When,
    end: When,
    msisdn: FromHandset | None = None,
    paging: Pages = FIRST_PAGE,
    response_style: Style = "",  # noqa: ARG001 (clients send it; the real service shows no effect of it here)
) -> UserSmsSent:
    """What the account sent in a span of time, a row for each handset, newest first."""
    until = min(end, call.now)
    found = reports.sent_by(call.db, call.tenant, call.account.id, start, until, msisdn, paging)
    reply: UserSmsSent = {"page": found.info, "total": found.total}
    if found.rows:
        reply["messages"] = [
            {
                "id": each.id,
                "message_id": each.message,
                "message": each.text,
                "sent_at": each.sent_at,
                "msisdn": each.msisdn,
                "caller_id": each.sender,
                "status": each.status,
            }
            for each in found.rows
        ]
    return reply


METHODS: tuple[Any, ...] = (
    get_sms, get_sms_stats, get_sms_sent, get_sms_delivery_status, get_sms_responses, get_user_sms_responses,
    get_user_sms_sent,
)  # fmt: skip
