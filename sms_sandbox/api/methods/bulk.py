"""Lists and contacts: importing a file, add-contacts-bulk and add-contacts-bulk-progress."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, TypedDict

from ...store import contacts, imports
from ...store.contacts import ContactList
from ...store.imports import Import, NewImport
from ..custom_fields import Slots
from ..declare import Call, method
from ..errors import ApiError, Code
from ..params import CountryCode, ListId, Text, Url
from .lists import NO_SLOTS, find_list, find_named

EMPTY = "Field {} is required"


class BulkStarted(TypedDict):
    list_id: int


class BulkProgress(TypedDict):
    list_id: int
    status: str
    importlength: int
    completed: int
    duplicates: int
    skipped: int
    optout: int
    imported: int


@method("Lists", errors=[Code.KEY_EXISTS, Code.NOT_FOUND, Code.NO_ACCESS], empty=EMPTY)
def add_contacts_bulk(
    call: Call,
    file_url: Annotated[str, Url("Where the CSV file is; its first row is the header, with a column `mobile`.")],
    list_id: ListId = 0,
    name: Annotated[str, Text("Name of a list to make, where no `list_id` is given.")] = "",
    fields: Annotated[
        Mapping[str, str], Slots("Name of a custom field, and of the column with its values.")
    ] = NO_SLOTS,
    countrycode: CountryCode | None = None,
) -> BulkStarted:
    """Import a file of contacts into a list. It goes on after the answer; add-contacts-bulk-progress tells how far."""
    on = named_list(call, find_list(call, list_id), fields) if list_id else new_list(call, name, fields)
    asked = NewImport(call.account.id, on.id, not list_id, file_url, countrycode, on.fields)
    imports.add(call.db, call.tenant, asked, call.now)
    return {"list_id": on.id}


@method("Lists", errors=[Code.NOT_FOUND, Code.NO_ACCESS], empty=EMPTY)
def add_contacts_bulk_progress(call: Call, list_id: ListId) -> BulkProgress:
    """How far the last import into a list is. It can be asked for after the list is gone, as after a failure."""
    job = find_import(call, list_id)
    counts = job.counts
    return {
        "list_id": job.asked.list_id,
        "status": job.status,
        "importlength": job.importlength,
        "completed": counts.completed,
        "duplicates": counts.duplicates,
        "skipped": counts.skipped,
        "optout": counts.optout,
        "imported": counts.imported,
    }


def new_list(call: Call, name: str, fields: Mapping[str, str]) -> ContactList:
    """A list made for the import."""
    if not name:
        raise ApiError(Code.FIELD_EMPTY, EMPTY.format("list_id"))
    if find_named(call, name) is not None:
        raise ApiError(Code.KEY_EXISTS)
    return contacts.add_list(call.db, call.tenant, call.account.id, name, fields, call.now)


def named_list(call: Call, on: ContactList, fields: Mapping[str, str]) -> ContactList:
    """A list with custom fields made, or renamed, as the import has it."""
    if not fields:
        return on
    return replace(on, fields=contacts.name_fields(call.db, call.tenant, on.id, fields))


def find_import(call: Call, list_id: int) -> Import:
    """The last import into the account's own list."""
    job = imports.last(call.db, call.tenant, list_id)
    if job is None:
        find_list(call, list_id)
        raise ApiError(Code.NOT_FOUND)
    if job.asked.account != call.account.id:
        raise ApiError(Code.NO_ACCESS)
    return job


METHODS: tuple[Any, ...] = (add_contacts_bulk, add_contacts_bulk_progress)
