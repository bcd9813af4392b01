"""Vacuums the timeline on PostgreSQL, because its events are deleted soon after they were added.

Every look for due events passes all that were deleted since the last vacuum. PostgreSQL's own one comes once a minute,
and after a hundred thousand events a look took as long as the work that it found.
"""

import asyncio
from typing import TYPE_CHECKING

from sqlalchemy import text

from .failures import is_database_failure

if TYPE_CHECKING:
    from .database import Store

_EVENTS = 5_000
"""Events that are deleted between two vacuums."""

# Without waiting for another process that does it, and without the lock that giving back disk space needs.
_VACUUM = text("VACUUM (SKIP_LOCKED, TRUNCATE FALSE, INDEX_CLEANUP ON) timeline")


class TimelineVacuum:
    """Vacuums the timeline of a store. SQLite needs none."""

    def __init__(self, store: "Store") -> None:
        self._store = store
        self._deleted = 0
        self._task: asyncio.Task[None] | None = None

    def note(self, events: int) -> None:
        """Note that events were deleted, and begin a vacuum if there were many."""
        self._deleted += events
        if self._deleted >= _EVENTS and not self._store.embedded and (self._task is None or self._task.done()):
            self._deleted = 0
            self._task = asyncio.create_task(self._vacuum(), name="vacuum")

    async def _vacuum(self) -> None:
        try:
            await asyncio.to_thread(self._run)
        except Exception as error:
            if not is_database_failure(error):
                raise
            self._store.log_failure("The vacuum of the timeline", error)

    def _run(self) -> None:
        with self._store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            db.execute(_VACUUM)

    async def stop(self) -> None:
        """Wait for a vacuum under way."""
        if self._task is not None:
            await self._task
