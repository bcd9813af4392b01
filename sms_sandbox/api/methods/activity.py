"""Reports on a period: what the account sent in it, and to which handsets."""

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
from ..params import Choice, CountryCode, Handset, ListId, OnlyHandset, Pages, Text
from ..timestamps import End, Start
from .lists import Fields, Style, display_name, find_list, format_fields

_REQUIRED = "Field {} is required"
"""The newer methods' sentence for a missing parameter."""

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_MONTH = timedelta(days=30)


def _check_period(
    call: Call, start: datetime | None, end: datetime | None, longest: timedelta
) -> tuple[datetime, datetime]:
    """Return the period asked for, by default the last 24 hours. Raises ApiError if it is too long.

    If only one end is given, the period is as long as allowed, but does not reach into the future.
    """
    if start is None and end is None:
        return call.now - _DAY, call.now
    if start is None:
        assert end is not None
        return end.replace(microsecond=0) - longest, end
    if end is None:
        return start, max(start, min(start + longest, call.now))
    # An end is the last moment of its second; its fraction does not count.
    if end < start or end.replace(microsecond=0) - start > longest:
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
    """List what the account sent in a period: a row for each handset, newest first."""
    until = min(end, call.now)
    page = reports.list_sent_by(call.db, call.tenant, call.account.id, start, until, msisdn, paging)
    reply: UserSmsSent = {"page": page.info, "total": page.total}
    if page.rows:
        reply["messages"] = [
            {
                "id": row.id,
                "message_id": row.message,
                "message": row.text,
                "sent_at": row.sent_at,
                "msisdn": row.msisdn,
                "caller_id": row.sender,
                "status": row.status,
            }
            for row in page.rows
        ]
    return reply


class SentCount(TypedDict):
    count: int


@method("Reports", empty=_REQUIRED)
def get_sms_sent_count(call: Call, start: Start | None = None, end: End | None = None) -> SentCount:
    """Count the messages sent in a period of at most 7 days.

    Each handset counts once for each message, however many parts the message has.
    """
    since, until = _check_period(call, start, end, _WEEK)
    return {"count": reports.count_sent(call.db, call.tenant, call.account.id, since, min(until, call.now))}


class SentRecord(TypedDict):
    message_id: int
    datetime_send: datetime
    delivery_status: str


class ContactSmsStats(TypedDict):
    page: PageInfo
    total: int
    records: NotRequired[list[SentRecord]]


@method("Reports", empty=_REQUIRED)
def get_contact_sms_stats(
    call: Call,
    mobile: Annotated[str, Text("Number of the handset.", msisdn=True)],
    countrycode: CountryCode | None = None,
    start: Start | None = None,
    end: End | None = None,
    sort_field: Annotated[str, Choice("Field to sort by.", words=tuple(reports.SORT_COLUMNS))] = "datetime_send",
    order: Annotated[str, Choice("Ascending or descending.", words=("asc", "desc"))] = "asc",
    paging: Pages = FIRST_PAGE,
) -> ContactSmsStats:
    """List the account's messages to a handset with their delivery status.

    Without `start` and `end`, all of the account's messages to it are listed.
    """
    msisdn = numbers.to_msisdn(mobile, countrycode)
    if msisdn is None:
        raise ApiError(Code.FIELD_INVALID)
    until = min(end or call.now, call.now)
    page = reports.list_sent_to_handset(
        call.db, call.tenant, call.account.id, msisdn, start, until, sort_field, order == "desc", paging
    )
    reply: ContactSmsStats = {"page": page.info, "total": page.total}
    if page.rows:
        reply["records"] = [
            {"message_id": row.message, "datetime_send": row.sent_at, "delivery_status": row.status}
            for row in page.rows
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


_TYPES = ("all", "api", "campaign", "quick_sms", "email_sms", "keyword", "test_sms")


@method("Reports", errors=[Code.NOT_FOUND, Code.NO_ACCESS], empty=_REQUIRED)
def get_message_report(
    call: Call,
    start: Start | None = None,
    end: End | None = None,
    list_id: ListId | None = None,
    number: Annotated[str, Handset("Show only messages from this virtual number.")] | None = None,
    type: Annotated[str, Choice("Show only messages of this origin.", words=_TYPES)] = "all",
    paging: Pages = FIRST_PAGE,
    response_style: Style = "",
) -> MessageReport:
    """List the messages of a period of at most 30 days, newest first.

    With a list, a message to a single handset also shows that list's data about the handset.
    """
    since, until = _check_period(call, start, end, _MONTH)
    list_ = None if list_id is None else find_list(call, list_id)
    origin = None if type == "all" else type
    page, parts = reports.list_sent_messages(
        call.db, call.tenant, call.account.id, since, until, number, origin, paging
    )
    reply: MessageReport = {"page": page.info, "messages_total": page.total, "sms_total": parts}
    if page.rows:
        handsets = reports.find_single_handsets(call.db, call.tenant, page.rows)
        members = contacts.find_members(call.db, call.tenant, list_.id, handsets.values()) if list_ else {}
        reply["messages"] = [
            {**_describe_message(call, row), **_describe_handset(handsets.get(row.id), members, list_, response_style)}
            for row in page.rows
        ]
    return reply


def _describe_message(call: Call, message: Message) -> ReportedMessage:
    if message.status == messages.CANCELLED:
        status = "user cancelled"
    else:
        status = "scheduled" if message.send_at > call.now else "completed"
    return {
        "type": message.type,
        "id": message.id,
        "sms": message.parts,
        "cost": -pricing.from_units(message.cost),
        "sent_at": message.send_at,
        "status": status,
        "message": message.text,
        "pending": message.pending,
        "delivered": message.delivered,
        "soft_bounced": message.soft_bounced,
        "hard_bounced": message.hard_bounced,
        "optouts": message.optouts,
        "responses": message.responses,
    }


class SingleHandset(TypedDict, total=False):
    msisdn: str
    first_name: str | None
    last_name: str | None
    fields: Fields


def _describe_handset(
    msisdn: str | None, members: Mapping[str, Member], list_: ContactList | None, style: str
) -> SingleHandset:
    """Return the keys that only a message to a single handset has; nothing for other messages."""
    if msisdn is None:
        return {}
    row: SingleHandset = {"msisdn": msisdn}
    if list_ is not None and msisdn in members:
        member = members[msisdn]
        row["first_name"] = display_name(member.first_name, list_)
        row["last_name"] = display_name(member.last_name, list_)
        if list_.fields:
            row["fields"] = format_fields(list_.named(member.fields), style)
    return row


METHODS: tuple[Any, ...] = (get_user_sms_sent, get_sms_sent_count, get_contact_sms_stats, get_message_report)
