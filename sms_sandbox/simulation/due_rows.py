"""Due rows of the timeline, run together in transactions; a row that fails is put aside."""

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import TypeAlias, TypeVar

from sqlalchemy import Connection

from ..domain.clock import MICROSECOND
from ..domain.histogram import Histogram
from ..store import callbacks, failed_events, recipients, tenants, timeline
from ..store.database import Store
from ..store.failures import describe_failure, is_database_failure
from ..store.timeline import Due
from ..store.unit_of_work import mark_as_event
from .callbacks.attempts import Attempts, begin_attempts
from .callbacks.http_client import CallbackRequest
from .contact_imports import ContactImports, StartedImport
from .events import HANDLERS, report
from .traffic_entries import record_failure

log = logging.getLogger(__name__)

ROWS_PER_TRANSACTION = 100
"""Limit for the rows run in one transaction. Calls wait for it."""

T = TypeVar("T")

_Key: TypeAlias = tuple[int, int]
"""A tenant, and an id of that tenant."""

FindRows: TypeAlias = Callable[[Connection, int], list[Due]]
"""Finds up to a number of due rows; the same ones until they are taken."""


class DueRows:
    """Runs rows that are due, and starts their callback attempts and imports."""

    def __init__(self, store: Store, attempts: Attempts, imports: ContactImports, real: Callable[[], datetime]) -> None:
        self._store = store
        self._attempts = attempts
        self._imports = imports
        self._real = real
        self.lateness: defaultdict[str, Histogram] = defaultdict(Histogram)
        """Delays of events in real time, in microseconds, by kind."""

    async def run_due(self, find: FindRows, real: datetime | None) -> list[Due]:
        """Run due rows in one transaction. If that fails, run them one by one, and put aside the rows that fail.

        Raises failures of the database: then the rows stay, and run later.
        """
        try:
            return await self._run_some(find, ROWS_PER_TRANSACTION, real, [])
        except Exception as error:
            if is_database_failure(error):
                raise
            log.exception("Events of the timeline failed and are run one by one.")
        ran: list[Due] = []
        for _ in range(ROWS_PER_TRANSACTION):
            tried: list[Due] = []
            try:
                rows = await self._run_some(find, 1, real, tried)
            except Exception as error:
                if is_database_failure(error) or not tried:
                    raise
                log.exception("An event of the timeline failed, and is kept among the failed events.")
                await self._store.run(partial(self._keep_failed, row=tried[0], error=error))
                continue
            if not rows:
                break
            ran += rows
        return ran

    def _keep_failed(self, db: Connection, row: Due, error: Exception) -> None:
        tenant = tenants.read(db, row.tenant)
        if tenant is None:
            return
        now, why = tenant.clock.now(self._real()), describe_failure(error)
        failed = failed_events.keep(db, row, why, now)
        if failed is not None:
            record_failure(db, row, failed, why, now)

    async def _run_some(self, find: FindRows, limit: int, real: datetime | None, tried: list[Due]) -> list[Due]:
        """Run rows in one transaction. Adds them to `tried` before anything of them is done."""
        rows, requests, started, lateness = await self._store.run(
            partial(self._run_rows, find=find, limit=limit, real=real, tried=tried)
        )
        for kind, late in lateness:
            self.lateness[kind].add(late)
        self._attempts.start(requests, in_real_time=real is not None)
        self._imports.start(started)
        self._store.reports.send({row.tenant for row in rows if row.kind in (timeline.REPORT, timeline.CALLBACK)})
        return rows

    def _run_rows(
        self, db: Connection, find: FindRows, limit: int, real: datetime | None, tried: list[Due]
    ) -> tuple[list[Due], list[CallbackRequest], list[StartedImport], list[tuple[str, int]]]:
        """Run rows in one transaction. The caller starts the attempts and imports after the commit.

        With `real`, an attempt is made now, however late it is; without, at the moment when it was due. Also returns
        how late each row is, by its kind.
        """
        mark_as_event(db)
        selected = list(self._attempts.select(find(db, limit)))
        known = tenants.lock_free(db, {row.tenant for row in selected})
        rows = sorted((row for row in selected if row.tenant in known), key=lambda row: row.tenant)
        tried[:] = rows
        # For all tenants together, because each read is a round trip on PostgreSQL.
        reporting = _read_subjects(db, rows, timeline.REPORT, recipients.find_reporting)
        targets = _read_subjects(db, rows, timeline.CALLBACK, callbacks.find_targets)
        timeline.take(db, [row for row in rows if row.kind != timeline.IMPORT])
        requests: list[CallbackRequest] = []
        started: list[StartedImport] = []
        for (tenant_id, kind), group in groupby(rows, key=lambda row: (row.tenant, row.kind)):
            tenant = known[tenant_id]
            if kind == timeline.REPORT:
                report(db, tenant, list(group), reporting)
            elif kind == timeline.CALLBACK:
                requests += begin_attempts(db, tenant, list(group), real, targets)
            elif kind == timeline.IMPORT:
                in_real_time = real is not None
                started += [begun for row in group if (begun := self._imports.begin(db, tenant, row, in_real_time))]
            else:
                HANDLERS[kind](db, tenant, list(group))
        started_ids = {begun.row.id for begun in started}
        ran = [row for row in rows if row.kind != timeline.IMPORT or row.id in started_ids]
        lateness: list[tuple[str, int]] = []
        if real is not None:
            now = {tenant_id: tenant.clock.now(real) for tenant_id, tenant in known.items()}
            lateness = [(row.kind, max(0, (now[row.tenant] - row.due) // MICROSECOND)) for row in ran]
        return ran, requests, started, lateness


def _read_subjects(
    db: Connection, rows: Sequence[Due], kind: str, read: Callable[[Connection, Sequence[_Key]], dict[_Key, T]]
) -> dict[_Key, T]:
    """Read the subjects of the rows of a kind, by tenant and id."""
    keys = [(row.tenant, row.ref) for row in rows if row.kind == kind]
    return read(db, keys) if keys else {}
