"""A transaction on PostgreSQL in two round trips: one for the locks of tenants, one for all that it writes.

psycopg would take a round trip each for BEGIN, for the locks, for COMMIT and for the end of a pipeline. If no other
process has changed the tenants of late, the work does not even wait for the locks: it goes on with the cached values
while the database answers. Before anything else is read or written, the versions in the locked rows tell if these
values were right; if not, the transaction fails, and its work runs again.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import Any

from . import tenant_versions
from .tenant_versions import TenantCache, TenantCaches


class StaleCacheError(Exception):
    """Another process changed a tenant, so the work of this transaction has used old values."""


class SharedTransaction:
    """The transaction of a connection to PostgreSQL. It serves one after the other."""

    def __init__(self, caches: TenantCaches) -> None:
        self._caches = caches
        self._pipeline = ExitStack()
        self._is_pipelining = False
        self._asked: Any = None
        """The cursor with locked rows that are still to come."""
        self._assumed: Mapping[int, TenantCache] = {}
        """The cached values that are in use before the locked rows have come."""
        self.is_stale = False
        """True if the work has used values that another process had changed."""
        self.is_committing = False
        """True once COMMIT may have been sent."""

    def lock(self, driver: Any, tenants: Sequence[int]) -> Mapping[int, TenantCache]:
        """Begin, and lock tenants. Returns their cached values, which `receive` will check if they are assumed."""
        self._enter_pipeline(driver)
        driver.execute("BEGIN")
        self._asked = tenant_versions.ask_for_locks(driver, tenants)
        assumed = self._caches.find_uncontended(tenants)
        if assumed is None:
            locked, self._asked = self._caches.update_all(self._asked.fetchall()), None
            return locked
        self._assumed = assumed
        return assumed

    def receive(self) -> None:
        """Wait for the locks that were asked for. Raises StaleCacheError if a cached value was not right."""
        if self._asked is None:
            return
        rows, self._asked = self._asked.fetchall(), None
        self.is_stale = len(rows) < len(self._assumed) or not all(self._caches.is_current(row) for row in rows)
        if self.is_stale:
            self._caches.note_contention(self._assumed)
            raise StaleCacheError

    def settle(self) -> None:
        """Wait for the locks, and end the pipeline. After it, each statement is answered before the next one."""
        if self._is_pipelining and not self.is_committing:
            try:
                self.receive()
            finally:
                self._leave_pipeline()

    def commit(self, driver: Any, changes: Sequence[tuple[int, int]], caches: Mapping[int, TenantCache]) -> None:
        """Store the versions of changed tenants, and commit. Follows `prepare_commit`."""
        tenant_versions.store_all(driver, changes, caches)
        driver.execute("COMMIT")
        self._leave_pipeline()

    def prepare_commit(self, driver: Any) -> None:
        """Begin the last round trip, whose statements are answered together."""
        self._enter_pipeline(driver)
        self.receive()
        self.is_committing = True

    def end(self) -> None:
        """Clear the state of this transaction, however it ended."""
        self._asked, self._assumed = None, {}
        self.is_stale = self.is_committing = False
        with suppress(Exception):  # the transaction has failed already, and is rolled back
            self._leave_pipeline()

    def _enter_pipeline(self, driver: Any) -> None:
        if not self._is_pipelining:
            self._pipeline.enter_context(driver.pipeline())
            self._is_pipelining = True

    def _leave_pipeline(self) -> None:
        if self._is_pipelining:
            self._is_pipelining = False
            self._pipeline.close()
