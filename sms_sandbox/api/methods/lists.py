"""Lists and contacts: add-list, get-list, get-lists, add-to-list."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, NotRequired, TypedDict

from ...domain import numbers
from ...store import contacts
from ...store.contacts import ContactList, Member
from ...store.paging import FIRST_PAGE, Page, PageInfo
from ..declare import Call, method
from ..errors import CONTACT_KNOWN, ApiError, Code
from ..params import Choice, FieldValues, ListId, Pages, Slots, Style, Text

NO_SLOTS: Mapping[str, str] = {}


class NameAndValue(TypedDict):
    name: str
    value: str


Fields = Mapping[str, str] | Sequence[NameAndValue]
"""Custom fields on the wire: an object, or names and values; an empty array where there are none."""


class ListMade(TypedDict):
    id: int
    name: str
    created: datetime | None
    members_active: int
    fields: Fields


class ListSummary(ListMade):
    members_total: int


class Lists(TypedDict):
    page: PageInfo
    lists_total: int
    lists: NotRequired[list[ListSummary]]


class Contact(TypedDict):
    list_id: int
    msisdn: str
    first_name: str | None
    last_name: str | None
    created_at: datetime
    status: str
    fields: NotRequired[Fields]


class ListWithMembers(TypedDict):
    page: PageInfo
    members_total: int
    id: int
    name: str
    created: datetime | None
    members_active: int
    fields: Fields
    members: NotRequired[list[Contact]]


@method("Lists", errors=[Code.KEY_EXISTS])
def add_list(
    call: Call,
    name: Annotated[str, Text("Its name, which no other list of the account has.")],
    fields: Annotated[Mapping[str, str], Slots("Name of a custom field.")] = NO_SLOTS,
    response_style: Style = "",
) -> ListMade:
    """Make a list, with up to ten custom fields."""
    if contacts.list_named(call.db, call.tenant, call.account.id, name) is not None:
        raise ApiError(Code.KEY_EXISTS)
    made = contacts.add_list(call.db, call.tenant, call.account.id, name, fields, call.now)
    return list_made(made, response_style)


@method("Lists")
def get_lists(call: Call, paging: Pages = FIRST_PAGE, response_style: Style = "") -> Lists:
    """Every list of the account, oldest first, with how many members it has."""
    found = contacts.lists(call.db, call.tenant, call.account.id, paging)
    reply: Lists = {"page": found.info, "lists_total": found.total}
    if found.rows:
        reply["lists"] = [
            {**list_made(each, response_style), "members_total": each.members_total} for each in found.rows
        ]
    return reply


@method("Lists", errors=[Code.NOT_FOUND, Code.NO_ACCESS])
def get_list(
    call: Call,
    list_id: ListId,
    members: Annotated[
        str, Choice("Which members to show.", words=("active", "inactive", "all", "none"))
    ] = contacts.ACTIVE,
    paging: Pages = FIRST_PAGE,
    response_style: Style = "",
) -> ListWithMembers:
    """A list and a page of its members by number. `members_total` counts everybody who ever was on it."""
    found = find_list(call, list_id)
    page: Page[Member] = Page([], 0, paging)
    if members != "none":
        status = None if members == "all" else members
        page = contacts.members(call.db, call.tenant, found, status, paging)
    made = list_made(found, response_style)
    reply: ListWithMembers = {
        "page": page.info,
        "members_total": found.members_total,
        "id": made["id"],
        "name": made["name"],
        "created": made["created"],
        "members_active": made["members_active"],
        "fields": made["fields"],
    }
    if page.rows:
        reply["members"] = [contact(each, found, response_style) for each in page.rows]
    return reply


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
    msisdn: Annotated[str, Text("The contact's number.")],
    countrycode: Annotated[str, Text("Country of a local number.")] = "",
    first_name: Annotated[str, Text("First name.")] | None = None,
    last_name: Annotated[str, Text("Last name.")] | None = None,
    values: Annotated[Mapping[str, str], FieldValues("Value of a custom field.")] = NO_SLOTS,
    response_style: Style = "",
) -> Contact:
    """Put a contact on a list. One that is or ever was on it is refused, and nothing of it is changed."""
    found = find_list(call, list_id)
    number = handset_of(msisdn, countrycode)
    known = contacts.read_member(call.db, call.tenant, found.id, number)
    if known is not None:
        raise refusal_of(known)
    # A list with custom fields answers a blank for a name never given, one without answers null.
    unknown = "" if found.fields else None
    names = (first_name or unknown, last_name or unknown)
    slots = slots_of(values, found)
    return contact(
        contacts.add_member(call.db, call.tenant, found.id, number, names, slots, call.now), found, response_style
    )


def find_list(call: Call, list_id: int) -> ContactList:
    """The account's own list of that id."""
    found = contacts.read_list(call.db, call.tenant, list_id)
    if found is None:
        raise ApiError(Code.NOT_FOUND)
    if found.account != call.account.id:
        raise ApiError(Code.NO_ACCESS)
    return found


def handset_of(msisdn: str, country: str) -> str:
    """The international form of a contact's number."""
    region = numbers.region_of(country) if country else None
    if country and region is None:
        raise ApiError(Code.BAD_MOBILE_COUNTRY)
    number = numbers.to_msisdn(msisdn, region)
    if number is None:
        raise ApiError(Code.BAD_MOBILE)
    return number


def refusal_of(known: Member) -> ApiError:
    """Why a contact that is already there can not be added."""
    if known.status == contacts.ACTIVE:
        return ApiError(Code.KEY_EXISTS, CONTACT_KNOWN)
    return ApiError(Code.OPTOUT if known.reason == contacts.OPTED_OUT else Code.DUPLICATE_DELETED)


def slots_of(values: Mapping[str, str], on: ContactList) -> dict[str, str]:
    """Values by slot, from values by slot or by name; those of slots the list does not have are dropped."""
    by_name = {name.lower().replace(" ", "_").replace(".", "_"): slot for slot, name in on.fields.items()}
    found = {slot: value for key, value in values.items() if (slot := by_name.get(key)) is not None}
    return found | {key: value for key, value in values.items() if key in on.fields}


def list_made(each: ContactList, style: str) -> ListMade:
    return {
        "id": each.id,
        "name": each.name,
        "created": each.created,
        "members_active": each.members_active,
        "fields": spelled({f"field_{slot}": name for slot, name in in_order(each.fields)}, style),
    }


def contact(each: Member, on: ContactList, style: str) -> Contact:
    reply: Contact = {
        "list_id": each.list_id,
        "msisdn": each.msisdn,
        "first_name": each.first_name,
        "last_name": each.last_name,
        "created_at": each.created,
        "status": each.status,
    }
    if on.fields:
        reply["fields"] = spelled(values_by_name(each.fields, on), style)
    return reply


def values_by_name(values: Mapping[str, str], on: ContactList) -> dict[str, str]:
    """A contact's custom fields by their names, unset ones as blanks."""
    return {name: values.get(slot, "") for slot, name in in_order(on.fields)}


def in_order(slots: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted(slots.items(), key=lambda item: int(item[0]))


def spelled(fields: Mapping[str, str], style: str) -> Fields:
    if not fields:
        return []
    return [{"name": name, "value": value} for name, value in fields.items()] if style == "array" else fields


METHODS: tuple[Any, ...] = (add_list, get_list, get_lists, add_to_list)
