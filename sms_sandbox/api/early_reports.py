"""Delivery reports that overtake the answer: they are called back before the call that sent the message is answered."""

import asyncio
import time
from collections.abc import Sequence

from sqlalchemy import Connection

from ..store import callbacks, timeline
from ..store.database import Store

PATIENCE = 5.0
"""Seconds an answer waits at most, so that an app which waits for it before it answers its callback gets it."""

GLANCE = 0.005
"""Seconds between two looks at how far the reports are."""


async def told(store: Store, recipients: Sequence[tuple[int, int]]) -> None:
    """Wait until recipients, each with its tenant, were reported on, and the first try of each callback is over."""
    waiting = list(recipients)
    give_up = time.monotonic() + PATIENCE

    def look(db: Connection) -> None:
        while waiting and is_told(db, *waiting[-1]):
            waiting.pop()

    while True:
        await store.run(look)
        if not waiting or time.monotonic() > give_up:
            return
        await asyncio.sleep(GLANCE)


def is_told(db: Connection, tenant: int, recipient: int) -> bool:
    """Whether nothing is left to report of a recipient, and what was reported had its first try."""
    return timeline.due_of(db, tenant, timeline.REPORT, recipient) is None and callbacks.are_tried(
        db, tenant, recipient
    )
