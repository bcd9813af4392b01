"""Ids, counted per tenant. So the same calls give the same ids, and an id reveals nothing about other tenants."""

from sqlalchemy import Connection

from .statement import Statement
from .tables import counters
from .tenant_state import COUNTERS
from .unit_of_work import state, write_later

FIRST = {
    "account": 54911,
    "message": 340000001,
    "recipient": 937000001,
    "list": 4200001,
    "response": 36500001,
    "callback": 1,
    "keyword": 70001,
    "transaction": 17400001,
    "mail": 1,
    "import": 1,
    "rule": 1,
    "traffic": 1,
    "failed-event": 1,
    "refused-call": 0,
}
"""The first id of each kind.

It is as large as those of the real service, to test the number type that a client uses.
"""

_READ = Statement("SELECT kind, value FROM counters WHERE tenant = :tenant")
_WRITE = Statement(
    "INSERT INTO counters (tenant, kind, value) VALUES (:tenant, :kind, :value)"
    " ON CONFLICT (tenant, kind) DO UPDATE SET value = excluded.value",
    table=counters,
)


def count_given(db: Connection, tenant: int, kind: str) -> int:
    """Return how many ids of a kind were given since the tenant was last reset."""
    return count(db, tenant, kind) - FIRST[kind]


def count(db: Connection, tenant: int, kind: str) -> int:
    """Return the next id, without taking it."""
    return _counters(db, tenant).get(kind, FIRST[kind])


def take(db: Connection, tenant: int, kind: str, count: int = 1) -> int:
    """Return the first of `count` new consecutive ids."""
    counters = _counters(db, tenant)
    first = counters.get(kind, FIRST[kind])
    counters[kind] = first + count
    write_later(db, _WRITE, (tenant, kind), (tenant, kind, first + count))
    return first


def _counters(db: Connection, tenant: int) -> dict[str, int]:
    return state(db, tenant, COUNTERS, lambda: dict(_READ.all(db, tenant=tenant)))
