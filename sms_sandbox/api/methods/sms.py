"""Sending: send-sms, cancel-sms, format-number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, NotRequired, TypedDict, cast

from sqlalchemy import Connection

from ...domain import merge, numbers, pricing, senders, text
from ...domain.senders import Kind
from ...services import carrier_handover, ledger, send_message
from ...services.send_message import CHUNK, NO_RECORD, Batch, Handset
from ...store import contacts, messages, opt_outs, sender_ids, timeline
from ...store import numbers as leased
from ...store.contacts import ContactList
from ...store.messages import NewMessage
from ...store.timeline import Plan
from ..declare import Call, Unfinished, method
from ..errors import MESSAGE_FOREIGN, MESSAGE_UNKNOWN, ApiError, Code
from ..forms import Form
from ..params import CountryCode, Email, Flag, Id, Integer, ListId, Param, Text, Timestamp, Url, Words
from ..render import Fixed
from .lists import find_list

MAX_VALIDITY_MINUTES = 4320
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


NOTHING_YET = cast(DeliveryStats, Fixed(delivered=0, pending=0, bounced=0, responses=0, optouts=0))


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


@method(
    "SMS",
    errors=[
        Code.NOT_FOUND, Code.NO_ACCESS, Code.BAD_CALLER_ID, Code.LIST_EMPTY, Code.RECIPIENTS_ERROR, Code.LEDGER_ERROR,
    ],
    bills_messages="recipients",
    hints={"list_id": _hint_ignored_numbers},
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
) -> SmsSent:
    """Send a message to numbers, or to all active members of a list.

    Invalid numbers and numbers that opted out are skipped; the call fails only if no number is left. If a list and
    numbers are given, the message goes to the list.
    """
    if not to and list_id is None:
        raise ApiError(Code.FIELD_INVALID, "You must provide either 'list_id' or 'to'")
    to_list = None if list_id is None else find_list(call, list_id)
    sender = sender_of(call, from_, from_shared)
    if to_list is None:
        handsets = handsets_of(call, to, countrycode)
        recipients = len(handsets)
    else:
        handsets, recipients = [], to_list.members_active
        if not recipients:
            raise ApiError(Code.LIST_EMPTY)
    parts = count_parts(call, message, tracked_link_url, recipients, to_list)
    cost = pricing.cost(parts, call.account.sms_price)
    send_at = max(send_at or call.now, call.now)

    new = NewMessage(
        account=call.account.id,
        text=message,
        sender=sender,
        send_at=send_at,
        created=call.now,
        validity=timedelta(minutes=min(validity, MAX_VALIDITY_MINUTES)),
        recipients=recipients,
        parts=parts,
        cost=cost,
        list_id=to_list.id if to_list else 0,
        list_name=to_list.name if to_list else "",
        dlr_url=dlr_callback,
        reply_url=reply_callback,
        link_hits_url=link_hits_callback,
        tracked_url=tracked_link_url,
        replies_to_email=replies_to_email,
        status=send_message.status_of_new(send_at, call.now, recipients),
    )
    message_id = messages.add(call.db, call.tenant, new)
    if not ledger.charge_sms(call.db, call.account, message_id, parts, cost, call.now):
        raise ApiError(Code.LEDGER_ERROR)
    plans = enlist(call, message_id, new, handsets, to_list)
    call.told_first.extend(carrier_handover.early(plans))
    timeline.schedule(call.db, call.tenant, plans)
    return {
        "message_id": message_id,
        "send_at": new.send_at,
        "recipients": recipients,
        "cost": pricing.from_units(cost),
        "sms": parts,
        **describe_list(new.list_id, new.list_name),
        "delivery_stats": NOTHING_YET,
    }


def sender_of(call: Call, wanted: str, shared: bool) -> str:
    """Return the sender of a message: the wanted one if the account may use it, by default a number."""
    if not wanted:
        number = leased.sender_for(call.db, call.tenant, call.account.id, shared)
        if number is None:
            raise ApiError(Code.BAD_CALLER_ID)
        return number
    sender = senders.parse_sender(wanted)
    if sender is None:
        raise ApiError(Code.BAD_CALLER_ID)
    if sender.kind is Kind.NUMBER:
        allowed = leased.may_send(call.db, call.tenant, call.account.id, sender.text)
    else:
        allowed = not senders.is_reserved(sender.text) and (
            not call.account.strict_senders
            or sender_ids.is_registered(call.db, call.tenant, call.account.id, sender.text)
        )
    if not allowed:
        raise ApiError(Code.BAD_CALLER_ID)
    return sender.text


def handsets_of(call: Call, to: Sequence[str], region: str | None) -> list[Handset]:
    """Return the numbers that can receive a message, with repetitions.

    Raises ApiError RECIPIENTS_ERROR if there is none.
    """
    found = [(raw, numbers.to_msisdn(raw, region)) for raw in to]
    gone = opt_outs.find(call.db, call.tenant, call.account.id, {number for _, number in found if number})
    kept: list[Handset] = [(number, NO_RECORD) for _, number in found if number and number not in gone]
    if not kept:
        fails = [raw for raw, number in found if number is None]
        raise ApiError(Code.RECIPIENTS_ERROR, {"fails": fails, "optouts": [number for _, number in found if number]})
    return kept


def count_parts(call: Call, template: str, tracked_url: str | None, recipients: int, on: ContactList | None) -> int:
    """Parts over all recipients, of the texts as they will be; FIELD_INVALID if one has more than may be."""
    if on is None or not merge.has_fields(template):
        return recipients * allowed_parts(send_message.preview(template, NO_RECORD, tracked_url))
    if isinstance(call.done, Counting):
        return call.done.parts
    counting = Counting(call.tenant, on, template, tracked_url)
    if not counting.go_on(call.db):
        raise Unfinished(counting)
    return counting.parts


@dataclass
class Counting:
    """Counts the parts of a text with fields over the members of a list, so many at a time."""

    tenant: int
    on: ContactList
    template: str
    tracked_url: str | None
    parts: int = 0
    after: str = ""

    def go_on(self, db: Connection) -> bool:
        chunk = contacts.active_members(db, self.tenant, self.on.id, self.after, CHUNK)
        for member in chunk:
            values = send_message.values_of(member, self.on)
            self.parts += allowed_parts(send_message.preview(self.template, values, self.tracked_url))
        if len(chunk) < CHUNK:
            return True
        self.after = chunk[-1].msisdn
        return False


def allowed_parts(message: str) -> int:
    parts = text.segments(message).parts
    if parts > text.MAX_PARTS:
        raise ApiError(Code.FIELD_INVALID)
    return parts


def enlist(
    call: Call, message_id: int, new: NewMessage, handsets: Sequence[Handset], on: ContactList | None
) -> list[Plan]:
    """Write down the recipients, of a long list the first only, and answer what is to be done next and when."""
    batch = Batch(call.tenant, call.account.seed, new.account, message_id, new.text, new.tracked_url, new.send_at)
    if on is not None:
        chunk = contacts.active_members(call.db, call.tenant, on.id, "", CHUNK)
        handsets = [(member.msisdn, send_message.values_of(member, on)) for member in chunk]
    to = send_message.enlist(call.db, batch, handsets)
    if on is not None and len(handsets) == CHUNK:
        done = {"after": handsets[-1][0], "parts": send_message.parts_of(batch, handsets)}
        return [Plan(call.now, timeline.ENLIST, message_id, done)]
    return send_message.set_out(call.db, call.account, message_id, new, to, handsets)


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
