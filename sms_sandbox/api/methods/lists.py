"""Lists: add-list, add-field-to-list, remove-list, get-list, get-lists, set-list-callback."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, NotRequired, TypedDict, cast

from ...services import list_membership
from ...store import accounts, contacts
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
    if find_named(call, name) is not None:
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
    fields: Annotated[Mapping[str, str], Slots("Name of a custom field, new or instead of the old one.")] = NO_SLOTS,
    response_style: Style = "",
) -> FieldsAdded:
    """Add custom fields to a list, or give other names to those it has; the contacts keep their values."""
    if not fields:
        raise ApiError(Code.MISSING_PARAM)
    found = find_list(call, list_id)
    contacts.name_fields(call.db, call.tenant, found.id, fields)
    named = {f"custom_{slot}": name for slot, name in in_order(fields)}
    told: Mapping[str, Any] = {"fields": spelled(named, response_style)} if response_style else named
    return cast(FieldsAdded, {**told, "id": found.id})


@method("Lists", errors=[Code.NOT_FOUND, Code.NO_ACCESS])
def remove_list(call: Call, list_id: ListId) -> Nothing:
    """Delete a list and its contacts. Messages sent to it keep its name."""
    list_membership.remove(call.db, call.tenant, find_list(call, list_id), call.now)
    return {}


@method("Lists", errors=[Code.NOT_FOUND, Code.NO_ACCESS])
def set_list_callback(
    call: Call,
    list_id: ListId,
    url: Annotated[str, Url("Where to call when a contact joins or leaves the list; blank or missing: nowhere.")] = "",
) -> Nothing:
    """Set or remove the URL that is called when a contact joins or leaves a list."""
    contacts.set_automation(call.db, call.tenant, find_list(call, list_id).id, url)
    return {}


def find_list(call: Call, list_id: int) -> ContactList:
    """The account's own list of that id."""
    found = contacts.read_list(call.db, call.tenant, list_id)
    if found is None:
        raise ApiError(Code.NOT_FOUND)
    if found.account != call.account.id:
        raise ApiError(Code.NO_ACCESS)
    return found


def find_named(call: Call, name: str) -> int | None:
    """The id of the account's list of that name; where it has none, no call at the same moment makes one either."""
    accounts.hold(call.db, call.tenant, call.account.id)
    return contacts.list_named(call.db, call.tenant, call.account.id, name)


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
        "first_name": name_on(each.first_name, on),
        "last_name": name_on(each.last_name, on),
        "created_at": each.created,
        "status": each.status,
    }
    if on.fields:
        reply["fields"] = spelled(on.named(each.fields), style)
    return reply


def name_on(name: str | None, on: ContactList | None) -> str | None:
    """A contact's name as its list tells it: one never given is a blank, but null where there are no custom fields."""
    return "" if name is None and on is not None and on.fields else name


def in_order(slots: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted(slots.items(), key=lambda item: int(item[0]))


def spelled(fields: Mapping[str, str], style: str) -> Fields:
    if not fields:
        return []
    return [{"name": name, "value": value} for name, value in fields.items()] if style == "array" else fields


METHODS: tuple[Any, ...] = (add_list, add_field_to_list, remove_list, get_list, get_lists, set_list_callback)
