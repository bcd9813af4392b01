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

_MAX_SENDER_NUMBERS = 1000


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


CallerIds = TypedDict(
    "CallerIds", {"Virtual Number": list[str], "Business Name": list[str], "Mobile Number": list[str]}
)


class SendersByKind(TypedDict):
    caller_ids: CallerIds


class SenderIds(TypedDict):
    result: SendersByKind


class Leased(TypedDict):
    number: str
    price: Decimal
    next_charge: date | None
    auto_renew: bool
    status: str


@method("Numbers", errors=[Code.LEDGER_ERROR])
def lease_number(
    call: Call,
    number: Annotated[str, Handset("Number to lease. By default any free number.")] | None = None,
    forward_url: Annotated[str, Url(o.FORWARD_URL.doc, alias="url")] | None = None,
) -> Leased:
    """Lease a number. It is charged now, and then every month."""
    msisdn = number or numbers.find_free(call.db, call.tenant)
    if msisdn is None or not numbers.lease(call.db, call.tenant, call.account.id, msisdn):
        raise ApiError(Code.FIELD_INVALID, NUMBER_TAKEN)
    if not monthly_billing.charge_number(call.db, call.account, _find_number(call, msisdn), call.now):
        raise ApiError(Code.LEDGER_ERROR)
    numbers.renew(
        call.db,
        call.tenant,
        msisdn,
        monthly_billing.schedule_first(call.db, call.tenant, timeline.NUMBER_RENEWAL, int(msisdn), call.now),
    )
    if forward_url:
        numbers.change(call.db, call.tenant, msisdn, {"forward_url": forward_url})
    return _put_charge_first(_describe_owned(call, _find_number(call, msisdn)))


@method("Numbers")
def get_numbers(
    call: Call,
    filter: Annotated[str, Text("`owned` or `available`, in any case.")] = "owned",
    paging: Pages = FIRST_PAGE,
) -> Numbers:
    """List the numbers that the account leases.

    Any other filter than `owned` lists the numbers that it could lease. The response repeats the filter.
    """
    is_owned = filter.lower() == "owned"
    if is_owned:
        page = numbers.list_owned(call.db, call.tenant, call.account.id, paging)
    else:
        page = numbers.list_available(call.db, call.tenant, paging)
    reply: Numbers = {"page": page.info, "numbers_total": page.total, "filter": filter}
    if page.rows:
        reply["numbers"] = (
            [_describe_owned(call, number) for number in page.rows]
            if is_owned
            else [_describe_available(call, number) for number in page.rows]
        )
    return reply


@method("Numbers")
def get_number(call: Call, number: Annotated[str, Handset("Number of the account.")]) -> Owned:
    """Return a number that the account leases.

    A number that could not be charged is inactive, and is not charged again.
    """
    described = _describe_owned(call, _find_number(call, number))
    return _put_charge_first(described) if call.profile.next_charge_first else described


@method("Numbers", errors=[Code.NOT_FOUND, Code.NO_ACCESS])
def edit_number_options(
    call: Call,
    number: Annotated[str, Handset("Number of the account.")],
    forward_email: o.ClearingEmail | None = None,
    forward_sms: o.ClearingSms | None = None,
    forward_url: o.ClearingUrl | None = None,
    list_id: o.ClearingList | None = None,
    welcome_message: o.ClearingWelcome | None = None,
    members_message: o.ClearingMembers | None = None,
) -> Nothing:
    """Change what a number does with the messages it receives.

    Parameters that are missing leave their setting unchanged; blank ones clear it.
    """
    active = find_active_number(call, number)
    if list_id:
        find_list(call, list_id)
    settings = o.to_columns(
        forward_email=forward_email,
        forward_sms=forward_sms,
        forward_url=forward_url,
        list_id=list_id,
        welcome_message=welcome_message,
        members_message=members_message,
    )
    if settings:
        numbers.change(call.db, call.tenant, active.number, settings)
    return {}


@method("Numbers")
def get_sender_ids(call: Call) -> SenderIds:
    """List the senders of the account: its active numbers, and the words registered for it.

    `Mobile Number` is for the account's own verified mobiles, which the sandbox does not have.
    """
    own = numbers.list_owned(call.db, call.tenant, call.account.id, Paging(1, _MAX_SENDER_NUMBERS)).rows
    caller_ids: CallerIds = {
        "Virtual Number": [number.number for number in own if number.status == numbers.ACTIVE],
        "Business Name": sender_ids.list_words(call.db, call.tenant, call.account.id),
        "Mobile Number": [],
    }
    return {"result": {"caller_ids": caller_ids}}


def _find_number(call: Call, msisdn: str) -> Number:
    """Return a number that the account leases, active or not."""
    number = numbers.read(call.db, call.tenant, msisdn)
    if number is None or number.account != call.account.id:
        raise ApiError(Code.FIELD_INVALID, NUMBER_FOREIGN)
    return number


def find_active_number(call: Call, msisdn: str) -> Number:
    """Return a number that the account leases and pays for."""
    number = _find_number(call, msisdn)
    if number.status != numbers.ACTIVE:
        raise ApiError(Code.FIELD_INVALID, NUMBER_FOREIGN)
    return number


def _describe_available(call: Call, number: Number) -> Available:
    return {"number": number.number, "price": pricing.from_units(numbers.monthly_price(call.account, number))}


def _describe_owned(call: Call, number: Number) -> Owned:
    return {
        **_describe_available(call, number),
        "auto_renew": number.auto_renew,
        "next_charge": number.next_charge.date() if number.next_charge else None,
        "status": number.status,
    }


def _put_charge_first(number: Owned) -> Leased:
    """Return the same keys with the next charge before the renewal, as lease-number orders them.

    get-number used this order in 2015.
    """
    return {
        "number": number["number"],
        "price": number["price"],
        "next_charge": number["next_charge"],
        "auto_renew": number["auto_renew"],
        "status": number["status"],
    }


METHODS: tuple[Any, ...] = (lease_number, get_numbers, get_number, edit_number_options, get_sender_ids)
