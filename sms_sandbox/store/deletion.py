"""Deletion of parts of a tenant, so that what is left still fits together.

Ids are counted on, so that none is given twice. Scheduled events of deleted data are deleted too.
"""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, Table, delete, select, update

from . import messages, responses, tables, tenant_rows, timeline, totals
from .numbers import AVAILABLE
from .tables import numbers as n
from .unit_of_work import invalidate

_PLANNED = (tables.timeline, tables.failed_events)
"""Tables of events that may still run."""

PLANS_OF_OTHERS = (
    timeline.LIST_ACTION, timeline.FORGET_MEMBERS, timeline.IMPORT, timeline.NUMBER_RENEWAL, timeline.KEYWORD_RENEWAL,
)  # fmt: skip
"""Plans that belong to no message, response or callback."""

_REFERS_TO = {
    timeline.CALLBACK: tables.callbacks,
    timeline.ENLIST: tables.messages,
    timeline.SEND: tables.messages,
    timeline.REPORT: tables.recipients,
    timeline.INBOUND: tables.recipients,
    timeline.IMPORT: tables.imports,
    timeline.KEYWORD_RENEWAL: tables.keywords,
}
"""The table whose id the `ref` of a plan is. A `ref` of 0 is none, as message-reply writes it."""

_PART_OF = (
    (tables.recipients, "message", tables.messages),
    (tables.links, "recipient", tables.recipients),
    (tables.hits, "recipient", tables.recipients),
    (tables.attempts, "callback", tables.callbacks),
    (tables.members, "list_id", tables.lists),
)
"""Tables whose rows are parts of other rows: the table, the column that names the whole, and the table of the whole."""


def delete_messages(db: Connection, tenant: int) -> None:
    """Delete messages with recipients, links and responses, callbacks, and all events scheduled for them."""
    _clear(db, tenant, tables.messages, tables.recipients, tables.links, tables.hits, tables.responses)
    totals.forget(db, tenant, messages.TOTALS, responses.TOTALS)
    _clear(db, tenant, tables.callbacks, tables.attempts)
    for table in _PLANNED:
        _delete(db, tenant, table, table.c.kind.not_in(PLANS_OF_OTHERS))


def delete_contacts(db: Connection, tenant: int) -> None:
    """Delete lists with their members, imports into them, and opt-outs."""
    _clear(db, tenant, tables.lists, tables.members, tables.imports, tables.optouts)
    _delete_plans(db, tenant, timeline.LIST_ACTION, timeline.FORGET_MEMBERS, timeline.IMPORT)


def delete_numbers(db: Connection, tenant: int) -> None:
    """Delete numbers and their renewals."""
    _clear(db, tenant, n)
    _delete_plans(db, tenant, timeline.NUMBER_RENEWAL)


def delete_keywords(db: Connection, tenant: int) -> None:
    """Delete keywords and their renewals."""
    _clear(db, tenant, tables.keywords)
    _delete_plans(db, tenant, timeline.KEYWORD_RENEWAL)


def delete_rules(db: Connection, tenant: int, kinds: Collection[str]) -> None:
    """Delete rules of these kinds."""
    _delete(db, tenant, tables.rules, tables.rules.c.kind.in_(kinds))


def delete_mails(db: Connection, tenant: int) -> None:
    """Delete the mails in the outbox."""
    _clear(db, tenant, tables.mails)


def delete_clients(db: Connection, tenant: int, owner: int) -> None:
    """Delete every account but the owner, with all their data. Numbers they leased can be leased again."""
    _free_numbers(db, tenant, owner)
    for table in tables.OF_A_TENANT:
        if "account" in table.c and table not in (n, tables.traffic):
            _delete(db, tenant, table, table.c.account != owner)
    _delete(db, tenant, tables.accounts, tables.accounts.c.id != owner)
    _delete_orphans(db, tenant)
    tenant_rows.add_totals(db, tenant)  # the steps of a large deletion have deleted them


def _free_numbers(db: Connection, tenant: int, owner: int) -> None:
    """Take back the numbers that others than the owner lease."""
    blank = dict.fromkeys(("forward_url", "forward_email", "forward_sms", "welcome_message", "members_message"), "")
    free = {**blank, "list_id": 0, "account": None, "status": AVAILABLE, "next_charge": None}
    of_others = (n.c.tenant == tenant, n.c.account.is_not(None), n.c.account != owner)
    leased = [int(number) for number in db.scalars(select(n.c.number).where(*of_others))]
    for table in _PLANNED:
        _delete(db, tenant, table, table.c.kind == timeline.NUMBER_RENEWAL, table.c.ref.in_(leased))
    db.execute(update(n).where(*of_others).values(**free))


def _delete_orphans(db: Connection, tenant: int) -> None:
    """Delete parts of rows that are gone, and plans for them."""
    for table, column, whole in _PART_OF:
        _delete(db, tenant, table, table.c[column].not_in(select(whole.c.id).where(whole.c.tenant == tenant)))
    for kind, whole in _REFERS_TO.items():
        ids = select(whole.c.id).where(whole.c.tenant == tenant)
        for table in _PLANNED:
            _delete(db, tenant, table, table.c.kind == kind, table.c.ref != 0, table.c.ref.not_in(ids))


def _delete_plans(db: Connection, tenant: int, *kinds: str) -> None:
    for table in _PLANNED:
        _delete(db, tenant, table, table.c.kind.in_(kinds))


def _clear(db: Connection, tenant: int, *cleared: Table) -> None:
    for table in cleared:
        _delete(db, tenant, table)


def _delete(db: Connection, tenant: int, table: Table, *conditions: ColumnElement[bool]) -> None:
    invalidate(db, tenant)
    db.execute(delete(table).where(table.c.tenant == tenant, *conditions))
