"""Events of the timeline that stay there while their work is done."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from ..domain.clock import to_micros
from .statement import Statement
from .tables import timeline as t
from .unit_of_work import announce_wake

_HOLD = Statement(
    select(t.c.id)
    .where(t.c.tenant == bindparam("tenant"), t.c.kind == bindparam("kind"), t.c.ref == bindparam("ref"))
    .with_for_update()
)
_WAKE_AT = Statement("UPDATE timeline SET wake = :wake WHERE tenant = :tenant AND kind = :kind AND ref = :ref")


def lock(db: Connection, tenant: int, kind: str, ref: int) -> None:
    """Lock an event until the transaction ends."""
    _HOLD.one(db, tenant=tenant, kind=kind, ref=ref)


def wake_at(db: Connection, tenant: int, kind: str, ref: int, real: datetime) -> None:
    """Wake an event at a moment of real time, independent of the tenant's clock."""
    wake = to_micros(real)
    _WAKE_AT.run(db, tenant=tenant, kind=kind, ref=ref, wake=wake)
    announce_wake(db, wake)
