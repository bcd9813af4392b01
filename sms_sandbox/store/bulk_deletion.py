"""Deletion of most rows of a tenant in small steps.

Each step is short, so that other calls are served in between. The rest is then deleted in one transaction. Scheduled
events are deleted first, so that nothing more happens.
"""

from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, bindparam, delete, func, select, tuple_

from . import messages, responses, tables, transactions
from .deletion import PLANS_OF_OTHERS
from .statement import Statement
from .totals import Totals, forget
from .unit_of_work import invalidate

STEP_ROWS = 500
"""Rows that one step deletes."""

_PLANNED = (tables.timeline, tables.failed_events)
_OF_MESSAGES: tuple[Table, ...] = (
    tables.attempts, tables.callbacks, tables.hits, tables.links, tables.responses, tables.recipients, tables.messages,
)  # fmt: skip
_OF_CONTACTS: tuple[Table, ...] = (tables.members, tables.optouts)


class Part(NamedTuple):
    """A part of what belongs to a tenant: the statements for each of its tables, and totals of its rows."""

    is_large: tuple[Statement, ...]
    delete: tuple[Statement, ...]
    totals: tuple[Totals, ...]


def _part(*chosen: tuple[Table, ColumnElement[bool] | None], totals: tuple[Totals, ...] = ()) -> Part:
    """Make a part of tables. A table's condition chooses its rows; without one, all count."""
    is_large, deletions = [], []
    for table, condition in chosen:
        key = [column for column in table.primary_key if column.name != "tenant"]
        rows = select(*key).where(table.c.tenant == bindparam("tenant_"))
        if condition is not None:
            rows = rows.where(condition)
        some = rows.limit(bindparam("rows_"))
        is_large.append(Statement(rows.offset(bindparam("skipped")).limit(1)))
        deletions.append(Statement(delete(table).where(table.c.tenant == bindparam("tenant_"), tuple_(*key).in_(some))))
    return Part(tuple(is_large), tuple(deletions), totals)


def _of_messages(table: Table) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = table.c.kind.not_in([bindparam(None, kind) for kind in PLANS_OF_OTHERS])
    return condition


def _of_clients(table: Table) -> ColumnElement[bool]:
    a = tables.accounts
    owner = select(func.min(a.c.id)).where(a.c.tenant == bindparam("tenant_")).scalar_subquery()
    condition: ColumnElement[bool] = table.c.account > owner
    return condition


CLIENTS = _part(
    *(
        (table, _of_clients(table))
        for table in (tables.callbacks, tables.responses, tables.recipients, tables.messages, tables.optouts,
                      tables.transactions, tables.mails)
    ),
    totals=(messages.TOTALS, responses.TOTALS, transactions.TOTALS),
)  # fmt: skip
"""Events for rows that are gone do nothing, and are deleted with the rest."""
MESSAGES = _part(
    *((table, _of_messages(table)) for table in _PLANNED),
    *((table, None) for table in _OF_MESSAGES),
    totals=(messages.TOTALS, responses.TOTALS),
)
CONTACTS = _part(*((table, None) for table in _OF_CONTACTS))
MAILS = _part((tables.mails, None))
ALL_TABLES = (
    *_PLANNED, *_OF_MESSAGES, *_OF_CONTACTS, tables.traffic, tables.transactions, tables.mails,
)  # fmt: skip
ALL = _part(*((table, None) for table in ALL_TABLES), totals=(messages.TOTALS, responses.TOTALS, transactions.TOTALS))


def delete_some(db: Connection, tenant: int, part: Part) -> bool:
    """Delete up to STEP_ROWS rows of a part. True if there may be more."""
    invalidate(db, tenant)
    forget(db, tenant, *part.totals)  # in each step, because calls in between may add some
    left = STEP_ROWS
    for statement in part.delete:
        left -= statement.run(db, tenant_=tenant, rows_=left)
        if left <= 0:
            return True
    return False


def is_large(db: Connection, tenant: int, part: Part) -> bool:
    """Return True if one of the tables has more rows than one step deletes."""
    return any(statement.value(db, tenant_=tenant, skipped=STEP_ROWS) is not None for statement in part.is_large)
