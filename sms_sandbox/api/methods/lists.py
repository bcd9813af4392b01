"""Lists: add-list, add-field-to-list, remove-list, get-list, get-lists, set-list-callback."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, NotRequired, TypedDict, cast

from ...services import list_membership
from ...store import contacts, tenants
from ...store.contacts import ContactList, Member
from ...store.paging import FIRST_PAGE, Page, PageInfo
from ..custom_fields import Slots
from ..declare import Call, Nothing, method
from ..errors import ApiError, Code
from ..params import Choice, ListId, Pages, Text, Url

Style = Annotated[
    str, Choice("With `array`, custom fields are a list of names and values.", words=("array",), lenient=True)
]

NO_SLOTS: Mapping[str, str] = {}


class NameAndValue(TypedDict):
    name: str
    value: str


Fields = Mapping[str, str] | Sequence[NameAndValue]
"""Custom fields in a response: an object, or a list of names and values; an empty list if there are none."""


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
    name: Annotated[str, Text("Name of the list, unique in the account.")],
    fields: Annotated[Mapping[str, str], Slots("Name of a custom field.")] = NO_SLOTS,
    response_style: Style = "",
) -> ListMade:
    """Add a list, with up to ten custom fields."""
    if find_list_id(call, name) is not None:
        raise ApiError(Code.KEY_EXISTS)
    new = contacts.add_list(call.db, call.tenant, call.account.id, name, fields, call.now)
    return _describe_list(new, response_style)


@method("Lists")
def get_lists(call: Call, paging: Pages = FIRST_PAGE, response_style: Style = "") -> Lists:
    """List the account's lists with their numbers of members, oldest first."""
    page = contacts.list_lists(call.db, call.tenant, call.account.id, paging)
    reply: Lists = {"page": page.info, "lists_total": page.total}
    if page.rows:
        reply["lists"] = [
            {**_describe_list(list_, response_style), "members_total": list_.members_total} for list_ in page.rows
        ]
    return reply


@method("Lists", errors=[Code.NOT_FOUND, Code.NO_ACCESS])
def get_list(
    call: Call,
    list_id: ListId,
    members: Annotated[
        str, Choice("Members to show.", words=("active", "inactive", "all", "none"), lenient=True)
    ] = contacts.ACTIVE,
    paging: Pages = FIRST_PAGE,
    response_style: Style = "",
) -> ListWithMembers:
    """Return a list and a page of its members, sorted by number.

    `members_total` counts all contacts that were ever on the list.
    """
    list_ = find_list(call, list_id)
    page: Page[Member] = Page([], 0, paging)
    if members != "none":
        status = None if members == "all" else members
        page = contacts.list_members(call.db, call.tenant, list_, status, paging)
    row = _describe_list(list_, response_style)
    reply: ListWithMembers = {
        "page": page.info,
        "members_total": list_.members_total,
        "id": row["id"],
        "name": row["name"],
        "created": row["created"],
        "members_active": row["members_active"],
        "fields": row["fields"],
    }
    if page.rows:
        reply["members"] = [describe_contact(member, list_, response_style) for member in page.rows]
    return reply


class FieldsAdded(TypedDict):
    custom_1: NotRequired[str]
    custom_2: NotRequired[str]
    custom_3: NotRequired[str]
    custom_4: NotRequired[str]
    custom_5: NotRequired[str]
    custom_6: NotRequired[str]
    custom_7: NotRequired[str]
    custom_8: NotRequired[str]
    custom_9: NotRequired[str]
    custom_10: NotRequired[str]
    fields: NotRequired[Sequence[NameAndValue]]
    id: int


@method("Lists", errors=[Code.NOT_FOUND, Code.NO_ACCESS, Code.MISSING_PARAM])
def add_field_to_list(
    call: Call,
    list_id: ListId,
    fields: Annotated[Mapping[str, str], Slots("Name of a custom field, new or in place of the old name.")] = NO_SLOTS,
    response_style: Style = "",
) -> FieldsAdded:
    """Add custom fields to a list, or rename them. Contacts keep their values."""
    if not fields:
        raise ApiError(Code.MISSING_PARAM)
    list_ = find_list(call, list_id)
    contacts.set_field_names(call.db, call.tenant, list_.id, fields)
    named = {f"custom_{slot}": name for slot, name in _sort_slots(fields)}
    shown: Mapping[str, Any] = {"fields": format_fields(named, response_style)} if response_style else named
    return cast(FieldsAdded, {**shown, "id": list_.id})


@method("Lists", errors=[Code.NOT_FOUND, Code.NO_ACCESS])
def remove_list(call: Call, list_id: ListId) -> Nothing:
    """Delete a list and its contacts. Messages sent to it keep its name."""
    list_membership.remove(call.db, call.tenant, find_list(call, list_id), call.now)
    return {}


@method("Lists", errors=[Code.NOT_FOUND, Code.NO_ACCESS])
def set_list_callback(
    call: Call,
    list_id: ListId,
    url: Annotated[str, Url("URL to call when a contact joins or leaves the list. Blank or missing: none.")] = "",
) -> Nothing:
    """Set or remove the URL that is called when a list's contacts change.

    It is called when a contact joins or leaves the list.
    """
    contacts.set_automation(call.db, call.tenant, find_list(call, list_id).id, url)
    return {}


def find_list(call: Call, list_id: int) -> ContactList:
    """Return the account's own list with this id."""
    list_ = contacts.read_list(call.db, call.tenant, list_id)
    if list_ is None:
        raise ApiError(Code.NOT_FOUND)
    if list_.account != call.account.id:
        raise ApiError(Code.NO_ACCESS)
    return list_


def find_list_id(call: Call, name: str) -> int | None:
    """Return the id of the account's list with this name; None if there is none.

    The tenant is locked, so that no concurrent call can add a list of this name.
    """
    tenants.lock(call.db, call.tenant)
    return contacts.find_list_id(call.db, call.tenant, call.account.id, name)


def _describe_list(list_: ContactList, style: str) -> ListMade:
    return {
        "id": list_.id,
        "name": list_.name,
        "created": list_.created,
        "members_active": list_.members_active,
        "fields": format_fields({f"field_{slot}": name for slot, name in _sort_slots(list_.fields)}, style),
    }


def describe_contact(member: Member, list_: ContactList, style: str) -> Contact:
    row: Contact = {
        "list_id": member.list_id,
        "msisdn": member.msisdn,
        "first_name": display_name(member.first_name, list_),
        "last_name": display_name(member.last_name, list_),
        "created_at": member.created,
        "status": member.status,
    }
    if list_.fields:
        row["fields"] = format_fields(list_.named(member.fields), style)
    return row


def display_name(name: str | None, list_: ContactList | None) -> str | None:
    """Return a contact's name as responses show it.

    A name never given is a blank on a list with custom fields, and null on a list without.
    """
    return "" if name is None and list_ is not None and list_.fields else name


def _sort_slots(slots: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted(slots.items(), key=lambda item: int(item[0]))


def format_fields(fields: Mapping[str, str], style: str) -> Fields:
    if not fields:
        return []
    return [{"name": name, "value": value} for name, value in fields.items()] if style == "array" else fields


METHODS: tuple[Any, ...] = (add_list, add_field_to_list, remove_list, get_list, get_lists, set_list_callback)
