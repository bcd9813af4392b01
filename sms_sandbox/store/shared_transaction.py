"""A transaction on PostgreSQL in two round trips: one for the locks of tenants, one for all that it writes.

psycopg would take a round trip each for BEGIN, for the locks, for COMMIT and for the end of a pipeline. If no other
process has changed the tenants of late, the work does not even wait for the locks: it goes on with the cached values
while the database answers. Before anything else is read or written, the versions in the locked rows tell if these
values were right; if not, the transaction fails, and its work runs again.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from select import POLLIN, poll
from time import monotonic
from typing import Any

from . import tenant_state, tenant_versions
from .tenant_versions import TenantCache, TenantCaches

_LATE_SECONDS = 0.05
"""Time after which nothing more is done before a commit is answered."""


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
        """True once COMMIT may have been sent. A lost connection then leaves open what has happened."""
        self._late_at = 0.0
        self.finish_before: Callable[[], bool] | None = None
        """Finishes the transaction before, which still commits; False if it failed."""

    def lock(self, driver: Any, tenants: Sequence[int]) -> Mapping[int, TenantCache]:
        """Begin, and lock tenants. Returns their cached values, which `receive` will check if they are assumed."""
        self._enter_pipeline(driver)
        driver.execute("BEGIN")
        self._asked = tenant_versions.ask_for_locks(driver, tenants)
        assumed = self._caches.find_uncontended(tenants)
        if assumed is None:
            read_state = tenant_state.ask(driver, tenants, self._caches.states_of(tenants))
            self.follow()
            locked, self._asked = self._caches.update_all(self._asked.fetchall()), None
            tenant_state.keep(read_state(), self._caches.states_of(locked))
            return locked
        self._assumed = assumed
        return assumed

    def follow(self) -> None:
        """Wait for the transaction before. Raises StaleCacheError if it failed, because its values were used here."""
        if self.finish_before is not None:
            finish_before, self.finish_before = self.finish_before, None
            self.is_stale = not finish_before()
            if self.is_stale:
                raise StaleCacheError

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
        self.follow()
        if self._is_pipelining and not self.is_committing:
            try:
                self.receive()
            finally:
                self._leave_pipeline()

    def send_commit(self, driver: Any, changes: Sequence[tuple[int, int]], caches: Mapping[int, TenantCache]) -> None:
        """Store the versions of changed tenants, and commit, after `prepare_commit`. The answer comes later."""
        tenant_versions.store_all(driver, changes, caches)
        driver.execute("COMMIT")
        driver.pgconn.send_flush_request()
        driver.pgconn.flush()  # what the network does not take now, `finish_commit` sends
        self._late_at = monotonic() + _LATE_SECONDS

    def is_answered(self, driver: Any, seconds: float) -> bool:
        """Return True if the database answers within a time, or should be waited for."""
        # If the network was slow, the client library may have read the answer already.
        if driver.closed or monotonic() > self._late_at:
            return True
        answer = poll()  # `select` takes no descriptor above 1023, and clients have as many
        answer.register(driver.fileno(), POLLIN)
        return bool(answer.poll(seconds * 1000))

    def finish_commit(self) -> None:
        """Wait for the answer to the commit. Raises the error of any statement that was sent with it."""
        self._leave_pipeline()

    def prepare_commit(self, driver: Any) -> None:
        """Begin the last round trip, whose statements are answered together. Follows `follow`."""
        self._enter_pipeline(driver)
        self.receive()
        self.is_committing = True

    def end(self) -> None:
        """Clear the state of this transaction, however it ended."""
        self._asked, self._assumed = None, {}
        self.is_stale = self.is_committing = False
        self._late_at = 0.0
        self.finish_before = None
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
