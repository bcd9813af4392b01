"""Figures of the database for metrics."""

from datetime import datetime

from sqlalchemy import Connection, Engine
from sqlalchemy.pool import QueuePool

from ..domain.clock import to_micros
from .statement import Statement

_COUNT_DUE = Statement("SELECT count(*) FROM timeline WHERE wake <= :until")


def count_due(db: Connection, real: datetime) -> int:
    """Return how many events of all tenants are due at a real time."""
    return int(_COUNT_DUE.value(db, until=to_micros(real)))


def pool_use(engine: Engine) -> dict[str, int]:
    """Return the connections of the pool by state; none for SQLite, which has no pool."""
    pool = engine.pool
    return {"in_use": pool.checkedout(), "idle": pool.checkedin()} if isinstance(pool, QueuePool) else {}
