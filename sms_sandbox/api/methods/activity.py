"""Reports on a span of time: what the account sent in it, and to whom."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, NotRequired, TypedDict

from ...domain import numbers, pricing
from ...store import contacts, messages, reports
from ...store.contacts import ContactList, Member
from ...store.messages import Message
from ...store.paging import FIRST_PAGE, PageInfo
from ..declare import Call, method
from ..errors import ApiError, Code
from ..params import Choice, CountryCode, End, Handset, ListId, OnlyHandset, Pages, Start, Text
from .lists import Fields, Style, find_list, name_on, spelled

REQUIRED = "Field {} is required"
"""How the newer methods say that a parameter is missing."""

A_DAY = timedelta(days=1)
A_WEEK = timedelta(days=7)
A_MONTH = timedelta(days=30)


def span_of(call: Call, start: datetime | None, end: datetime | None, most: timedelta) -> tuple[datetime, datetime]:
    """The span asked for, which may be so long at most; the last 24 hours if nothing is asked for.

    With one end given, the other is as far off as may be, but not in the future.
    """
    if start is None and end is None:
        return call.now - A_DAY, call.now
    if start is None:
        assert end is not None
        return end.replace(microsecond=0) - most, end
    if end is None:
        return start, max(start, min(start + most, call.now))
    # An end is the last moment of its second, which is not to count.
    if end < start or end.replace(microsecond=0) - start > most:
        raise ApiError(Code.FIELD_INVALID)
    return start, end


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
    start: Start,
    end: End,
    msisdn: OnlyHandset | None = None,
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


class SentCount(TypedDict):
    count: int


@method("Reports", empty=REQUIRED)
def get_sms_sent_count(call: Call, start: Start | None = None, end: End | None = None) -> SentCount:
    """How many messages went out in a span of at most 7 days, counting each handset, whatever the number of parts."""
    since, until = span_of(call, start, end, A_WEEK)
    return {"count": reports.count_sent(call.db, call.tenant, call.account.id, since, min(until, call.now))}


class SentRecord(TypedDict):
    message_id: int
    datetime_send: datetime
    delivery_status: str


class ContactSmsStats(TypedDict):
    page: PageInfo
    total: int
    records: NotRequired[list[SentRecord]]


@method("Reports", empty=REQUIRED)
def get_contact_sms_stats(
    call: Call,
    mobile: Annotated[str, Text("The handset.", msisdn=True)],
    countrycode: CountryCode | None = None,
    start: Start | None = None,
    end: End | None = None,
    sort_field: Annotated[str, Choice("What to sort by.", words=tuple(reports.SORTED_BY))] = "datetime_send",
    order: Annotated[str, Choice("Rising or falling.", words=("asc", "desc"))] = "asc",
    paging: Pages = FIRST_PAGE,
) -> ContactSmsStats:
    """What the account ever sent to a handset, or in a span of time, and what became of it."""
    msisdn = numbers.to_msisdn(mobile, countrycode)
    if msisdn is None:
        raise ApiError(Code.FIELD_INVALID)
    until = min(end or call.now, call.now)
    found = reports.sent_to_handset(
        call.db, call.tenant, call.account.id, msisdn, start, until, sort_field, order == "desc", paging
    )
    reply: ContactSmsStats = {"page": found.info, "total": found.total}
    if found.rows:
        reply["records"] = [
            {"message_id": each.message, "datetime_send": each.sent_at, "delivery_status": each.status}
            for each in found.rows
        ]
    return reply


class ReportedMessage(TypedDict):
    type: str
    id: int
    sms: int
    cost: Decimal
    sent_at: datetime
    status: str
    message: str
    pending: int
    delivered: int
    soft_bounced: int
    hard_bounced: int
    optouts: int
    responses: int
    msisdn: NotRequired[str]
    first_name: NotRequired[str | None]
    last_name: NotRequired[str | None]
    fields: NotRequired[Fields]


class MessageReport(TypedDict):
    page: PageInfo
    messages_total: int
    sms_total: int
    messages: NotRequired[list[ReportedMessage]]


TYPES = ("all", "api", "campaign", "quick_sms", "email_sms", "keyword", "test_sms")


@method("Reports", errors=[Code.NOT_FOUND, Code.NO_ACCESS], empty=REQUIRED)
def get_message_report(
    call: Call,
    start: Start | None = None,
    end: End | None = None,
    list_id: ListId | None = None,
    number: Annotated[str, Handset("Only messages sent from this virtual number.")] | None = None,
    type: Annotated[str, Choice("Only messages of this origin.", words=TYPES)] = "all",
    paging: Pages = FIRST_PAGE,
    response_style: Style = "",
) -> MessageReport:
    """The messages of a span of at most 30 days, newest first.

    With a list, a message to a single handset also tells what that list knows of the handset.
    """
    since, until = span_of(call, start, end, A_MONTH)
    on = None if list_id is None else find_list(call, list_id)
    origin = None if type == "all" else type
    found, parts = reports.sent_messages(call.db, call.tenant, call.account.id, since, until, number, origin, paging)
    reply: MessageReport = {"page": found.info, "messages_total": found.total, "sms_total": parts}
    if found.rows:
        single = reports.single_handsets(call.db, call.tenant, found.rows)
        known = contacts.members_among(call.db, call.tenant, on.id, single.values()) if on else {}
        reply["messages"] = [
            {**reported(call, each), **to_one(single.get(each.id), known, on, response_style)} for each in found.rows
        ]
    return reply


def reported(call: Call, each: Message) -> ReportedMessage:
    if each.status == messages.CANCELLED:
        status = "user cancelled"
    else:
        status = "scheduled" if each.send_at > call.now else "completed"
    return {
        "type": each.type,
        "id": each.id,
        "sms": each.parts,
        "cost": -pricing.from_units(each.cost),
        "sent_at": each.send_at,
        "status": status,
        "message": each.text,
        "pending": each.pending,
        "delivered": each.delivered,
        "soft_bounced": each.soft_bounced,
        "hard_bounced": each.hard_bounced,
        "optouts": each.optouts,
        "responses": each.responses,
    }


class ToOne(TypedDict, total=False):
    msisdn: str
    first_name: str | None
    last_name: str | None
    fields: Fields


def to_one(msisdn: str | None, known: Mapping[str, Member], on: ContactList | None, style: str) -> ToOne:
    """What is told besides of a message to a single handset; nothing of any other."""
    if msisdn is None:
        return {}
    told: ToOne = {"msisdn": msisdn}
    if on is not None and msisdn in known:
        member = known[msisdn]
        told["first_name"] = name_on(member.first_name, on)
        told["last_name"] = name_on(member.last_name, on)
        if on.fields:
            told["fields"] = spelled(on.named(member.fields), style)
    return told


METHODS: tuple[Any, ...] = (get_user_sms_sent, get_sms_sent_count, get_contact_sms_stats, get_message_report)
