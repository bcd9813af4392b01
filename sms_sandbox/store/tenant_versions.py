"""The cached values of tenants, and versions that show changes by other processes.

A process that owns its database caches for as long as it lives. On a shared one, a transaction locks the row of each
tenant it works on, which tells the tenant's version and the throttle's windows; a changed tenant gets a new version at
the commit.
"""

import json
from collections import deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from time import monotonic
from typing import Any, TypeAlias

from . import tenant_state
from .bulk_sql import to_json
from .tenant_state import State

_MAX_CACHED_TENANTS = 10_000
"""Tenants with cached values before all are dropped."""

_CONTENTION_SECONDS = 1.0
"""Time for which transactions wait for their locks first.

It begins when another process is seen to have changed the tenant.
"""

_LOCK = "SELECT id, version, state, throttle FROM tenants WHERE id = ANY(%s) ORDER BY id FOR UPDATE"
# For a list, PostgreSQL makes a new plan each time, which takes as long as the rest.
_LOCK_ONE = "SELECT id, version, state, throttle FROM tenants WHERE id = %s FOR UPDATE"
_TRY_LOCK = "SELECT id, version, state, throttle FROM tenants WHERE id = %s FOR UPDATE SKIP LOCKED"
_LOCK_FREE = "SELECT id, version, state, throttle FROM tenants WHERE id = ANY(%s) ORDER BY id FOR UPDATE SKIP LOCKED"
_EXISTS = "SELECT 1 FROM tenants WHERE id = %s"
_STORE = "UPDATE tenants SET version = %s, state = %s, throttle = %s WHERE id = %s"
_STORE_MANY = (
    "UPDATE tenants SET version = r.c0, state = r.c1, throttle = r.c2"
    " FROM json_to_recordset(%s::json) AS r(c0 BIGINT, c1 BIGINT, c2 TEXT, c3 BIGINT) WHERE tenants.id = r.c3"
)


THROTTLE, STATE, SETTINGS = 1, 2, 4
"""The parts of a tenant that a transaction can change, to be combined. Plain integers, because enums are slow."""


class TenantBusyError(Exception):
    """Another transaction has locked a tenant that this one needs."""

    def __init__(self, tenant: int) -> None:
        super().__init__(f"Tenant {tenant} is locked by another transaction.")
        self.tenant = tenant


class TenantCache:
    """The cached values of a tenant, with its versions when it was last locked here."""

    __slots__ = ("settings", "state", "state_version", "throttle", "version", "windows")

    def __init__(self) -> None:
        self.version = self.state_version = -1
        self.settings: dict[Hashable, Any] = {}
        """Values that seldom change: credentials, prices, the clock, rules. `version` guards them."""
        self.state: State = {}
        """Values that each send changes: counters of ids, and balances. `state_version` guards them."""
        self.windows: dict[int, deque[float]] = {}
        """The times of the last calls, by account, in seconds since 1970; the throttle counts them."""
        self.throttle = ""
        """The windows as the database has them."""

    def clear(self) -> None:
        """Drop settings and state. The throttle keeps counting."""
        self.settings.clear()
        self.state.clear()

    def update(self, version: int, state_version: int, throttle: str) -> "TenantCache":
        """Drop values that another process has changed, by the versions in the tenant's locked row."""
        if version != self.version:
            self.settings.clear()
        if state_version != self.state_version:
            self.state.clear()
        self.version, self.state_version = version, state_version
        if throttle != self.throttle:
            stored = json.loads(throttle) if throttle else {}
            self.windows = {int(account): deque(calls) for account, calls in stored.items()}
            self.throttle = throttle
        return self


_Row: TypeAlias = tuple[int, int, int, str]
"""A locked row of a tenant: its id, its versions, and the throttle's windows."""


class TenantCaches:
    """The caches of all tenants in a process.

    They are `is_exclusive` if no other process can change the database.
    """

    def __init__(self, is_exclusive: bool) -> None:
        self.is_exclusive = is_exclusive
        self.by_tenant: dict[int, TenantCache] = {}
        self._contended: dict[int, float] = {}
        """Tenants that another process has changed, with the moment until which that is likely again."""

    def drop(self, tenant: int) -> None:
        """Drop the cached values of a tenant. The throttle keeps counting if it does so in memory."""
        cache = self.by_tenant.get(tenant)
        if cache is not None:
            cache.clear()
            if not self.is_exclusive:
                del self.by_tenant[tenant]

    def limit(self) -> None:
        """Drop cached values if there are too many."""
        if len(self.by_tenant) > _MAX_CACHED_TENANTS:
            self.by_tenant.clear()
            self._contended.clear()

    def update(self, row: _Row) -> TenantCache:
        """Return the cached values of a tenant whose row is locked."""
        tenant, version, state_version, throttle = row
        cache = self.by_tenant.get(tenant)
        if cache is None:
            cache = self.by_tenant[tenant] = TenantCache()
        elif not self.is_current(row):
            self.note_contention([tenant])
        return cache.update(version, state_version, throttle)

    def states_of(self, tenants: Iterable[int]) -> dict[int, State]:
        """Return the state of those tenants that have cached values."""
        return {tenant: cache.state for tenant in tenants if (cache := self.by_tenant.get(tenant)) is not None}

    def update_all(self, rows: Iterable[_Row]) -> dict[int, TenantCache]:
        """Return the cached values of tenants whose rows are locked."""
        return {row[0]: self.update(row) for row in rows}

    def is_current(self, row: _Row) -> bool:
        """Return True if what is cached of the tenant of a locked row is right.

        It is if no other process has changed the tenant since it was last locked here.
        """
        tenant, *versions = row
        cache = self.by_tenant.get(tenant)
        return cache is not None and versions == [cache.version, cache.state_version, cache.throttle]

    def find_uncontended(self, tenants: Iterable[int]) -> dict[int, TenantCache] | None:
        """Return the cached values of tenants that no other process seems to change. None if one is not like that."""
        caches: dict[int, TenantCache] = {}
        for tenant in tenants:
            cache = self.by_tenant.get(tenant)
            if cache is None or monotonic() < self._contended.get(tenant, 0.0):
                return None
            caches[tenant] = cache
        return caches

    def note_contention(self, tenants: Iterable[int]) -> None:
        """Note that another process has changed one of these tenants."""
        self._contended.update(dict.fromkeys(tenants, monotonic() + _CONTENTION_SECONDS))


def ask_for_locks(driver: Any, tenants: Sequence[int]) -> Any:
    """Ask for locks of tenants, and return the cursor of the locked rows.

    `tenants` are in the order of their ids.
    """
    return driver.execute(_LOCK_ONE, tenants) if len(tenants) == 1 else driver.execute(_LOCK, (tenants,))


def lock(driver: Any, tenant: int, caches: TenantCaches, waits: bool) -> TenantCache:
    """Lock a tenant and return its cache; an empty one if the tenant is gone.

    Raises TenantBusyError if it does not wait (`waits`) and another transaction has the tenant.
    """
    if waits:
        return caches.update_all(ask_for_locks(driver, [tenant]).fetchall()).get(tenant) or TenantCache()
    row = driver.execute(_TRY_LOCK, (tenant,)).fetchone()
    if row is not None:
        return caches.update(row)
    if driver.execute(_EXISTS, (tenant,)).fetchone() is not None:
        raise TenantBusyError(tenant)
    return TenantCache()


def lock_free(driver: Any, tenants: Sequence[int], caches: TenantCaches) -> dict[int, TenantCache]:
    """Lock the tenants that no other transaction has locked. Returns their caches, with their state."""
    locked = caches.update_all(driver.execute(_LOCK_FREE, (tenants,)).fetchall())
    unknown = {tenant: cache.state for tenant, cache in locked.items() if not cache.state}
    if unknown:
        tenant_state.keep(tenant_state.ask(driver, [*unknown], unknown)(), unknown)
    return locked


def store_all(driver: Any, changes: Iterable[tuple[int, int]], caches: Mapping[int, TenantCache]) -> None:
    """Store new versions of changed tenants, and the throttle's windows with them."""
    changed: dict[int, int] = {}
    for tenant, change in changes:
        changed[tenant] = changed.get(tenant, 0) | change
    rows = []
    for tenant, change in sorted(changed.items()):
        cache = caches[tenant]
        cache.version += bool(change & SETTINGS)
        cache.state_version += bool(change & STATE)
        cache.throttle = _dump_windows(cache)
        rows.append((cache.version, cache.state_version, cache.throttle, tenant))
    if len(rows) == 1:
        driver.execute(_STORE, rows[0])
    elif rows:
        driver.execute(_STORE_MANY, (to_json(rows),))


def _dump_windows(cache: TenantCache) -> str:
    newest = max((calls[-1] for calls in cache.windows.values() if calls), default=0.0)
    cache.windows = {account: calls for account, calls in cache.windows.items() if calls and calls[-1] > newest - 1}
    return json.dumps({account: list(calls) for account, calls in cache.windows.items()})
