"""The throttle's window where several processes share it: one statement on PostgreSQL."""

from sqlalchemy import Connection

from .statement import Statement

_ADMIT = Statement(
    """
    INSERT INTO throttle AS t (tenant, account, recent)
    VALUES (:tenant, :account, ARRAY[CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)])
    ON CONFLICT (tenant, account) DO UPDATE
    SET recent = array_append(
        ARRAY(SELECT at FROM unnest(t.recent) AS at
              WHERE at > CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint) - 1000000),
        CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint))
    WHERE (SELECT count(*) FROM unnest(t.recent) AS at
           WHERE at > CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint) - 1000000) < :rate
    RETURNING 1
    """
)


def admit(db: Connection, tenant: int, account: int, rate: int) -> bool:
    """Whether a call now is one of at most `rate` in any second by the database's own time; notes it if so."""
    return rate <= 0 or _ADMIT.one(db, tenant=tenant, account=account, rate=rate) is not None
