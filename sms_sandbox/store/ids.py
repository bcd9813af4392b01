"""Ids, counted for each tenant by itself, so that the same calls give the same ids and none tells of other tenants."""

from sqlalchemy import Connection

from .statement import Statement
from .unit_of_work import owe, remembered, remembers

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
}
"""Where each kind begins: of the size the real service shows, so that a client's number type is put to the test."""

_TAKE = Statement(
    "INSERT INTO counters (tenant, kind, value) VALUES (:tenant, :kind, :first + :count)"
    " ON CONFLICT (tenant, kind) DO UPDATE SET value = counters.value + :count RETURNING value"
)
_READ = Statement("SELECT kind, value FROM counters WHERE tenant = :tenant")
_WRITE = Statement(
    "INSERT INTO counters (tenant, kind, value) VALUES (:tenant, :kind, :value)"
    " ON CONFLICT (tenant, kind) DO UPDATE SET value = excluded.value"
)


def take(db: Connection, tenant: int, kind: str, count: int = 1) -> int:
    """The first of `count` new ids in a row.

    Where one process owns the data it remembers where the counters stand, and writes those that were raised when the
    transaction ends.
    """
    if not remembers(db):
        after: int = _TAKE.value(db, tenant=tenant, kind=kind, first=FIRST[kind], count=count)
        return after - count
    counters = remembered(db, ("counters", tenant), lambda: dict(_READ.all(db, tenant=tenant)))
    first: int = counters.get(kind, FIRST[kind])
    counters[kind] = first + count
    owe(db, _WRITE, (tenant, kind), (tenant, kind, first + count))
    return first
