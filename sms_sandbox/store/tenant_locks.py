"""Locks on tenants, for changes of their clocks. All processes respect them. A lock ends with its process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Lock
from typing import TYPE_CHECKING

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from .database import Store

_RETRY_SECONDS = 0.05
"""Wait before a lock that another process has is tried again."""

_LOCK = text("SELECT pg_try_advisory_lock(7268022, :tenant)")
_UNLOCK = text("SELECT pg_advisory_unlock(7268022, :tenant)")


class TenantLocks:
    """The locks of this process on tenants.

    On a shared store they belong to one session of the database, so they end with the process, however it dies. An
    embedded store has no other process, so its locks need nothing.
    """

    def __init__(self, store: "Store") -> None:
        self._store = store
        self._session: Connection | None = None
        self._session_lock = Lock()

    @asynccontextmanager
    async def lock(self, tenant: int, waits: bool = True) -> AsyncIterator[bool]:
        """Lock a tenant that this process has not locked yet, and yield True.

        If it does not wait (`waits`), it may yield False, because another process has the lock.
        """
        if self._store.embedded:
            yield True
            return
        while not (is_locked := await asyncio.to_thread(self._ask, _LOCK, tenant)) and waits:
            await asyncio.sleep(_RETRY_SECONDS)
        try:
            yield is_locked
        finally:
            if is_locked:
                await asyncio.to_thread(self._ask, _UNLOCK, tenant)

    def _ask(self, statement: TextClause, tenant: int) -> bool:
        """Return the session's answer. A lost session has lost its locks, so that is False."""
        with self._session_lock:
            if self._session is None:
                if statement is _UNLOCK:  # the lock is gone with its session
                    return False
                self._session = self._store.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            try:
                return bool(self._session.scalar(statement, {"tenant": tenant}))
            except DBAPIError as why:
                self._session.invalidate()  # so that no lock stays that could not be released
                self._session.close()
                self._session = None
                if not why.connection_invalidated:
                    raise
                return False

    def close(self) -> None:
        """Release all locks. Nothing may ask for one any more."""
        if self._session is not None:
            self._session.close()
            self._session = None
