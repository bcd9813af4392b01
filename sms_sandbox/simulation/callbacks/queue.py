"""Putting callbacks on the timeline: who is told of what, and where."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import Connection

from ...domain.callbacks import Params, destination, signature, with_parameters
from ...store import callbacks, timeline
from ...store.callbacks import NewCallback
from ...store.timeline import Plan


@dataclass(frozen=True)
class News:
    """Something to tell an account's app: at `url`, signed with `secret` if the account has one; `rule` says what made
    it happen, if a rule did."""

    account: int
    secret: str | None
    event: str
    url: str
    params: Params
    message: int
    msisdn: str
    at: datetime
    rule: str = ""


def tell(db: Connection, tenant: int, news: Sequence[News]) -> None:
    """Write callbacks down and put the first try of each on the timeline."""
    if not news:
        return
    first = callbacks.add(db, tenant, [_callback(each) for each in news])
    plans = [
        Plan(each.at, timeline.CALLBACK, first + index, lane=lane(tenant, each.url)) for index, each in enumerate(news)
    ]
    timeline.schedule(db, tenant, plans)


def _callback(each: News) -> NewCallback:
    url = with_parameters(each.url, each.params)
    signed = signature(url, each.secret) if each.secret else ""
    return NewCallback(each.account, each.event, url, signed, each.message, each.msisdn, each.at, each.rule)


def lane(tenant: int, url: str) -> str:
    """What tries share their limit of concurrency: those of one tenant to one address, whatever its query."""
    return f"{tenant} {destination(url)}{urlsplit(url).path}"
