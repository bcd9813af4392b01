"""The locks of tenants' clocks, for as long as a clock is advanced or set."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from weakref import WeakValueDictionary

from sqlalchemy import Connection

from ..domain.clock import Clock
from ..store import tenants
from ..store.database import Store
from ..store.real_time import real_now

_CHECK_SECONDS = 2.0
"""Time between two searches for clocks that a dead process was moving."""


class Clocks:
    """The locks of all tenants' clocks, shared by all processes of a database."""

    def __init__(self, store: Store, real: Callable[[], datetime] = real_now) -> None:
        self._store = store
        self._real = real
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._next_check = 0.0
        """On the event loop's clock."""
        self._moved: dict[int, Clock] = {}
        """Clocks as an advance has moved them. Those left here could not be set when it ended."""

    @asynccontextmanager
    async def hold(self, tenant: int) -> AsyncIterator[None]:
        """Wait for the lock of a tenant's clock, and hold it until the block ends."""
        async with self._locks.setdefault(tenant, asyncio.Lock()), self._store.tenant_locks.lock(tenant):
            await self._set_moved(tenant)
            yield

    async def end_move(self, tenant: int, moved: Clock) -> None:
        """Set a clock after an advance has moved it. It runs if it ran before.

        If the database fails, it is set as soon as it works, or before the clock is held again.
        """
        self._moved[tenant] = moved
        await self._set_moved(tenant)

    async def _set_moved(self, tenant_id: int) -> None:
        moved = self._moved.get(tenant_id)
        if moved is None:
            return

        def set_clock(db: Connection) -> None:
            tenant = tenants.read(db, tenant_id)
            if tenant is not None and tenant.clock.moving:
                tenants.set_clock(db, tenant_id, moved.after_move(self._real()))

        await self._store.run(set_clock)
        del self._moved[tenant_id]

    def resume_all(self, db: Connection) -> None:
        """End the moves of a dead process. Call this only if no other process uses the database."""
        for tenant in tenants.list_moving(db):
            self._end_abandoned(db, tenant.id)

    async def resume_abandoned(self) -> None:
        """Set clocks that could not be set after an advance.

        Also end the moves of processes that died, every 2 s at most, on PostgreSQL only.
        """
        for tenant_id in list(self._moved):
            if not self._locks.setdefault(tenant_id, asyncio.Lock()).locked():
                async with self.hold(tenant_id):
                    pass
        now = asyncio.get_running_loop().time()
        if self._store.embedded or now < self._next_check:
            return
        self._next_check = now + _CHECK_SECONDS
        for tenant in await self._store.run(tenants.list_moving):
            lock = self._locks.setdefault(tenant.id, asyncio.Lock())
            if lock.locked():
                continue
            async with lock, self._store.tenant_locks.lock(tenant.id, waits=False) as held:
                if held:
                    await self._store.run(partial(self._end_abandoned, tenant_id=tenant.id))

    def _end_abandoned(self, db: Connection, tenant_id: int) -> None:
        tenant = tenants.read(db, tenant_id)
        if tenant is not None and tenant.clock.moving:
            tenants.set_clock(db, tenant_id, tenant.clock.after_move(self._real()))
