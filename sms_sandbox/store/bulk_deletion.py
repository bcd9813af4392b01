"""Deletion of most rows of a tenant in small steps.

Each step is short, so that others are served meanwhile. The rest is then deleted in one transaction. What is planned
goes first, so that nothing more happens.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, Table, bindparam, delete, select, tuple_

from . import tables
from .deletion import PLANS_OF_OTHERS
from .statement import Statement
from .unit_of_work import invalidate

STEP_ROWS = 1_000
"""Rows that one step deletes."""

_PLANNED = (tables.timeline, tables.failed_events)
MESSAGES: tuple[Table, ...] = (
    *_PLANNED, tables.attempts, tables.callbacks, tables.hits, tables.links, tables.responses, tables.recipients,
    tables.messages,
)  # fmt: skip
CONTACTS: tuple[Table, ...] = (tables.members, tables.optouts)
ALL: tuple[Table, ...] = (*MESSAGES, *CONTACTS, tables.traffic, tables.transactions, tables.mails)


def _statement(table: Table, of_messages: bool) -> Statement:
    key = [column for column in table.primary_key if column.name != "tenant"]
    mine = [table.c.tenant == bindparam("tenant_")]
    if of_messages and table in _PLANNED:
        mine += [table.c.kind != kind for kind in PLANS_OF_OTHERS]
    some = select(*key).where(*mine).limit(bindparam("rows_"))
    return Statement(delete(table).where(table.c.tenant == bindparam("tenant_"), tuple_(*key).in_(some)))


_HAS_MORE = {
    table.name: Statement(
        select(table.c.tenant).where(table.c.tenant == bindparam("tenant")).offset(bindparam("skipped")).limit(1)
    )
    for table in ALL
}
_DELETE = {(table.name, of_messages): _statement(table, of_messages) for table in ALL for of_messages in (False, True)}


def delete_some(db: Connection, tenant: int, of: Sequence[Table]) -> bool:
    """Delete up to STEP_ROWS rows of these tables. True if there may be more."""
    invalidate(db, tenant)
    left = STEP_ROWS
    for table in of:
        left -= _DELETE[table.name, of is not ALL].run(db, tenant_=tenant, rows_=left)
        if left <= 0:
            return True
    return False


def is_large(db: Connection, tenant: int, of: Sequence[Table]) -> bool:
    """Return True if one of the tables has more rows than one step deletes."""
    return any(_HAS_MORE[table.name].value(db, tenant=tenant, skipped=STEP_ROWS) is not None for table in of)
