"""Deletion of tenants. The first transaction makes a tenant unreachable, so nobody meets half of one."""

from functools import partial

from ..store import tenants
from ..store.database import Store
from .bulk_deletion import delete_most


async def delete_rows(store: Store, tenant: int) -> None:
    """Delete the rows of a retired tenant, in steps if there are many. Waits for its traffic end at once."""
    store.traffic.send([tenant])
    await delete_most(store, tenant)
    await store.run(partial(tenants.remove, tenant=tenant), [tenant])
