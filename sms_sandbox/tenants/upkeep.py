"""The upkeep of tenants: notes which are used, and deletes those that nobody uses any more."""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection

from ..domain.clock import to_micros
from ..store import tenant_use, tenants
from ..store.database import Store
from ..store.real_time import real_now
from ..store.unit_of_work import on_rollback

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 20.0
"""Time between two rounds."""


class TenantUpkeep:
    """Stores the use of tenants several times a minute, and deletes idle ones.

    Several processes may do it on one database: each tenant is looked at again when it is locked. It is kept whole if
    it was used by then, and unreachable otherwise.
    """

    def __init__(self, store: Store, ttl_hours: float | None) -> None:
        self._store = store
        self._ttl = None if ttl_hours is None else timedelta(hours=ttl_hours)
        self._used: set[int] = set()
        """Tenants whose use is to be written."""
        self._marked: set[int] = set()
        """Tenants whose use in this round is written already, where other processes could delete them."""
        self._marks_at_once = ttl_hours is not None and not store.embedded
        self._task: asyncio.Task[None] | None = None

    def note(self, db: Connection, tenant: int) -> None:
        """Note, in the transaction of a call, that a tenant is used now.

        Where another process could delete it, the first use in a round is written with the call.
        """
        self._used.add(tenant)
        if self._marks_at_once and tenant not in self._marked:
            tenants.lock(db, tenant)
            tenant_use.mark_used(db, tenant, to_micros(real_now()))
            self._marked.add(tenant)
            on_rollback(db, lambda: self._marked.discard(tenant))

    def start(self) -> None:
        """Begin to do rounds, in the running event loop."""
        self._task = asyncio.create_task(self._run(), name="upkeep")

    async def stop(self) -> None:
        """Store the noted use, and end."""
        if self._task is None:
            return
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        if not self._store.volatile:
            await self._try(self._write_use(real_now()))

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL_SECONDS)
            await self._try(self.do_round(real_now()))

    async def _try(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 (the next round does it again)
            self._store.log_error("The upkeep of tenants", error)

    async def do_round(self, real: datetime) -> None:
        """Store which tenants were used, and delete those that are idle."""
        await self._write_use(real)
        self._marked.clear()
        from ..services.tenant_deletion import delete_rows  # no call needs it

        for tenant in await self._store.run(tenants.list_retired):  # a process has ended, or the database has failed
            await delete_rows(self._store, tenant)
        if self._ttl is None:
            return
        before = to_micros(real - self._ttl)
        for tenant, name in await self._store.run(partial(tenant_use.list_idle, before=before)):
            if await self._store.run(partial(self._retire_if_idle, tenant=tenant, before=before), [tenant]):
                log.info("The tenant %r was deleted, because nobody has used it for %s.", name, self._ttl)
                await delete_rows(self._store, tenant)

    def _retire_if_idle(self, db: Connection, tenant: int, before: int) -> bool:
        """Make a tenant unreachable, unless any process has used it meanwhile."""
        tenants.lock(db, tenant)
        is_idle = tenant not in self._used and any(tenant == idle for idle, _ in tenant_use.list_idle(db, before))
        return is_idle and tenants.retire(db, tenant)

    async def _write_use(self, real: datetime) -> None:
        used, moment = sorted(self._used), to_micros(real)
        for tenant in used:
            self._used.discard(tenant)
            try:
                await self._store.run(partial(tenant_use.mark_used, tenant=tenant, moment=moment), [tenant])
            except BaseException:
                self._used.add(tenant)
                raise
