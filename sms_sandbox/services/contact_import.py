"""Import of contacts: the effect of the rows of a file, and of its end, on a list."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from ..domain import bulk
from ..domain.bulk import ImportPlan, ImportRow, MemberValues
from ..store import accounts, contacts, imports, opt_outs
from ..store.contacts import ACTIVE, ContactList, Member
from ..store.imports import Held
from ..store.unit_of_work import mark_as_event
from . import list_membership


class ImportGoneError(Exception):
    """The import is no longer this process's: its tenant was emptied, or another process took over."""


class ListGoneError(Exception):
    """The list was removed during the import."""


def import_rows(db: Connection, held: Held, rows: Sequence[ImportRow], now: datetime) -> None:
    """Put rows of the file on the list, and count them.

    Raises ImportGoneError or ListGoneError; the caller then rolls the transaction back.
    """
    mark_as_event(db)
    if not imports.is_held(db, held):
        raise ImportGoneError
    list_ = contacts.read_list(db, held.tenant, held.asked.list_id)
    account = accounts.read(db, held.tenant, held.asked.account)
    if list_ is None or account is None:
        raise ListGoneError
    handsets = {row.msisdn for row in rows if row.msisdn is not None}
    barred = opt_outs.find(db, held.tenant, account.id, handsets) if account.global_optouts else set[str]()
    write(db, held, list_, bulk.plan_import(rows, imports.find_known(db, held, handsets), barred), now)


def write(db: Connection, held: Held, list_: ContactList, rows: ImportPlan, now: datetime) -> None:
    """Add members to the list, change others, and count the rows. Raises ListGoneError."""
    new = sorted(rows.new, key=lambda each: each.msisdn)
    added = imports.add_members(db, held, new, now)
    imports.change_members(db, held, sorted(rows.changed, key=lambda each: each.msisdn))
    # If another call has just put a handset on the list, it is a duplicate after all, and that call has announced it.
    elsewhere = set() if added == len(new) else _added_elsewhere(db, held, new)
    joined = [
        Member(list_.id, each.msisdn, each.first_name, each.last_name, each.fields, now, ACTIVE, None)
        for each in new
        if each.msisdn not in elsewhere
    ]
    list_membership.announce(db, held.tenant, list_, joined, "add", now)
    duplicates = rows.counts.duplicates + len(new) - added
    imports.add_counts(db, held, replace(rows.counts, duplicates=duplicates, imported=added))
    if not contacts.count_members(db, held.tenant, list_.id, active=added, total=added):
        raise ListGoneError


def _added_elsewhere(db: Connection, held: Held, new: Sequence[MemberValues]) -> set[str]:
    """Return the handsets on the list that this import did not put there."""
    known = imports.find_known(db, held, {each.msisdn for each in new})
    return {msisdn for msisdn, each in known.items() if not each.written}


def end(db: Connection, held: Held, why: str, now: datetime) -> None:
    """End an import, as completed or, with the reason `why`, as failed. Does nothing if it is no longer held.

    If an import failed, the list that was made for it is removed.
    """
    mark_as_event(db)
    if not imports.end(db, held, why):
        return
    list_ = contacts.read_list(db, held.tenant, held.asked.list_id)
    if why and held.asked.made_list and list_ is not None:
        list_membership.remove(db, held.tenant, list_, now)
