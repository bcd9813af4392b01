"""Contacts: add-to-list, edit-list-member, delete-from-list, optout-list-member, get-contact."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, NotRequired, TypedDict, cast

from msgspec.structs import replace

from ...domain import numbers
from ...services import list_membership
from ...store import contacts
from ...store.contacts import ContactList, Member
from ..custom_fields import FieldValues
from ..declare import Call, method
from ..errors import CONTACT_KNOWN, CONTACT_UNKNOWN, ApiError, Code
from ..params import CountryCode, Id, ListId, Text
from .lists import NO_SLOTS, Contact, Fields, Style, describe_contact, find_list


class AddedContact(TypedDict):
    list_id: int
    msisdn: str
    first_name: str | None
    last_name: str | None
    created_at: datetime
    status: str
    country: NotRequired[str | None]
    fields: NotRequired[Fields]


_Msisdn = Annotated[str, Text("Number of the contact.", msisdn=True)]
_CountryOfNumber = Annotated[str, Text("Country of a local number: its two-letter code or English name.")]
_WhichLists = Annotated[int, Id("Id of the list. 0 means all lists of the contact.")]


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
    msisdn: _Msisdn,
    countrycode: _CountryOfNumber = "",
    first_name: Annotated[str, Text("First name.")] | None = None,
    last_name: Annotated[str, Text("Last name.")] | None = None,
    values: Annotated[Mapping[str, str], FieldValues("Value of a custom field.")] = NO_SLOTS,
    response_style: Style = "",
) -> AddedContact:
    """Add a contact to a list.

    A contact that is or ever was on the list is refused, and stays unchanged.
    """
    list_ = find_list(call, list_id)
    number = _read_number(msisdn, countrycode)
    if list_membership.is_barred(call.db, call.tenant, call.account, number):
        raise ApiError(Code.OPTOUT)
    names = (first_name, last_name)
    added = list_membership.join(call.db, call.tenant, list_, number, names, _values_by_slot(values, list_), call.now)
    if added is None:
        member = contacts.read_member(call.db, call.tenant, list_.id, number)
        raise _inactive_error(member) or ApiError(Code.KEY_EXISTS, CONTACT_KNOWN)
    return _describe_added(call, added, list_, response_style)


def _describe_added(call: Call, member: Member, list_: ContactList, style: str) -> AddedContact:
    contact: dict[str, Any] = {**describe_contact(member, list_, style)}
    if call.profile.tells_country:
        fields = {"fields": contact.pop("fields")} if "fields" in contact else {}
        names = {name: contact[name] or "" for name in ("first_name", "last_name")}
        contact = {**contact, **names, "country": numbers.find_country(member.msisdn), **fields}
    return cast(AddedContact, contact)


@method(
    "Lists",
    errors=[
        Code.NOT_FOUND, Code.NO_ACCESS, Code.BAD_MOBILE, Code.BAD_MOBILE_COUNTRY, Code.OPTOUT, Code.DUPLICATE_DELETED,
    ],
)  # fmt: skip
def edit_list_member(
    call: Call,
    list_id: ListId,
    msisdn: _Msisdn,
    countrycode: _CountryOfNumber = "",
    first_name: Annotated[str, Text("First name; a blank clears it.", blank_clears=True)] | None = None,
    last_name: Annotated[str, Text("Last name; a blank clears it.", blank_clears=True)] | None = None,
    values: Annotated[
        Mapping[str, str], FieldValues("Value of a custom field; a blank clears it.", blank_clears=True)
    ] = NO_SLOTS,
    response_style: Style = "",
) -> Contact:
    """Change a contact.

    Parameters that are given, even if blank, replace the old values; the others stay.
    """
    list_ = find_list(call, list_id)
    member = _find_contact(call, list_, _read_number(msisdn, countrycode), to_edit=True)
    if error := _inactive_error(member):
        raise error
    edited = replace(
        member,
        first_name=member.first_name if first_name is None else first_name,
        last_name=member.last_name if last_name is None else last_name,
        fields={**member.fields, **_values_by_slot(values, list_)},
    )
    contacts.edit_member(call.db, call.tenant, edited)
    return describe_contact(edited, list_, response_style)


@method("Lists", errors=[Code.NOT_FOUND, Code.NO_ACCESS])
def get_contact(call: Call, list_id: ListId, msisdn: _Msisdn, response_style: Style = "") -> Contact:
    """Return a contact of a list, active or not."""
    list_ = find_list(call, list_id)
    return describe_contact(_find_contact(call, list_, _known_number(msisdn)), list_, response_style)


class ListsLeft(TypedDict):
    list_ids: list[int]


@method("Lists", errors=[Code.NOT_FOUND, Code.NO_ACCESS])
def delete_from_list(
    call: Call, msisdn: _Msisdn, list_id: _WhichLists | None = None, countrycode: CountryCode | None = None
) -> ListsLeft:
    """Remove a contact from a list, or from all lists.

    It stays on the list as an inactive contact, and cannot be added again.
    """
    number = _known_number(msisdn, countrycode)
    lists = (
        [find_list(call, list_id)] if list_id else contacts.find_lists_of(call.db, call.tenant, call.account.id, number)
    )
    left = [
        list_.id
        for list_ in lists
        if list_membership.leave(call.db, call.tenant, list_, number, contacts.DELETED, call.now)
    ]
    return _lists_left(left)


@method("Lists", errors=[Code.NOT_FOUND, Code.NO_ACCESS])
def optout_list_member(
    call: Call, msisdn: _Msisdn, list_id: _WhichLists | None = None, countrycode: CountryCode | None = None
) -> ListsLeft:
    """Unsubscribe a contact from a list, or from all lists. A second call is no error.

    If the account's lists share their opt-outs, the contact is unsubscribed from all of them.
    """
    number = _known_number(msisdn, countrycode)
    lists = contacts.find_lists_of(call.db, call.tenant, call.account.id, number, contacts.OPTED_OUT)
    if list_id:
        wanted = find_list(call, list_id)
        lists = [list_ for list_ in lists if list_.id == wanted.id]
    if lists:
        lists = list_membership.opt_out(call.db, call.tenant, call.account, number, lists, call.now)
    return _lists_left([list_.id for list_ in lists])


def _lists_left(list_ids: list[int]) -> ListsLeft:
    """Return the lists that a contact has left. Raises ApiError NOT_FOUND if there is none."""
    if not list_ids:
        raise ApiError(Code.NOT_FOUND, CONTACT_UNKNOWN)
    return {"list_ids": list_ids}


def _find_contact(call: Call, list_: ContactList, msisdn: str, to_edit: bool = False) -> Member:
    """Return the contact with this number, active or not."""
    member = contacts.read_member(call.db, call.tenant, list_.id, msisdn, to_edit)
    if member is None:
        raise ApiError(Code.NOT_FOUND, CONTACT_UNKNOWN)
    return member


def _read_number(msisdn: str, country: str) -> str:
    """Return the number of a new contact in international form."""
    region = numbers.find_region(country) if country else None
    if country and region is None:
        raise ApiError(Code.BAD_MOBILE_COUNTRY)
    number = numbers.to_msisdn(msisdn, region)
    if number is None:
        raise ApiError(Code.BAD_MOBILE)
    return number


def _known_number(msisdn: str, region: str | None = None) -> str:
    """Return the number of an existing contact in international form; no contact has an invalid number."""
    number = numbers.to_msisdn(msisdn, region)
    if number is None:
        raise ApiError(Code.NOT_FOUND, CONTACT_UNKNOWN)
    return number


def _inactive_error(member: Member | None) -> ApiError | None:
    """Return the error for a contact that is no longer active; None for any other."""
    if member is None or member.status == contacts.ACTIVE:
        return None
    return ApiError(Code.OPTOUT if member.reason == contacts.OPTED_OUT else Code.DUPLICATE_DELETED)


def _values_by_slot(values: Mapping[str, str], list_: ContactList) -> dict[str, str]:
    """Return values by slot, from values by slot or name. Values of slots that the list lacks are dropped."""
    by_name = {name.lower().replace(" ", "_").replace(".", "_"): slot for slot, name in list_.fields.items()}
    slots = by_name | {slot: slot for slot in list_.fields}
    return {slots[key]: value for key, value in values.items() if key in slots}


METHODS: tuple[Any, ...] = (add_to_list, edit_list_member, delete_from_list, optout_list_member, get_contact)
