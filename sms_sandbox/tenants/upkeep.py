"""The upkeep of tenants: notes which are used, and deletes those that nobody uses any more."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection

from ..domain.clock import to_micros
from ..store import tenant_use, tenants
from ..store.database import Store
from ..store.real_time import real_now

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 20.0
"""Time between two rounds. So long may another process not know yet that a tenant is used."""

_ANY_TIME = 2**62
"""A moment later than every use."""


class TenantUpkeep:
    """Writes down the use of tenants, some times a minute, and deletes idle ones.

    Several processes may do it on one database: each tenant is looked at again when it is locked.
    """

    def __init__(self, store: Store, ttl_hours: float | None) -> None:
        self._store = store
        self._ttl = None if ttl_hours is None else timedelta(hours=ttl_hours)
        self._used: set[int] = set()
        self._task: asyncio.Task[None] | None = None
        self.note: Callable[[int], None] = self._used.add
        """Note that a tenant is used now. Every call of the API does it."""

    def start(self) -> None:
        """Begin to do rounds, in the running event loop."""
        self._task = asyncio.create_task(self._run(), name="upkeep")

    async def stop(self) -> None:
        """Write down what was noted, and end."""
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
        except Exception:
            log.exception("The use of tenants could not be written, which will be tried again.")

    async def do_round(self, real: datetime) -> None:
        """Write down which tenants were used, and delete those that are idle."""
        await self._write_use(real)
        if self._ttl is None:
            return
        before = to_micros(real - self._ttl)
        for tenant, name in await self._store.run(partial(tenant_use.list_idle, before=before)):
            if await self._remove(tenant, before):
                log.info("The tenant %r was deleted, because nobody has used it for %s.", name, self._ttl)

    async def _remove(self, tenant: int, before: int) -> bool:
        """Delete a tenant, unless it was used meanwhile, by any process."""
        from ..services.bulk_deletion import delete_most  # no call needs it

        if not await self._store.run(partial(_is_idle, tenant=tenant, before=before), [tenant]):
            return False
        if await delete_most(self._store, tenant):  # it is not whole any more, even if it is used now
            before = _ANY_TIME
        return await self._store.run(partial(_remove_if_idle, tenant=tenant, before=before), [tenant])

    async def _write_use(self, real: datetime) -> None:
        used, moment = sorted(self._used), to_micros(real)
        for tenant in used:
            await self._store.run(partial(tenant_use.mark_used, tenant=tenant, moment=moment), [tenant])
            self._used.discard(tenant)


def _is_idle(db: Connection, tenant: int, before: int) -> bool:
    return tenant in {idle for idle, _ in tenant_use.list_idle(db, before)}


def _remove_if_idle(db: Connection, tenant: int, before: int) -> bool:
    """Delete a tenant that was used at no later moment."""
    if not _is_idle(db, tenant, before):
        return False
    tenants.remove(db, tenant)
    return True
