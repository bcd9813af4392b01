"""Contacts: add-to-list, edit-list-member, delete-from-list, optout-list-member, get-contact."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, TypedDict

from ...domain import numbers
from ...services import list_membership
from ...store import contacts
from ...store.contacts import ContactList, Member
from ..custom_fields import FieldValues
from ..declare import Call, method
from ..errors import CONTACT_KNOWN, CONTACT_UNKNOWN, ApiError, Code
from ..params import CountryCode, Id, ListId, Text
from .lists import NO_SLOTS, Contact, Style, contact, find_list

Msisdn = Annotated[str, Text("The contact's number.", msisdn=True)]
CountryOfNumber = Annotated[str, Text("Country of a local number: two letters, or its English name.")]
WhichLists = Annotated[int, Id("The list's id; 0 for all lists the contact is on.")]


@method(
    "Lists",
    errors=[
        Code.NOT_FOUND, Code.NO_ACCESS, Code.BAD_MOBILE, Code.BAD_MOBILE_COUNTRY, Code.KEY_EXISTS, Code.OPTOUT,
        Code.DUPLICATE_DELETED,
    ],
)  # fmt: skip
def add_to_list(
    call: Call,
    list_id: ListId,
    msisdn: Msisdn,
    countrycode: CountryOfNumber = "",
    first_name: Annotated[str, Text("First name.")] | None = None,
    last_name: Annotated[str, Text("Last name.")] | None = None,
    values: Annotated[Mapping[str, str], FieldValues("Value of a custom field.")] = NO_SLOTS,
    response_style: Style = "",
) -> Contact:
    """Put a contact on a list. One that is or ever was on it is refused, and nothing of it is changed."""
    found = find_list(call, list_id)
    number = handset_of(msisdn, countrycode)
    if list_membership.is_barred(call.db, call.tenant, call.account, number):
        raise ApiError(Code.OPTOUT)
    names = (first_name, last_name)
    added = list_membership.join(call.db, call.tenant, found, number, names, slots_of(values, found), call.now)
    if added is None:
        known = contacts.read_member(call.db, call.tenant, found.id, number)
        raise refusal_of(known) or ApiError(Code.KEY_EXISTS, CONTACT_KNOWN)
    return contact(added, found, response_style)


@method(
    "Lists",
    errors=[
        Code.NOT_FOUND, Code.NO_ACCESS, Code.BAD_MOBILE, Code.BAD_MOBILE_COUNTRY, Code.OPTOUT, Code.DUPLICATE_DELETED,
    ],
)  # fmt: skip
def edit_list_member(
    call: Call,
    list_id: ListId,
    msisdn: Msisdn,
    countrycode: CountryOfNumber = "",
    first_name: Annotated[str, Text("First name; a blank clears it.", blank_clears=True)] | None = None,
    last_name: Annotated[str, Text("Last name; a blank clears it.", blank_clears=True)] | None = None,
    values: Annotated[
        Mapping[str, str], FieldValues("Value of a custom field; a blank clears it.", blank_clears=True)
    ] = NO_SLOTS,
    response_style: Style = "",
) -> Contact:
    """Change a contact: what is given, even if blank, takes the place of what was, and the rest stays."""
    found = find_list(call, list_id)
    known = find_contact(call, found, handset_of(msisdn, countrycode), to_edit=True)
    if refusal := refusal_of(known):
        raise refusal
    edited = replace(
        known,
        first_name=known.first_name if first_name is None else first_name,
        last_name=known.last_name if last_name is None else last_name,
        fields={**known.fields, **slots_of(values, found)},
    )
    contacts.edit_member(call.db, call.tenant, edited)
    return contact(edited, found, response_style)


@method("Lists", errors=[Code.NOT_FOUND, Code.NO_ACCESS])
def get_contact(call: Call, list_id: ListId, msisdn: Msisdn, response_style: Style = "") -> Contact:
    """A contact of a list, active or not."""
    found = find_list(call, list_id)
    return contact(find_contact(call, found, known_number(msisdn)), found, response_style)


class ListsLeft(TypedDict):
    list_ids: list[int]


@method("Lists", errors=[Code.NOT_FOUND, Code.NO_ACCESS])
def delete_from_list(
    call: Call, msisdn: Msisdn, list_id: WhichLists | None = None, countrycode: CountryCode | None = None
) -> ListsLeft:
    """Take a contact off a list, or off all lists. It stays there as an inactive one, and can not be added again."""
    number = known_number(msisdn, countrycode)
    of = [find_list(call, list_id)] if list_id else contacts.holding(call.db, call.tenant, call.account.id, number)
    left = [
        each.id for each in of if list_membership.leave(call.db, call.tenant, each, number, contacts.DELETED, call.now)
    ]
    return lists_left(left)


@method("Lists", errors=[Code.NOT_FOUND, Code.NO_ACCESS])
def optout_list_member(
    call: Call, msisdn: Msisdn, list_id: WhichLists | None = None, countrycode: CountryCode | None = None
) -> ListsLeft:
    """Unsubscribe a contact from a list, or from all lists; doing it again is no error.

    Where the account's lists share their opt-outs, it is unsubscribed from all of them in any case.
    """
    number = known_number(msisdn, countrycode)
    of = contacts.holding(call.db, call.tenant, call.account.id, number, contacts.OPTED_OUT)
    if list_id:
        found = find_list(call, list_id)
        of = [each for each in of if each.id == found.id]
    if of:
        of = list_membership.opt_out(call.db, call.tenant, call.account, number, of, call.now)
    return lists_left([each.id for each in of])


def lists_left(list_ids: list[int]) -> ListsLeft:
    """The lists a contact has left, NOT_FOUND if there is none."""
    if not list_ids:
        raise ApiError(Code.NOT_FOUND, CONTACT_UNKNOWN)
    return {"list_ids": list_ids}


def find_contact(call: Call, on: ContactList, msisdn: str, to_edit: bool = False) -> Member:
    """The contact of that number, active or not."""
    found = contacts.read_member(call.db, call.tenant, on.id, msisdn, to_edit)
    if found is None:
        raise ApiError(Code.NOT_FOUND, CONTACT_UNKNOWN)
    return found


def handset_of(msisdn: str, country: str) -> str:
    """The international form of a contact's number."""
    region = numbers.find_region(country) if country else None
    if country and region is None:
        raise ApiError(Code.BAD_MOBILE_COUNTRY)
    number = numbers.to_msisdn(msisdn, region)
    if number is None:
        raise ApiError(Code.BAD_MOBILE)
    return number


def known_number(msisdn: str, region: str | None = None) -> str:
    """The international form of a number a contact should have; there is none with what is no number."""
    number = numbers.to_msisdn(msisdn, region)
    if number is None:
        raise ApiError(Code.NOT_FOUND, CONTACT_UNKNOWN)
    return number


def refusal_of(known: Member | None) -> ApiError | None:
    """Why nothing can be done with a contact that is not active any more; None for any other."""
    if known is None or known.status == contacts.ACTIVE:
        return None
    return ApiError(Code.OPTOUT if known.reason == contacts.OPTED_OUT else Code.DUPLICATE_DELETED)


def slots_of(values: Mapping[str, str], on: ContactList) -> dict[str, str]:
    """Values by slot, from values by slot or by name; those of slots the list does not have are dropped."""
    by_name = {name.lower().replace(" ", "_").replace(".", "_"): slot for slot, name in on.fields.items()}
    named = by_name | {slot: slot for slot in on.fields}
    return {named[key]: value for key, value in values.items() if key in named}


METHODS: tuple[Any, ...] = (add_to_list, edit_list_member, delete_from_list, optout_list_member, get_contact)
