"""Members that come and go. However it comes about, what goes with it is done here, and the list's automation hears."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from ..store import contacts, opt_outs, timeline
from ..store.accounts import Account
from ..store.contacts import ContactList, Member, Slots
from ..store.timeline import Plan


def join(
    db: Connection, tenant: int, on: ContactList, msisdn: str, names: tuple[str | None, str | None], fields: Slots,
    now: datetime,
) -> Member | None:  # fmt: skip
    """Put a handset on a list; None, and nothing is changed, if it is or ever was on it."""
    added = contacts.add_member(db, tenant, on.id, msisdn, names, fields, now)
    if added is not None:
        announce(db, tenant, on, [added], "add", now)
    return added


def leave(db: Connection, tenant: int, on: ContactList, msisdn: str, reason: str, now: datetime) -> bool:
    """Make a member inactive; whether it was an active one."""
    left = contacts.deactivate_member(db, tenant, on.id, msisdn, reason)
    if left and on.automation_url:
        member = contacts.read_member(db, tenant, on.id, msisdn)
        assert member is not None
        announce(db, tenant, on, [member], "delete", now)
    return left


def opt_out(
    db: Connection, tenant: int, account: Account, msisdn: str, of: list[ContactList], now: datetime
) -> list[ContactList]:
    """Opt a handset out of lists: of all it is on, and of the account itself, where the account's lists share their
    opt-outs. The lists it is out of now."""
    if account.global_optouts:
        opt_outs.add(db, tenant, account.id, msisdn)
        of = contacts.find_lists_of(db, tenant, account.id, msisdn, contacts.OPTED_OUT)
    for each in of:
        leave(db, tenant, each, msisdn, contacts.OPTED_OUT, now)
    return of


def is_barred(db: Connection, tenant: int, account: Account, msisdn: str) -> bool:
    """Whether a handset may join none of the account's lists, since it opted out of them all."""
    return account.global_optouts and bool(opt_outs.find(db, tenant, account.id, [msisdn]))


def remove(db: Connection, tenant: int, on: ContactList, now: datetime) -> None:
    """Remove a list with its members, whose rows are cleared up bit by bit."""
    contacts.remove_list(db, tenant, on.id)
    if on.members_total:
        timeline.schedule(db, tenant, [Plan(now, timeline.FORGET_MEMBERS, on.id)])


def announce(
    db: Connection, tenant: int, on: ContactList, members: Sequence[Member], action: str, now: datetime
) -> None:
    """Let the list's automation, if it has one, hear of members that came or went."""
    if on.automation_url:
        plans = [Plan(now, timeline.LIST_ACTION, on.id, _told(on, member, action)) for member in members]
        timeline.schedule(db, tenant, plans)


def _told(on: ContactList, member: Member, action: str) -> dict[str, Any]:
    # All that is told is kept as it is now: the member may be changed, and the list removed, before it is told.
    return {
        "account": on.account,
        "url": on.automation_url,
        "action": action,
        "msisdn": member.msisdn,
        "firstname": member.first_name or "",
        "lastname": member.last_name or "",
        "fields": on.named(member.fields),
    }
