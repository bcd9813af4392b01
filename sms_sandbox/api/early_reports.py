"""Early delivery reports: they are called back before the response to send-sms is sent."""

import asyncio
from collections.abc import Sequence

from sqlalchemy import Connection

from ..store import callbacks, timeline
from ..store.database import Store

MAX_WAIT_SECONDS = 5.0
"""Longest wait for early reports. Some apps answer the callback only after they have this response."""

_RECHECK_SECONDS = 0.25
"""Pause between two looks on PostgreSQL. Another process may run the reports, which gives no signal here."""


async def wait_for_reports(store: Store, tenant: int, recipients: Sequence[int]) -> None:
    """Wait until the recipients were reported on and their callbacks attempted once."""
    pending = list(recipients)

    def check(db: Connection) -> bool:
        while pending and _is_reported(db, tenant, pending[-1]):
            pending.pop()
        return not pending

    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + MAX_WAIT_SECONDS
    with store.reports.listen(tenant) as listener:
        while not await store.run(check) and (left := give_up_at - loop.time()) > 0:
            await listener.wait(left if store.embedded else min(left, _RECHECK_SECONDS))


def _is_reported(db: Connection, tenant: int, recipient: int) -> bool:
    """Return True if no report is due, and the callbacks were attempted once."""
    return timeline.find_due(db, tenant, timeline.REPORT, recipient) is None and callbacks.are_attempted(
        db, tenant, recipient
    )
