"""Locks on tenants, for changes of their clocks. All processes respect them. A lock ends with its process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Lock

from sqlalchemy import Connection, Engine, TextClause, text
from sqlalchemy.exc import DBAPIError

_RETRY_SECONDS = 0.05
"""Wait before a lock that another process has is tried again."""

_LOCK = text("SELECT pg_try_advisory_lock(7268022, :tenant)")
_UNLOCK = text("SELECT pg_advisory_unlock(7268022, :tenant)")


class TenantLocks:
    """The locks of this process on tenants.

    On a shared database they belong to one session, so they end with the process, however it dies. Without `shared`
    there is no other process, so the locks need nothing.
    """

    def __init__(self, shared: Engine | None) -> None:
        self._shared = shared
        self._session: Connection | None = None
        self._session_lock = Lock()

    @asynccontextmanager
    async def lock(self, tenant: int, waits: bool = True) -> AsyncIterator[bool]:
        """Lock a tenant that this process has not locked yet, and yield True.

        If it does not wait (`waits`), it may yield False, because another process has the lock.
        """
        engine = self._shared
        if engine is None:
            yield True
            return
        while not (is_locked := await asyncio.to_thread(self._ask, engine, _LOCK, tenant)) and waits:
            await asyncio.sleep(_RETRY_SECONDS)
        try:
            yield is_locked
        finally:
            if is_locked:
                await asyncio.to_thread(self._ask, engine, _UNLOCK, tenant)

    def _ask(self, engine: Engine, statement: TextClause, tenant: int) -> bool:
        """Return the session's answer. A lost session has lost its locks, so that is False."""
        with self._session_lock:
            if self._session is None:
                if statement is _UNLOCK:  # the lock is gone with its session
                    return False
                self._session = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
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
