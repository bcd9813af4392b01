"""Counts over time: what was sent, what was reported, how calls and callback attempts went."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, case, func, select

from ..domain.carrier import DELIVERED, HARD_BOUNCE, SOFT_BOUNCE
from ..domain.clock import MICROSECOND, from_micros, to_micros
from .messages import SENT
from .tables import accounts as a
from .tables import messages as m
from .tables import recipients as r
from .tables import traffic as t

_CALL, _CALLBACK = "call", "callback"
_OUTCOMES = {DELIVERED: "delivered", SOFT_BOUNCE: "soft_bounced", HARD_BOUNCE: "hard_bounced"}


class Bucket(Struct):
    """The counts of a span of time. Latencies are those of callback attempts, in microseconds."""

    at: datetime
    sent: int = 0
    delivered: int = 0
    soft_bounced: int = 0
    hard_bounced: int = 0
    calls: int = 0
    failed_calls: int = 0
    attempts: int = 0
    failed_attempts: int = 0
    latency: int | None = None
    max_latency: int | None = None


def read(db: Connection, tenant: int, since: datetime, until: datetime, count: int) -> list[Bucket]:
    """Return the counts of a tenant in spans of equal length, from `since` to `until`."""
    begin, width = to_micros(since), max(1, -(-((until - since) // MICROSECOND) // count))
    buckets = [Bucket(from_micros(begin + index * width)) for index in range(count)]
    for index, status, sent in _sent(db, tenant, begin, to_micros(until), width):
        bucket = buckets[min(index, count - 1)]  # the end belongs to the last bucket
        bucket.sent += sent
        if status in _OUTCOMES:
            setattr(bucket, _OUTCOMES[status], getattr(bucket, _OUTCOMES[status]) + sent)
    for index, kind, total, failed, latency, longest in _traffic(db, tenant, begin, to_micros(until), width):
        bucket = buckets[min(index, count - 1)]
        if kind == _CALL:
            bucket.calls += total
            bucket.failed_calls += failed
        else:
            before = (bucket.latency or 0) * bucket.attempts
            bucket.attempts += total
            bucket.failed_attempts += failed
            bucket.latency = (before + int(latency or 0)) // bucket.attempts
            bucket.max_latency = max(bucket.max_latency or 0, longest or 0)
    return buckets


def _sent(db: Connection, tenant: int, begin: int, end: int, width: int) -> Iterator[tuple[int, str, int]]:
    index = ((r.c.sent_at - begin) // width).label("bucket")
    own = select(a.c.id).where(a.c.tenant == tenant)
    unsent = select(m.c.id).where(m.c.tenant == tenant, m.c.status != SENT)  # few, so it is faster than a join
    query = (
        select(index, r.c.status, func.count())
        .where(r.c.tenant == tenant, r.c.account.in_(own), r.c.sent_at.between(begin, end), r.c.message.not_in(unsent))
        .group_by("bucket", r.c.status)
    )
    for row in db.execute(query):
        yield int(row[0]), row[1], row[2]


def _traffic(db: Connection, tenant: int, begin: int, end: int, width: int) -> Iterator[tuple[Any, ...]]:
    index = ((t.c.at - begin) // width).label("bucket")
    is_good: ColumnElement[bool] = t.c.code.in_(("SUCCESS", "ok"))
    failed = func.sum(case((is_good, 0), else_=1))
    query = (
        select(index, t.c.kind, func.count(), failed, func.sum(t.c.took), func.max(t.c.took))
        .where(t.c.tenant == tenant, t.c.kind.in_((_CALL, _CALLBACK)), t.c.at.between(begin, end))
        .group_by("bucket", t.c.kind)
    )
    for row in db.execute(query):
        yield int(row[0]), *tuple(row)[1:]
