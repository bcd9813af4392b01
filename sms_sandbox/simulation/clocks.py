"""Tenants' clocks, as they are held while somebody moves or sets them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from weakref import WeakValueDictionary

from sqlalchemy import Connection

from ..domain.clock import real_now
from ..store import tenants
from ..store.database import Store

LOOK = 2.0
"""Seconds after which a shared database is looked at again for clocks that a process held when it died."""


class Clocks:
    """Lets one at a time move a tenant's clock, whichever process it is of."""

    def __init__(self, store: Store, real: Callable[[], datetime] = real_now) -> None:
        self._store = store
        self._real = real
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._look_at = 0.0
        """By the event loop's clock."""

    @asynccontextmanager
    async def held(self, tenant: int) -> AsyncIterator[None]:
        """Hold a tenant's clock, when nobody else does any more."""
        async with self._locks.setdefault(tenant, asyncio.Lock()), self._store.holds.on(tenant):
            yield

    def let_go(self, db: Connection) -> None:
        """Let clocks go that a process held when it died, where no other process can hold any."""
        for tenant in tenants.moving(db):
            self._let_run(db, tenant.id)

    async def take_over(self) -> None:
        """The same, where others can, for those that none holds; if it is time to look."""
        now = asyncio.get_running_loop().time()
        if self._store.embedded or now < self._look_at:
            return
        self._look_at = now + LOOK
        for tenant in await self._store.run(tenants.moving):
            lock = self._locks.setdefault(tenant.id, asyncio.Lock())
            if lock.locked():
                continue
            async with lock, self._store.holds.on(tenant.id, waits=False) as held:
                if held:
                    await self._store.run(partial(self._let_run, tenant=tenant.id))

    def _let_run(self, db: Connection, tenant: int) -> None:
        found = tenants.read(db, tenant)
        if found is not None and found.clock.moving:
            tenants.set_clock(db, tenant, found.clock.running(self._real()))
