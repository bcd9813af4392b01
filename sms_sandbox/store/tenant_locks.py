"""Which process moves a tenant's clock: holds that all processes respect, and that end with the one that has them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Lock
from typing import TYPE_CHECKING

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from .database import Store

AGAIN = 0.05
"""Seconds after which a hold that another process has is asked for again."""

_TAKE = text("SELECT pg_try_advisory_lock(7268022, :tenant)")
_LEAVE = text("SELECT pg_advisory_unlock(7268022, :tenant)")


class Holds:
    """Holds on tenants. On a shared store they are locks of one session of the database's, so that they end with the
    process however it dies; an embedded one has no other process, and what holds there is only said to."""

    def __init__(self, store: "Store") -> None:
        self._store = store
        self._session: Connection | None = None
        self._one_at_a_time = Lock()

    @asynccontextmanager
    async def on(self, tenant: int, waits: bool = True) -> AsyncIterator[bool]:
        """Hold a tenant that nobody in this process holds, and tell whether it is held: always, if this `waits` until
        no other process holds it."""
        if self._store.embedded:
            yield True
            return
        while not (held := await self._store.call(self._ask, _TAKE, tenant)) and waits:
            await asyncio.sleep(AGAIN)
        try:
            yield held
        finally:
            if held:
                await self._store.call(self._ask, _LEAVE, tenant)

    def _ask(self, what: TextClause, tenant: int) -> bool:
        """What the session says; no, if it was lost and its holds with it."""
        with self._one_at_a_time:
            if self._session is None:
                self._session = self._store.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            try:
                return bool(self._session.scalar(what, {"tenant": tenant}))
            except DBAPIError as why:
                if not why.connection_invalidated:
                    raise
                self._session.close()
                self._session = None
                return False

    def close(self) -> None:
        """Let go of all, when nothing asks for any more."""
        if self._session is not None:
            self._session.close()
            self._session = None
