"""Deletion of large tenants in steps that let others be served."""

import asyncio
from collections.abc import Collection
from functools import partial

from ..store import bulk_deletion
from ..store.database import Store

_TABLES = {"messages": bulk_deletion.MESSAGES, "contacts": bulk_deletion.CONTACTS}
"""The tables of each kind of data that can be large."""


async def delete_most(store: Store, tenant: int, kinds: Collection[str] | None = None) -> None:
    """Delete most rows of a tenant, or of some kinds, if there are many.

    The caller then deletes the rest in one transaction. Nothing of it can be undone when that fails.
    """
    kept = [_TABLES[kind] for kind in kinds if kind in _TABLES] if kinds is not None else [bulk_deletion.ALL]
    for of in kept:
        if await store.run(partial(bulk_deletion.is_large, tenant=tenant, of=of)):
            while await store.run(partial(bulk_deletion.delete_some, tenant=tenant, of=of)):
                await asyncio.sleep(0)
