"""Deletion of large tenants in steps, so that other calls are served in between."""

import asyncio
from collections.abc import Callable, Collection
from functools import partial

from sqlalchemy import Connection

from ..journal import queries
from ..store import bulk_deletion
from ..store.database import Store

_PARTS = {
    "clients": bulk_deletion.CLIENTS,
    "messages": bulk_deletion.MESSAGES,
    "contacts": bulk_deletion.CONTACTS,
    "mails": bulk_deletion.MAILS,
}
"""The part of each kind of data that can be large, but for traffic."""


async def delete_most(store: Store, tenant: int, kinds: Collection[str] | None = None) -> bool:
    """Delete most rows of a tenant, or of some kinds, if there are many. True if anything was deleted.

    The caller then deletes the rest in one transaction. Nothing of it can be undone when that fails.
    """
    parts = [bulk_deletion.ALL] if kinds is None else [_PARTS[kind] for kind in kinds if kind in _PARTS]
    has_begun = False
    for part in parts:
        if await store.run(partial(bulk_deletion.is_large, tenant=tenant, part=part)):
            has_begun = True
            await _repeat(store, partial(bulk_deletion.delete_some, tenant=tenant, part=part))
    if kinds is not None and "traffic" in kinds:
        has_begun = bool(await clear_most_traffic(store, tenant)) or has_begun
    return has_begun


async def clear_most_traffic(store: Store, tenant: int) -> int:
    """Delete most entries of a tenant's traffic, if there are many, and return how many.

    The caller then deletes the rest, as `delete_most` says.
    """
    deleted: list[int] = []

    def clear_some(db: Connection) -> bool:
        deleted.append(queries.clear_some(db, tenant, bulk_deletion.STEP_ROWS))
        return deleted[-1] > 0

    await _repeat(store, clear_some)
    return sum(deleted)


async def _repeat(store: Store, step: Callable[[Connection], bool]) -> None:
    """Run a step until it says that there is no more to do. Other calls are served after each."""
    while await store.run(step):
        await asyncio.sleep(0)
