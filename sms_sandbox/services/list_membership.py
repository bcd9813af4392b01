"""Membership of contact lists. Each change has all its consequences, and calls the list's automation."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from ..store import contacts, opt_outs, timeline
from ..store.accounts import Account
from ..store.contacts import ContactList, Member, Slots
from ..store.timeline import Plan


def join(
    db: Connection, tenant: int, list_: ContactList, msisdn: str, names: tuple[str | None, str | None], fields: Slots,
    now: datetime,
) -> Member | None:  # fmt: skip
    """Add a handset to a list. Returns None, and changes nothing, if it is or was on the list."""
    member = contacts.add_member(db, tenant, list_.id, msisdn, names, fields, now)
    if member is not None:
        announce(db, tenant, list_, [member], "add", now)
    return member


def leave(db: Connection, tenant: int, list_: ContactList, msisdn: str, reason: str, now: datetime) -> bool:
    """Make a member inactive. Returns False if it was not an active member."""
    has_left = contacts.deactivate_member(db, tenant, list_.id, msisdn, reason)
    if has_left and list_.automation_url:
        member = contacts.read_member(db, tenant, list_.id, msisdn)
        assert member is not None
        announce(db, tenant, list_, [member], "delete", now)
    return has_left


def opt_out(
    db: Connection, tenant: int, account: Account, msisdn: str, lists: list[ContactList], now: datetime
) -> list[ContactList]:
    """Opt a handset out of lists, and return the lists it opted out of.

    If the account's lists share their opt-outs, it is opted out of all lists it is on, and of the account itself.
    """
    if account.global_optouts:
        opt_outs.add(db, tenant, account.id, msisdn)
        lists = contacts.find_lists_of(db, tenant, account.id, msisdn, contacts.OPTED_OUT)
    for list_ in lists:
        leave(db, tenant, list_, msisdn, contacts.OPTED_OUT, now)
    return lists


def is_barred(db: Connection, tenant: int, account: Account, msisdn: str) -> bool:
    """Return True if a handset opted out of all lists of the account."""
    return account.global_optouts and bool(opt_outs.find(db, tenant, account.id, [msisdn]))


def remove(db: Connection, tenant: int, list_: ContactList, now: datetime) -> None:
    """Remove a list. Its members are deleted later, some at a time."""
    contacts.remove_list(db, tenant, list_.id)
    if list_.members_total:
        timeline.schedule(db, tenant, [Plan(now, timeline.FORGET_MEMBERS, list_.id)])


def announce(
    db: Connection, tenant: int, list_: ContactList, members: Sequence[Member], action: str, now: datetime
) -> None:
    """Schedule calls of the list's automation about members that joined or left."""
    if list_.automation_url:
        plans = [Plan(now, timeline.LIST_ACTION, list_.id, _action_data(list_, member, action)) for member in members]
        timeline.schedule(db, tenant, plans)


def _action_data(list_: ContactList, member: Member, action: str) -> dict[str, Any]:
    # All values are stored as they are now: the member may change, and the list be removed, before the call.
    return {
        "account": list_.account,
        "url": list_.automation_url,
        "action": action,
        "msisdn": member.msisdn,
        "firstname": member.first_name or "",
        "lastname": member.last_name or "",
        "fields": list_.named(member.fields),
    }
