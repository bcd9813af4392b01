"""Sending: send-sms, cancel-sms, format-number."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, NotRequired, TypedDict, cast

from ...domain import numbers, pricing, senders
from ...domain.senders import Kind
from ...domain.text import MAX_PARTS
from ...services import ledger, send_message
from ...services.message_text import NO_RECORD, Template
from ...services.send_message import Handset, PartCount
from ...store import messages, opt_outs, sender_ids, timeline
from ...store.accounts import Account
from ...store.contacts import ContactList
from ...store.database import Store
from ...store.messages import NewMessage
from ...store.numbers import find_sender, may_send
from ..declare import Call, Outcome, method
from ..errors import MESSAGE_FOREIGN, MESSAGE_UNKNOWN, ApiError, Code
from ..forms import Form
from ..params import CountryCode, Email, Flag, Id, Integer, ListId, Param, Text, Url, Words
from ..recipients_error import describe_recipients
from ..render import Fixed
from ..timestamps import Timestamp
from .lists import find_list

_MAX_VALIDITY_MINUTES = 4320
"""The carrier tries for 72 hours at most."""


class ListName(TypedDict):
    id: int
    name: str


class ListKey(TypedDict):
    list: NotRequired[ListName]


def describe_list(list_id: int, name: str) -> ListKey:
    """Return the key that names the list a message was sent to; nothing if it was sent to numbers."""
    return {"list": {"id": list_id, "name": name}} if list_id else {}


class DeliveryStats(TypedDict):
    delivered: int
    pending: int
    bounced: int
    responses: int
    optouts: int


_NO_STATS = cast(DeliveryStats, Fixed(delivered=0, pending=0, bounced=0, responses=0, optouts=0))


# Keys in the order of the wire. Only messages to a list have `list`.
class SmsSent(TypedDict):
    message_id: int
    send_at: datetime
    recipients: int
    cost: Decimal
    sms: int
    list: NotRequired[ListName]
    delivery_stats: DeliveryStats


def _hint_ignored_numbers(form: Form) -> str | None:
    """Say that the numbers are ignored if a list is given too."""
    if form.get("to") and form["list_id"].strip() not in ("", "0"):
        return "`to` is ignored, because `list_id` is given too: the message goes to the list."
    return None


async def _count_parts_of_list(
    store: Store, account: Account, message: str, list_id: int | None = None, tracked_link_url: str | None = None,
    **_: object,
) -> PartCount | None:  # fmt: skip
    """Count the parts of a text with merge fields for a long list, in steps."""
    if list_id is None:
        return None
    template = Template.parse(message, tracked_link_url)
    return await send_message.count_parts_of_long_list(store, account, list_id, template)


@method(
    "SMS",
    errors=[
        Code.NOT_FOUND, Code.NO_ACCESS, Code.BAD_CALLER_ID, Code.LIST_EMPTY, Code.RECIPIENTS_ERROR, Code.LEDGER_ERROR,
    ],
    bills_messages="recipients",
    hints={"list_id": _hint_ignored_numbers},
    prepare={"list_id": _count_parts_of_list},
    adds="messages",
)  # fmt: skip
def send_sms(
    call: Call,
    message: Annotated[str, Text("Text to send, of at most 4 parts.", max_length=2000, trimmed=False)],
    to: Annotated[Sequence[str], Words("Up to 500 numbers, separated by commas.", max_items=500, msisdn=True)] = (),
    list_id: ListId | None = None,
    countrycode: CountryCode | None = None,
    from_: Annotated[str, Param("Number of the account, or a word of up to 11 characters.", sender=True)] = "",
    send_at: Annotated[
        datetime,
        Timestamp("When to send: YYYY-MM-DD HH:MM:SS in UTC. A date alone means midnight.", expects_future=True),
    ]
    | None = None,
    validity: Annotated[int, Integer("Minutes to keep trying; 0 means as long as possible.")] = 0,
    replies_to_email: Annotated[str, Email("Address that replies are mailed to.")] | None = None,
    tracked_link_url: Annotated[str, Url("Target of [tracked-link] in the text.", called=False)] | None = None,
    dlr_callback: Annotated[str, Url("URL for delivery reports, instead of the account's own.")] | None = None,
    reply_callback: Annotated[str, Url("URL for replies, instead of the account's own.")] | None = None,
    link_hits_callback: Annotated[str, Url("URL for link hits, instead of the account's own.")] | None = None,
    from_shared: Annotated[bool, Flag("Send from the shared number even if the account has its own.")] = False,
) -> Outcome[SmsSent]:
    """Send a message to numbers, or to all active members of a list.

    Invalid numbers and numbers that opted out are skipped; the call fails only if no number is left. If a list and
    numbers are given, the message goes to the list.
    """
    if not to and list_id is None:
        raise ApiError(Code.FIELD_INVALID, "You must provide either 'list_id' or 'to'")
    list_ = None if list_id is None else find_list(call, list_id)
    new = NewMessage(
        account=call.account.id,
        text=message,
        sender=_find_sender(call, from_, from_shared),
        send_at=max(send_at or call.now, call.now),
        created=call.now,
        validity=timedelta(minutes=min(validity, _MAX_VALIDITY_MINUTES)),
        list_id=list_.id if list_ else 0,
        list_name=list_.name if list_ else "",
        dlr_url=dlr_callback,
        reply_url=reply_callback,
        link_hits_url=link_hits_callback,
        tracked_url=tracked_link_url,
        replies_to_email=replies_to_email,
    )
    recipients = _find_handsets(call, to, countrycode) if list_ is None else _check_has_members(list_)
    template = Template.parse(message, tracked_link_url)
    parts = _count_parts(call, template, recipients)
    sent = send_message.send(call.db, call.account, new, template, recipients, parts)
    if sent is None:
        raise ApiError(Code.LEDGER_ERROR)
    reply: SmsSent = {
        "message_id": sent.id,
        "send_at": new.send_at,
        "recipients": sent.recipients,
        "cost": pricing.from_units(sent.cost),
        "sms": parts,
        **describe_list(new.list_id, new.list_name),
        "delivery_stats": _NO_STATS,
    }
    return Outcome(reply, sent.early)


def _find_sender(call: Call, wanted: str, shared: bool) -> str:
    """Return the sender that is wanted, or else a number. Raises BAD_CALLER_ID if the account may not use it."""
    if not wanted:
        number = find_sender(call.db, call.tenant, call.account.id, shared)
        if number is None:
            raise ApiError(Code.BAD_CALLER_ID)
        return number
    sender = senders.parse_sender(wanted)
    if sender is None:
        raise ApiError(Code.BAD_CALLER_ID)
    if sender.kind is Kind.NUMBER:
        allowed = may_send(call.db, call.tenant, call.account.id, sender.text)
    else:
        allowed = not senders.is_reserved(sender.text) and (
            not (call.account.strict_senders or sender.must_be_registered)
            or sender_ids.is_registered(call.db, call.tenant, call.account.id, sender.text)
        )
    if not allowed:
        raise ApiError(Code.BAD_CALLER_ID)
    return sender.text


def _find_handsets(call: Call, to: Sequence[str], region: str | None) -> list[Handset]:
    """Return the numbers that can get a message, repeated ones included. Raises RECIPIENTS_ERROR if there are none."""
    msisdns = [numbers.to_msisdn(raw, region) for raw in to]
    valid = [msisdn for msisdn in msisdns if msisdn]
    opted_out = opt_outs.find(call.db, call.tenant, call.account.id, set(valid))
    handsets: list[Handset] = [(msisdn, NO_RECORD) for msisdn in valid if msisdn not in opted_out]
    if not handsets:
        refused = [(msisdn or raw, msisdn is not None) for raw, msisdn in zip(to, msisdns, strict=True)]
        raise ApiError(Code.RECIPIENTS_ERROR, describe_recipients(call.profile, refused))
    return handsets


def _check_has_members(list_: ContactList) -> ContactList:
    """Return the list. Raises LIST_EMPTY if it has no active member."""
    if not list_.members_active:
        raise ApiError(Code.LIST_EMPTY)
    return list_


def _count_parts(call: Call, template: Template, to: Sequence[Handset] | ContactList) -> int:
    """Return the parts of the text over all recipients. Raises FIELD_INVALID if one text has too many."""
    count = send_message.count_parts(call.db, call.tenant, template, to, call.prepared)
    if count.longest > MAX_PARTS:
        raise ApiError(Code.FIELD_INVALID)
    return count.total


class Success(TypedDict):
    success: str


@method("SMS", errors=[Code.NOT_FOUND, Code.NO_ACCESS, Code.ALREADY_SENT])
def cancel_sms(call: Call, id: Annotated[int, Id("Id of the message.", alias="message_id")]) -> Success:
    """Cancel a scheduled message that has not been sent, and refund its cost."""
    message = find_message(call, id)
    for kind in (timeline.SEND, timeline.ENLIST):
        timeline.drop(call.db, call.tenant, kind, message.id)
    if message.send_at <= call.now or not messages.cancel(call.db, call.tenant, message.id):
        raise ApiError(Code.ALREADY_SENT)
    # Read it again: meanwhile another process may have refunded a part, for members who left the list.
    message = find_message(call, id)
    ledger.refund_sms(call.db, call.account, message.id, message.parts, message.cost, call.now)
    return {"success": "OK"}


def find_message(call: Call, message_id: int) -> messages.Message:
    """Return the account's own message with this id."""
    message = messages.read(call.db, call.tenant, message_id)
    if message is None:
        raise ApiError(Code.NOT_FOUND, MESSAGE_UNKNOWN)
    if message.account != call.account.id:
        raise ApiError(Code.NO_ACCESS, MESSAGE_FOREIGN)
    return message


class NumberFormat(TypedDict):
    countrycode: int
    nationalnumber: int
    national_leading_zeroes: int
    rawinput: None
    international: int
    type: int
    isValid: bool


class FormattedNumber(TypedDict):
    number: NumberFormat


@method("SMS")
def format_number(
    call: Call,  # noqa: ARG001
    msisdn: Annotated[str, Text("Number, in any notation.", msisdn=True)],
    countrycode: CountryCode,
) -> FormattedNumber:
    """Check a number, and return its international form."""
    description = numbers.describe(msisdn, countrycode)
    if description is None:
        raise ApiError(Code.FIELD_INVALID)
    return {
        "number": {
            "countrycode": description.countrycode,
            "nationalnumber": description.national,
            "national_leading_zeroes": description.national,
            "rawinput": None,
            "international": description.international,
            "type": description.type,
            "isValid": description.valid,
        }
    }


METHODS: tuple[Any, ...] = (send_sms, cancel_sms, format_number)
