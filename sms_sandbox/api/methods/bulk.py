"""Imports of contacts from a file: add-contacts-bulk, add-contacts-bulk-progress."""

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

from msgspec.structs import replace

from ...store import contacts, imports
from ...store.contacts import ContactList
from ...store.imports import Import, NewImport
from ..custom_fields import Slots
from ..declare import Call, method
from ..errors import ApiError, Code
from ..params import CountryCode, ListId, Text, Url
from .lists import NO_SLOTS, find_list, find_list_id

_REQUIRED = "Field {} is required"


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


@method("Lists", errors=[Code.KEY_EXISTS, Code.NOT_FOUND, Code.NO_ACCESS], empty=_REQUIRED)
def add_contacts_bulk(
    call: Call,
    file_url: Annotated[str, Url("URL of the CSV file. Its first row is the header, with a column `mobile`.")],
    list_id: ListId = 0,
    name: Annotated[str, Text("Name of a new list, if no `list_id` is given.")] = "",
    fields: Annotated[Mapping[str, str], Slots("Name of a custom field and of the column with its values.")] = NO_SLOTS,
    countrycode: CountryCode | None = None,
) -> BulkStarted:
    """Import a file of contacts into a list.

    The import continues after the response; add-contacts-bulk-progress shows its progress.
    """
    list_ = _name_fields(call, find_list(call, list_id), fields) if list_id else _add_list(call, name, fields)
    new = NewImport(call.account.id, list_.id, not list_id, file_url, countrycode, list_.fields)
    imports.add(call.db, call.tenant, new, call.now)
    return {"list_id": list_.id}


@method("Lists", errors=[Code.NOT_FOUND, Code.NO_ACCESS], empty=_REQUIRED)
def add_contacts_bulk_progress(call: Call, list_id: ListId) -> BulkProgress:
    """Show the progress of the last import into a list.

    It is available even after the list is gone, for example after a failed import.
    """
    job = _find_import(call, list_id)
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


def _add_list(call: Call, name: str, fields: Mapping[str, str]) -> ContactList:
    """Add a list for the import."""
    if not name:
        raise ApiError(Code.FIELD_EMPTY, _REQUIRED.format("list_id"))
    if find_list_id(call, name) is not None:
        raise ApiError(Code.KEY_EXISTS)
    return contacts.add_list(call.db, call.tenant, call.account.id, name, fields, call.now)


def _name_fields(call: Call, list_: ContactList, fields: Mapping[str, str]) -> ContactList:
    """Return the list with its custom fields added or renamed for the import."""
    if not fields:
        return list_
    return replace(list_, fields=contacts.set_field_names(call.db, call.tenant, list_.id, fields))


def _find_import(call: Call, list_id: int) -> Import:
    """Return the last import into the account's own list."""
    job = imports.find_last(call.db, call.tenant, list_id)
    if job is None:
        find_list(call, list_id)
        raise ApiError(Code.NOT_FOUND)
    if job.asked.account != call.account.id:
        raise ApiError(Code.NO_ACCESS)
    return job


METHODS: tuple[Any, ...] = (add_contacts_bulk, add_contacts_bulk_progress)
