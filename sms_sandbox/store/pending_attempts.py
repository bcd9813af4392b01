"""Callback attempts whose outcome no process has recorded yet."""

from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, exists, select

from ..domain.clock import to_micros
from .statement import Statement
from .tables import attempts, callbacks, timeline
from .timeline import CALLBACK

_ANY = Statement(
    select(
        exists(
            select(timeline.c.id)
            .join(callbacks, and_(callbacks.c.tenant == timeline.c.tenant, callbacks.c.id == timeline.c.ref))
            .join(
                attempts,
                and_(
                    attempts.c.tenant == callbacks.c.tenant,
                    attempts.c.callback == callbacks.c.id,
                    attempts.c.number == callbacks.c.attempts,
                ),
            )
            .where(
                timeline.c.tenant == bindparam("tenant"),
                timeline.c.kind == CALLBACK,
                timeline.c.due <= bindparam("until"),
                attempts.c.latency.is_(None),
                attempts.c.began > bindparam("since"),
            )
        )
    )
)


def are_any_repeated(db: Connection, tenant: int, until: datetime, since: datetime) -> bool:
    """Return True if an attempt is pending whose next one is due by `until`.

    Attempts that began before `since`, in real time, do not count. Those of a process that died, or of an imported
    document, stay pending until the next ones are made.
    """
    return bool(_ANY.value(db, tenant=tenant, until=to_micros(until), since=to_micros(since)))
