"""The queue of callbacks: each new one is stored, and its first attempt is scheduled on the timeline."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from msgspec import Struct
from sqlalchemy import Connection

from ...domain.callbacks import Params, destination, signature, with_parameters
from ...store import callbacks, timeline
from ...store.callbacks import NewCallback
from ...store.timeline import Plan


class CallbackEvent(Struct, frozen=True):
    """An event that an account's app is called back about.

    The callback is signed with `secret` if the account has one. `rule` names the rule that caused the event, if any.
    """

    account: int
    secret: str | None
    event: str
    url: str
    params: Params
    message: int
    msisdn: str
    at: datetime
    rule: str = ""


def queue_callbacks(db: Connection, tenant: int, events: Sequence[CallbackEvent]) -> None:
    """Store callbacks and schedule the first attempt of each."""
    if not events:
        return
    first_id = callbacks.add(db, tenant, [_callback(event) for event in events])
    plans = [
        Plan(event.at, timeline.CALLBACK, first_id + index, lane=lane_of(tenant, event.url))
        for index, event in enumerate(events)
    ]
    timeline.schedule(db, tenant, plans)


def _callback(event: CallbackEvent) -> NewCallback:
    url = with_parameters(event.url, event.params)
    signed = signature(url, event.secret) if event.secret else ""
    return NewCallback(event.account, event.event, url, signed, event.message, event.msisdn, event.at, event.rule)


def lane_of(tenant: int, url: str) -> str:
    """Return the lane of a callback: its tenant and its address without the query.

    The attempts of one lane share a limit of concurrency.
    """
    return f"{tenant} {destination(url)}{urlsplit(url).path}"
