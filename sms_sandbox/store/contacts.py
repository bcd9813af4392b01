"""Lists and their members."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, bindparam, insert, select, update

from ..domain.clock import from_micros, to_micros
from . import ids
from .paging import Page, Paging, fetch_page
from .statement import Statement
from .tables import lists as t
from .tables import members as c

ACTIVE = "active"
INACTIVE = "inactive"
DELETED = "deleted"
OPTED_OUT = "optout"

SLOTS = tuple(str(number) for number in range(1, 11))

Slots = Mapping[str, str]
"""Custom fields by slot, which is one of SLOTS: their names on a list, their values on a member."""


class ContactList(Struct, frozen=True):
    """A contact list. `created` is None if a keyword made it. `automation_url` is called when members join or leave."""

    id: int
    account: int
    name: str
    created: datetime | None
    fields: Slots
    members_active: int
    members_total: int
    automation_url: str = ""

    def named(self, values: Slots) -> dict[str, str]:
        """Return a member's custom fields by name, in the order of the slots. Unset ones are empty."""
        return {self.fields[slot]: values.get(slot, "") for slot in sorted(self.fields, key=int)}


class Member(Struct, frozen=True):
    """A handset on a list. `reason` says why it is inactive: it was deleted, or it opted out."""

    list_id: int
    msisdn: str
    first_name: str | None
    last_name: str | None
    fields: Slots
    created: datetime
    status: str
    reason: str | None


_LIST = (
    t.c.id, t.c.account, t.c.name, t.c.created, t.c.fields, t.c.members_active, t.c.members_total, t.c.automation_url,
)  # fmt: skip
_MEMBER = (c.c.list_id, c.c.msisdn, c.c.first_name, c.c.last_name, c.c.fields, c.c.created, c.c.status, c.c.reason)
_ADD_LIST = Statement(insert(t))
_READ_LIST = Statement(select(*_LIST).where(t.c.tenant == bindparam("tenant"), t.c.id == bindparam("list")))
_NAMED = Statement(
    select(t.c.id)
    .where(t.c.tenant == bindparam("tenant"), t.c.account == bindparam("account"), t.c.name == bindparam("called"))
    .limit(1)
)
_ONE_LIST = (t.c.tenant == bindparam("tenant_"), t.c.id == bindparam("list"))
_LOCK_FIELDS = Statement(select(t.c.fields).where(*_ONE_LIST).with_for_update())
_SET_FIELDS = Statement(update(t).where(*_ONE_LIST).values(fields=bindparam("names")))
_SET_AUTOMATION = Statement(update(t).where(*_ONE_LIST).values(automation_url=bindparam("url")))
_COUNT = Statement(
    update(t)
    .where(*_ONE_LIST)
    .values(
        members_active=t.c.members_active + bindparam("active_by"),
        members_total=t.c.members_total + bindparam("all_by"),
    )
)
_ADD_MEMBER = Statement(
    "INSERT INTO members (tenant, list_id, msisdn, first_name, last_name, fields, created, status)"
    " VALUES (:tenant, :list_id, :msisdn, :first_name, :last_name, :fields, :created, :status) ON CONFLICT DO NOTHING"
)
_ONE_MEMBER = select(*_MEMBER).where(
    c.c.tenant == bindparam("tenant"), c.c.list_id == bindparam("list"), c.c.msisdn == bindparam("msisdn")
)
_READ_MEMBER, _LOCK_MEMBER = Statement(_ONE_MEMBER), Statement(_ONE_MEMBER.with_for_update())
_EDIT_MEMBER = Statement(
    update(c)
    .where(c.c.tenant == bindparam("tenant_"), c.c.list_id == bindparam("list"), c.c.msisdn == bindparam("handset"))
    .values(first_name=bindparam("first"), last_name=bindparam("last"), fields=bindparam("values_"))
)
_HOLDING = Statement(
    select(*_LIST)
    .join_from(t, c, (c.c.tenant == t.c.tenant) & (c.c.list_id == t.c.id))
    .where(
        t.c.tenant == bindparam("tenant"),
        t.c.account == bindparam("account"),
        c.c.msisdn == bindparam("msisdn"),
        (c.c.status == ACTIVE) | (c.c.reason == bindparam("or_left_by")),
    )
    .order_by(t.c.id)
)
_ACTIVE_AFTER = Statement(
    select(*_MEMBER)
    .where(
        c.c.tenant == bindparam("tenant"),
        c.c.list_id == bindparam("list"),
        c.c.status == ACTIVE,
        c.c.msisdn > bindparam("after"),
    )
    .order_by(c.c.msisdn)
    .limit(bindparam("most"))
)
_LEAVE = Statement(
    update(c)
    .where(
        c.c.tenant == bindparam("tenant_"),
        c.c.list_id == bindparam("list"),
        c.c.msisdn == bindparam("handset"),
        c.c.status == ACTIVE,
    )
    .values(status=INACTIVE, reason=bindparam("why"))
)
_REMOVE_LIST = Statement("DELETE FROM lists WHERE tenant = :tenant AND id = :list")
_DELETE_MEMBERS = Statement(
    "DELETE FROM members WHERE tenant = :tenant AND list_id = :list AND msisdn IN"
    " (SELECT msisdn FROM members WHERE tenant = :tenant AND list_id = :list LIMIT :limit)"
)


def add_list(
    db: Connection, tenant: int, account: int, name: str, fields: Slots, created: datetime | None
) -> ContactList:
    """Add a list. Its name must be free (see `find_list_id`)."""
    list_id = ids.take(db, tenant, "list")
    _ADD_LIST.run(
        db,
        tenant=tenant,
        id=list_id,
        account=account,
        name=name,
        created=created and to_micros(created),
        fields=json.dumps(dict(fields)),
        automation_url="",
        members_active=0,
        members_total=0,
    )
    return ContactList(list_id, account, name, created, fields, 0, 0)


def read_list(db: Connection, tenant: int, list_id: int) -> ContactList | None:
    """Return the list with an id."""
    row = _READ_LIST.one(db, tenant=tenant, list=list_id)
    return None if row is None else _build_list(row)


def find_list_id(db: Connection, tenant: int, account: int, name: str) -> int | None:
    """Return the id of the account's list with a name."""
    list_id: int | None = _NAMED.value(db, tenant=tenant, account=account, called=name)
    return list_id


def list_lists(db: Connection, tenant: int, account: int, paging: Paging) -> Page[ContactList]:
    """Return a page of the account's lists, oldest first."""
    query = select(*_LIST).where(t.c.tenant == tenant, t.c.account == account).order_by(t.c.id)
    return fetch_page(db, query, paging, _build_list)


def find_lists_of(db: Connection, tenant: int, account: int, msisdn: str, or_left_by: str = "") -> list[ContactList]:
    """Return the account's lists of which a handset is an active member, oldest first.

    With `or_left_by`, also the lists that it left for that reason.
    """
    rows = _HOLDING.all(db, tenant=tenant, account=account, msisdn=msisdn, or_left_by=or_left_by)
    return [_build_list(row) for row in rows]


def set_field_names(db: Connection, tenant: int, list_id: int, fields: Slots) -> Slots:
    """Set names of custom fields, and return all names of the list. The members' values stay in their slots."""
    names = {**parse_fields(_LOCK_FIELDS.value(db, tenant_=tenant, list=list_id) or "{}"), **fields}
    _SET_FIELDS.run(db, tenant_=tenant, list=list_id, names=json.dumps(names))
    return names


def set_automation(db: Connection, tenant: int, list_id: int, url: str) -> None:
    """Set the URL that is called when members join or leave; none, if it is empty."""
    _SET_AUTOMATION.run(db, tenant_=tenant, list=list_id, url=url)


def add_member(
    db: Connection, tenant: int, list_id: int, msisdn: str, names: tuple[str | None, str | None], fields: Slots,
    now: datetime,
) -> Member | None:  # fmt: skip
    """Add a member to a list. Returns None, and changes nothing, if the handset is or was on the list."""
    new = Member(list_id, msisdn, names[0], names[1], fields, now, ACTIVE, None)
    added = _ADD_MEMBER.run(
        db,
        tenant=tenant,
        list_id=list_id,
        msisdn=msisdn,
        first_name=new.first_name,
        last_name=new.last_name,
        fields=json.dumps(dict(fields)),
        created=to_micros(now),
        status=ACTIVE,
    )
    if not added:
        return None
    count_members(db, tenant, list_id, active=1, total=1)
    return new


def count_members(db: Connection, tenant: int, list_id: int, active: int, total: int) -> bool:
    """Add to a list's counts of members. Returns False if there is no such list."""
    return _COUNT.run(db, tenant_=tenant, list=list_id, active_by=active, all_by=total) == 1


def read_member(db: Connection, tenant: int, list_id: int, msisdn: str, to_edit: bool = False) -> Member | None:
    """Return a member of a list. With `to_edit`, it is locked until the transaction ends."""
    row = (_LOCK_MEMBER if to_edit else _READ_MEMBER).one(db, tenant=tenant, list=list_id, msisdn=msisdn)
    return None if row is None else _build_member(row)


def find_members(db: Connection, tenant: int, list_id: int, handsets: Collection[str]) -> dict[str, Member]:
    """Return the members of a list among these handsets, by number."""
    query = select(*_MEMBER).where(c.c.tenant == tenant, c.c.list_id == list_id, c.c.msisdn.in_(handsets))
    return {member.msisdn: member for member in map(_build_member, db.execute(query))}


def edit_member(db: Connection, tenant: int, member: Member) -> None:
    """Set a member's names and custom fields."""
    _EDIT_MEMBER.run(
        db,
        tenant_=tenant,
        list=member.list_id,
        handset=member.msisdn,
        first=member.first_name,
        last=member.last_name,
        values_=json.dumps(dict(member.fields)),
    )


def list_members(db: Connection, tenant: int, list_: ContactList, status: str | None, paging: Paging) -> Page[Member]:
    """Return a page of a list's members by number: all of them, or the active or inactive ones."""
    query = select(*_MEMBER).where(c.c.tenant == tenant, c.c.list_id == list_.id)
    total = list_.members_total
    if status is not None:
        query = query.where(c.c.status == status)
        total = list_.members_active if status == ACTIVE else list_.members_total - list_.members_active
    return fetch_page(db, query, paging, _build_member, total, (c.c.msisdn,))


def list_active_members(db: Connection, tenant: int, list_id: int, after: str, most: int) -> list[Member]:
    """Return active members by number, after the number `after`."""
    rows = _ACTIVE_AFTER.all(db, tenant=tenant, list=list_id, after=after, most=most)
    return [_build_member(row) for row in rows]


def deactivate_member(db: Connection, tenant: int, list_id: int, msisdn: str, reason: str) -> bool:
    """Make a member inactive. Returns False if it was not an active member."""
    left = _LEAVE.run(db, tenant_=tenant, list=list_id, handset=msisdn, why=reason) == 1
    if left:
        count_members(db, tenant, list_id, active=-1, total=0)
    return left


def remove_list(db: Connection, tenant: int, list_id: int) -> None:
    """Delete a list. Its members stay until `delete_members` deletes them."""
    _REMOVE_LIST.run(db, tenant=tenant, list=list_id)


def delete_members(db: Connection, tenant: int, list_id: int, limit: int) -> int:
    """Delete up to `limit` members of a removed list, and return how many were deleted."""
    return _DELETE_MEMBERS.run(db, tenant=tenant, list=list_id, limit=limit)


def parse_fields(column: str) -> dict[str, str]:
    """Return custom fields from the column that stores them."""
    fields: dict[str, str] = json.loads(column)
    return fields


def _build_list(row: Sequence[Any]) -> ContactList:
    list_id, account, name, created, fields, active, total, automation_url = row
    when = None if created is None else from_micros(created)
    return ContactList(list_id, account, name, when, parse_fields(fields), active, total, automation_url)


def _build_member(row: Sequence[Any]) -> Member:
    list_id, msisdn, first_name, last_name, fields, created, status, reason = row
    return Member(list_id, msisdn, first_name, last_name, parse_fields(fields), from_micros(created), status, reason)
