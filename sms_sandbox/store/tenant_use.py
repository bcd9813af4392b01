"""The use of tenants: when each was last used, and how much it holds."""

from collections import Counter
from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, func, select, update

from . import tables
from .messages import TOTALS
from .statement import Statement
from .tables import accounts as a
from .tables import messages as m
from .tables import tenants as t
from .tenants import IS_THERE

FROM_START = "start"
"""In `made_by`: a tenant that the server creates when it starts, which is never cleaned up."""


class Held(NamedTuple):
    """The messages of a tenant, and all rows that belong to it."""

    messages: int
    rows: int


_MARK = Statement(
    update(t)
    .where(t.c.id == bindparam("tenant"), t.c.last_used < bindparam("moment"))
    .values(last_used=bindparam("moment"))
)
_IDLE = Statement(
    select(t.c.id, t.c.name)
    .where(
        t.c.last_used < bindparam("before"),
        t.c.made_by != FROM_START,
        IS_THERE,
        t.c.id > select(func.min(t.c.id)).scalar_subquery(),
    )
    .order_by(t.c.id)
)
_TENANTS = Statement(select(func.count()).select_from(t).where(IS_THERE))
_ACCOUNTS = Statement(select(func.count()).select_from(a).where(a.c.tenant == bindparam("tenant")))


def mark_used(db: Connection, tenant: int, moment: int) -> None:
    """Note that a tenant was used at a moment, in microseconds of real time."""
    _MARK.run(db, tenant=tenant, moment=moment)


def list_idle(db: Connection, before: int) -> list[tuple[int, str]]:
    """Return id and name of the tenants that nobody used since a moment. The default tenant is never among them."""
    return [(int(tenant), str(name)) for tenant, name in _IDLE.all(db, before=before)]


def count_tenants(db: Connection) -> int:
    return int(_TENANTS.value(db))


def count_messages(db: Connection, tenant: int) -> int:
    return TOTALS.count_all(db, tenant)


def count_accounts(db: Connection, tenant: int) -> int:
    return int(_ACCOUNTS.value(db, tenant=tenant))


def count_held(db: Connection, tenants: Collection[int]) -> dict[int, Held]:
    """Return what each of the tenants holds."""
    rows: Counter[int] = Counter()
    messages: dict[int, int] = {}
    for table in tables.OF_A_TENANT:
        query = select(table.c.tenant, func.count()).where(table.c.tenant.in_(tenants)).group_by(table.c.tenant)
        counts = {int(tenant): int(count) for tenant, count in db.execute(query)}
        rows.update(counts)
        if table is m:
            messages = counts
    return {tenant: Held(messages.get(tenant, 0), rows[tenant]) for tenant in tenants}
