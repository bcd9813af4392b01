"""Callback attempts whose outcome no process has recorded yet."""

from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, exists, select

from ..domain.clock import to_micros
from .callbacks import WAITING
from .statement import Statement
from .tables import attempts, callbacks

_ANY = Statement(
    select(
        exists(
            select(callbacks.c.id)
            .join(
                attempts,
                and_(
                    attempts.c.tenant == callbacks.c.tenant,
                    attempts.c.callback == callbacks.c.id,
                    attempts.c.number == callbacks.c.attempts,
                ),
            )
            .where(
                callbacks.c.tenant == bindparam("tenant"),
                callbacks.c.state == bindparam("waiting"),
                attempts.c.latency.is_(None),
                attempts.c.began > bindparam("since"),
            )
        )
    )
)


def are_any(db: Connection, tenant: int, since: datetime) -> bool:
    """Return True if the last attempt of a waiting callback is pending.

    Attempts that began before `since`, in real time, do not count. Those of a process that died, or of an imported
    document, stay pending until the next ones are made.
    """
    return bool(_ANY.value(db, tenant=tenant, waiting=WAITING, since=to_micros(since)))
