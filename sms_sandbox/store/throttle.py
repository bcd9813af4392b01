"""The throttle's window for several processes: one statement on PostgreSQL."""

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
    """Count a call of an account. False if it made `rate` calls in the last second.

    The time is the database's. A `rate` of 0 or less is no limit, and nothing is counted.
    """
    return rate <= 0 or _ADMIT.one(db, tenant=tenant, account=account, rate=rate) is not None
