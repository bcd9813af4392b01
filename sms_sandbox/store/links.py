"""Short links in messages, each made for one recipient."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import Connection, bindparam, insert, select

from ..domain.clock import to_micros
from .statement import Statement
from .tables import links as t


class Link(Struct, frozen=True):
    """A recipient's own link. `target` is the URL of a tracked link, None an opt-out link."""

    code: str
    tenant: int
    recipient: int
    target: str | None


_ADD = Statement(
    insert(t).values({column.name: bindparam(column.name) for column in t.c if column.name != "id"}).inline()
)
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
    """Add links."""
    _ADD.many(db, [asdict(link) for link in links])


def find(db: Connection, code: str) -> Link | None:
    """Return the link with a code. Tenants with the same seed may share it; the newest link wins."""
    row = _FIND.one(db, code=code)
    return None if row is None else Link(*row)


def record_hit(db: Connection, tenant: int, message: int, recipient: int, at: datetime) -> None:
    """Set when a recipient last opened its tracked link. The caller counts the clicks."""
    _NOTE_HIT.run(db, tenant=tenant, message=message, recipient=recipient, at=to_micros(at))
