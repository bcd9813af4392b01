"""Ids, counted for each tenant by itself, so that the same calls give the same ids and none tells of other tenants."""

from sqlalchemy import Connection

from .engine import Statement

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


def take(db: Connection, tenant: int, kind: str, count: int = 1) -> int:
    """The first of `count` new ids in a row."""
    after: int = _TAKE.value(db, tenant=tenant, kind=kind, first=FIRST[kind], count=count)
    return after - count
