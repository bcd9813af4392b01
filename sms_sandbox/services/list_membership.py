"""Members that come and go. However it comes about, what goes with it is done here, and the list's automation hears."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from ..store import contacts, timeline
from ..store.accounts import Account
from ..store.contacts import ContactList, Member, Slots
from ..store.statement import Statement
from ..store.timeline import Plan

LIST_ACTION = "list-action"
"""What telling a list's automation is called on the timeline; its `ref` is the list's id."""

FORGET = "forget-members"
"""What clearing up after a removed list is called on the timeline; its `ref` is the list's id."""

_REMOVE = Statement("DELETE FROM lists WHERE tenant = :tenant AND id = :list")
_FORGET = Statement(
    "DELETE FROM members WHERE tenant = :tenant AND list_id = :list AND msisdn IN"
    " (SELECT msisdn FROM members WHERE tenant = :tenant AND list_id = :list LIMIT :most)"
)


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
    left = contacts.leave(db, tenant, on.id, msisdn, reason)
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
        contacts.opt_out(db, tenant, account.id, msisdn)
        of = contacts.holding(db, tenant, account.id, msisdn, contacts.OPTED_OUT)
    for each in of:
        leave(db, tenant, each, msisdn, contacts.OPTED_OUT, now)
    return of


def is_barred(db: Connection, tenant: int, account: Account, msisdn: str) -> bool:
    """Whether a handset may join none of the account's lists, since it opted out of them all."""
    return account.global_optouts and bool(contacts.opted_out(db, tenant, account.id, [msisdn]))


def remove(db: Connection, tenant: int, on: ContactList, now: datetime) -> None:
    """Remove a list with its members, whose rows are cleared up bit by bit."""
    _REMOVE.run(db, tenant=tenant, list=on.id)
    if on.members_total:
        timeline.schedule(db, tenant, [Plan(now, FORGET, on.id)])


def forget(db: Connection, tenant: int, list_id: int, most: int) -> int:
    """Delete so many members of a list that is gone; how many that were."""
    return _FORGET.run(db, tenant=tenant, list=list_id, most=most)


def announce(
    db: Connection, tenant: int, on: ContactList, members: Sequence[Member], action: str, now: datetime
) -> None:
    """Let the list's automation, if it has one, hear of members that came or went."""
    if on.automation_url:
        plans = [Plan(now, LIST_ACTION, on.id, _told(on, member, action)) for member in members]
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
