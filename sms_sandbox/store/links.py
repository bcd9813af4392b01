"""Short links in messages, and whom each was made for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select

from ..domain.clock import to_micros
from .statement import Statement
from .tables import links as t


@dataclass(frozen=True)
class Link:
    """A recipient's own link: `target` is where a tracked one leads, None marks the one that opts out."""

    code: str
    tenant: int
    recipient: int
    target: str | None


_ADD = Statement(insert(t).values({column.name: bindparam(column.name) for column in t.c if column.name != "id"}))
_FIND = Statement(
    select(t.c.code, t.c.tenant, t.c.recipient, t.c.target)
    .where(t.c.code == bindparam("code"))
    .order_by(t.c.id.desc())
    .limit(1)
)
_NOTE_HIT = Statement(
    "INSERT INTO hits (tenant, recipient, message, at) VALUES (:tenant, :recipient, :message, :at)"
    " ON CONFLICT (tenant, recipient) DO UPDATE SET at = :at"
)


def add(db: Connection, links: Sequence[Link]) -> None:
    """Write links down."""
    _ADD.many(db, [vars(each) for each in links])


def find(db: Connection, code: str) -> Link | None:
    """The link of that code; the newest, should tenants of the same seed share one."""
    row = _FIND.one(db, code=code)
    return None if row is None else Link(*row)


def record_hit(db: Connection, tenant: int, message: int, recipient: int, at: datetime) -> None:
    """Note when a recipient last opened its tracked link; the clicks are counted by the caller."""
    _NOTE_HIT.run(db, tenant=tenant, message=message, recipient=recipient, at=to_micros(at))
