"""The built-in receiver: how it answers, and the requests that it got."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, bindparam, delete, insert, select, union

from ..domain.clock import from_micros, to_micros
from .paging import Page, Paging, fetch_page
from .statement import Statement
from .tables import received as t
from .tables import receivers as r
from .text import storable
from .unit_of_work import lock_tenant

MAX_REQUESTS = 200
"""Requests kept for a tenant. The oldest of more are deleted."""

MAX_RECEIVERS = 50
"""Receivers of a tenant that can have answers of their own."""


class Answer(Struct, frozen=True):
    """The answer of a receiver, after a delay in milliseconds."""

    status: int = 200
    body: str = "ok"
    delay: int = 0


class NewRequest(Struct, frozen=True):
    """A request that a receiver got. `url` is its path and query."""

    name: str
    at: datetime
    verb: str
    url: str
    headers: Mapping[str, str]
    body: str


class Request(NewRequest, frozen=True):
    """A request that is stored, with the status it was answered with."""

    id: int
    status: int


_READ = Statement(
    select(r.c.status, r.c.body, r.c.delay).where(r.c.tenant == bindparam("tenant"), r.c.name == bindparam("called"))
)
_FORGET = Statement(delete(r).where(r.c.tenant == bindparam("tenant"), r.c.name == bindparam("called")))
_SET = Statement(insert(r))
_ADD = Statement(insert(t).values({column.name: bindparam(column.name) for column in t.c if column.name != "id"}))
_CLEAR = Statement(delete(t).where(t.c.tenant == bindparam("tenant"), t.c.name == bindparam("called")))
_OLDEST_KEPT = Statement(
    select(t.c.id).where(t.c.tenant == bindparam("tenant")).order_by(t.c.id.desc()).limit(1).offset(MAX_REQUESTS - 1)
)
_DROP = Statement(delete(t).where(t.c.tenant == bindparam("tenant"), t.c.id < bindparam("first")))
_COLUMNS = (t.c.name, t.c.at, t.c.verb, t.c.url, t.c.headers, t.c.body, t.c.id, t.c.status)


def read_answer(db: Connection, tenant: int, name: str) -> Answer:
    """Return how a receiver answers."""
    row = _READ.one(db, tenant=tenant, called=name)
    return Answer() if row is None else Answer(*row)


def set_answer(db: Connection, tenant: int, name: str, answer: Answer) -> bool:
    """Set how a receiver answers. False if too many receivers have answers of their own."""
    lock_tenant(db, tenant)
    _FORGET.run(db, tenant=tenant, called=name)
    if len(db.execute(select(r.c.name).where(r.c.tenant == tenant)).all()) >= MAX_RECEIVERS:
        return False
    _SET.run(db, tenant=tenant, name=name, status=answer.status, body=answer.body, delay=answer.delay)
    return True


def add_request(db: Connection, tenant: int, new: NewRequest) -> Answer:
    """Add a request that a receiver got, and return the answer to it."""
    answer = read_answer(db, tenant, new.name)
    _ADD.run(
        db, tenant=tenant, name=new.name, at=to_micros(new.at), verb=new.verb, url=storable(new.url),
        headers=json.dumps(new.headers), body=storable(new.body), status=answer.status,
    )  # fmt: skip
    first = _OLDEST_KEPT.value(db, tenant=tenant)
    if first is not None:
        _DROP.run(db, tenant=tenant, first=first)
    return answer


def list_page(db: Connection, tenant: int, paging: Paging, name: str) -> Page[Request]:
    """Return a page of the requests that a receiver got, newest first."""
    query = select(*_COLUMNS).where(t.c.tenant == tenant, t.c.name == name).order_by(t.c.id.desc())
    return fetch_page(db, query, paging, _build)


def list_names(db: Connection, tenant: int) -> list[str]:
    """Return the names of the receivers that got something or have answers of their own."""
    names = union(select(t.c.name).where(t.c.tenant == tenant), select(r.c.name).where(r.c.tenant == tenant)).subquery()
    return sorted(db.scalars(select(names.c.name)))


def clear(db: Connection, tenant: int, name: str) -> int:
    """Delete what a receiver got, and its answer. Returns the number of requests."""
    _FORGET.run(db, tenant=tenant, called=name)
    return _CLEAR.run(db, tenant=tenant, called=name)


def _build(row: Sequence[Any]) -> Request:
    name, at, verb, url, headers, body, id_, status = row
    return Request(name, from_micros(at), verb, url, json.loads(headers), body, id_, status)
