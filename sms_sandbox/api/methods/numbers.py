"""Virtual numbers: lease-number, get-numbers, get-number, edit-number-options, get-sender-ids."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, NotRequired, TypedDict

from ...domain import pricing
from ...services import monthly_billing
from ...store import numbers, sender_ids, timeline
from ...store.numbers import Number
from ...store.paging import FIRST_PAGE, PageInfo, Paging
from ..declare import Call, Nothing, method
from ..errors import NUMBER_FOREIGN, NUMBER_TAKEN, ApiError, Code
from ..params import Handset, Pages, Text, Url
from . import options as o
from .lists import find_list

MOST_SENDERS = 1000


class Available(TypedDict):
    number: str
    price: Decimal


class Owned(Available):
    auto_renew: bool
    next_charge: date | None
    status: str


class Numbers(TypedDict):
    page: PageInfo
    numbers_total: int
    filter: str
    numbers: NotRequired[list[Owned] | list[Available]]


class SenderId(TypedDict):
    sender_id: str
    type: str
    status: str


class SenderIds(TypedDict):
    sender_ids: NotRequired[list[SenderId]]


class Leased(TypedDict):
    number: str
    price: Decimal
    next_charge: date | None
    auto_renew: bool
    status: str


@method("Numbers", errors=[Code.LEDGER_ERROR])
def lease_number(
    call: Call,
    number: Annotated[str, Handset("The number; any there is if left out.")] | None = None,
    forward_url: Annotated[str, Url(o.FORWARD_URL.doc, alias="url")] | None = None,
) -> Leased:
    """Lease a number. Its first month is paid at once, and every further one a month later."""
    wanted = number or numbers.free(call.db, call.tenant)
    if wanted is None or not numbers.lease(call.db, call.tenant, call.account.id, wanted):
        raise ApiError(Code.FIELD_INVALID, NUMBER_TAKEN)
    if not monthly_billing.charge_number(call.db, call.account, own(call, wanted), call.now):
        raise ApiError(Code.LEDGER_ERROR)
    numbers.renew(
        call.db,
        call.tenant,
        wanted,
        monthly_billing.begin(call.db, call.tenant, timeline.NUMBER_RENEWAL, int(wanted), call.now),
    )
    if forward_url:
        numbers.change(call.db, call.tenant, wanted, {"forward_url": forward_url})
    return charge_first(owned(call, own(call, wanted)))


@method("Numbers")
def get_numbers(
    call: Call,
    filter: Annotated[str, Text("`owned` or `available`.")] = "owned",
    paging: Pages = FIRST_PAGE,
) -> Numbers:
    """The numbers an account leases, or with any other filter those it could lease. The filter is echoed."""
    mine = filter == "owned"
    if mine:
        found = numbers.owned(call.db, call.tenant, call.account.id, paging)
    else:
        found = numbers.available(call.db, call.tenant, paging)
    reply: Numbers = {"page": found.info, "numbers_total": found.total, "filter": filter}
    if found.rows:
        reply["numbers"] = (
            [owned(call, each) for each in found.rows] if mine else [available(call, each) for each in found.rows]
        )
    return reply


@method("Numbers")
def get_number(call: Call, number: Annotated[str, Handset("A number of yours.")]) -> Owned:
    """A number the account leases. One that was not paid for is inactive, and is charged no more."""
    found = owned(call, own(call, number))
    return charge_first(found) if call.profile.next_charge_first else found


@method("Numbers", errors=[Code.NOT_FOUND, Code.NO_ACCESS])
def edit_number_options(
    call: Call,
    number: Annotated[str, Handset("A number of yours.")],
    forward_email: o.ClearingEmail | None = None,
    forward_sms: o.ClearingSms | None = None,
    forward_url: o.ClearingUrl | None = None,
    list_id: o.ClearingList | None = None,
    welcome_message: o.ClearingWelcome | None = None,
    members_message: o.ClearingMembers | None = None,
) -> Nothing:
    """Say what a number does with what it receives. What is left out stays as it is, what is blank is cleared."""
    found = in_service(call, number)
    if list_id:
        find_list(call, list_id)
    settings = o.kept(
        forward_email=forward_email,
        forward_sms=forward_sms,
        forward_url=forward_url,
        list_id=list_id,
        welcome_message=welcome_message,
        members_message=members_message,
    )
    if settings:
        numbers.change(call.db, call.tenant, found.number, settings)
    return {}


@method("Numbers")
def get_sender_ids(call: Call) -> SenderIds:
    """What the account may send from: its numbers, and the words registered for it."""
    mine = numbers.owned(call.db, call.tenant, call.account.id, Paging(1, MOST_SENDERS)).rows
    words = sender_ids.words(call.db, call.tenant, call.account.id)
    found = [SenderId(sender_id=each.number, type="number", status=each.status) for each in mine]
    found += [SenderId(sender_id=word, type="alphanumeric", status=numbers.ACTIVE) for word in words]
    return {"sender_ids": found} if found else {}


def own(call: Call, number: str) -> Number:
    """A number the account leases, in service or not."""
    found = numbers.read(call.db, call.tenant, number)
    if found is None or found.account != call.account.id:
        raise ApiError(Code.FIELD_INVALID, NUMBER_FOREIGN)
    return found


def in_service(call: Call, number: str) -> Number:
    """A number the account leases and pays for."""
    found = own(call, number)
    if found.status != numbers.ACTIVE:
        raise ApiError(Code.FIELD_INVALID, NUMBER_FOREIGN)
    return found


def available(call: Call, each: Number) -> Available:
    return {"number": each.number, "price": pricing.from_units(numbers.price_for(call.account, each))}


def owned(call: Call, each: Number) -> Owned:
    return {
        **available(call, each),
        "auto_renew": each.auto_renew,
        "next_charge": each.next_charge.date() if each.next_charge else None,
        "status": each.status,
    }


def charge_first(each: Owned) -> Leased:
    """The same with the next charge before the renewal, as lease-number tells it, and get-number did once."""
    return {
        "number": each["number"],
        "price": each["price"],
        "next_charge": each["next_charge"],
        "auto_renew": each["auto_renew"],
        "status": each["status"],
    }


METHODS: tuple[Any, ...] = (lease_number, get_numbers, get_number, edit_number_options, get_sender_ids)
