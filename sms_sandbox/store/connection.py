"""The connections of a store."""

from sqlalchemy import Connection, Engine

from .tenant_versions import TenantCaches
from .transaction_state import UnitOfWork


class StoreConnection(Connection):
    """A connection with its unit of work, because a call needs it about twenty times."""

    def __init__(self, engine: Engine, caches: TenantCaches) -> None:
        super().__init__(engine)
        self.unit = UnitOfWork(self, caches)


def unit_of(db: Connection) -> UnitOfWork:
    """Return the unit of work of a store's connection."""
    unit: UnitOfWork = db.unit  # type: ignore[attr-defined]  # a StoreConnection; others need not know
    return unit


def catch_up(db: Connection, _: object, statement: str, *__: object) -> None:
    """Write deferred rows before SQLAlchemy runs a statement that could see that they are missing."""
    if isinstance(db, StoreConnection):
        db.unit.prepare_driver(statement.startswith("SELECT"))
