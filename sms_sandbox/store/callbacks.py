"""Callbacks to the user's app, and every attempt at them with its outcome."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct
from sqlalchemy import Connection, and_, bindparam, func, insert, select, update

from ..domain.clock import from_micros, to_micros
from . import ids
from .keyed_query import KeyedQuery
from .paging import Page, Paging, fetch_page
from .real_time import real_now
from .statement import Statement
from .tables import attempts as a
from .tables import callbacks as c
from .tables import recipients as r
from .tables import timeline
from .text import storable
from .timeline import CALLBACK
from .unit_of_work import write_all_later, write_later

WAITING = "waiting"
DELIVERED = "delivered"
GIVEN_UP = "given-up"


class NewCallback(Struct, frozen=True):
    """A callback to be added.

    `url` is complete, with the event's parameters. Without a `signature` there is no header. `rule` names what changed
    the callback: `scenario report-twice`, for example, or `fault 3`.
    """

    account: int
    event: str
    url: str
    signature: str
    message: int
    msisdn: str
    created: datetime
    rule: str = ""


class Attempt(Struct, frozen=True):
    """An attempt: the response's status or an error, the latency in microseconds, and the response's first bytes."""

    number: int
    at: datetime
    status: int | None
    error: str | None
    latency: int | None
    answer: str


class Callback(Struct, frozen=True):
    """A callback. `attempts` is their number so far, and `next_due` is None if no attempt is planned."""

    id: int
    account: int
    event: str
    url: str
    signature: str
    message: int
    msisdn: str
    state: str
    attempts: int
    created: datetime
    rule: str
    next_due: datetime | None


class Target(NamedTuple):
    """The callback that an attempt is made for. `attempts` is their number so far.

    `began` is the moment, in microseconds of real time, at which `begin_attempt` began the last one.
    """

    callback: int
    attempts: int
    url: str
    signature: str
    began: int = 0


class Outcome(Struct, frozen=True):
    """The outcome of an attempt; `at` is when it began, in its tenant's time.

    `began` is the same moment in microseconds of real time. It tells the attempt from one of the same number that is
    made after a reset, when the clock may show the same time.
    """

    tenant: int
    callback: int
    number: int
    began: int
    at: datetime
    status: int | None
    error: str | None
    latency: int
    answer: str


_COLUMNS = (
    c.c.id, c.c.account, c.c.event, c.c.url, c.c.signature, c.c.message, c.c.msisdn, c.c.state, c.c.attempts,
    c.c.created, c.c.rule,
)  # fmt: skip
_ADD = Statement(insert(c))
_READ_ATTEMPTED = KeyedQuery(
    ("tenant", "callback", "number", "began"),
    lambda keys: (
        select(keys.c.tenant, keys.c.number, *_COLUMNS)
        .outerjoin_from(
            keys, a,
            and_(
                a.c.tenant == keys.c.tenant, a.c.callback == keys.c.callback, a.c.number == keys.c.number,
                a.c.began == keys.c.began,
            ),
        )
        .outerjoin(c, and_(c.c.tenant == a.c.tenant, c.c.id == a.c.callback))
    ),
)  # fmt: skip
_READ = Statement(select(*_COLUMNS).where(c.c.tenant == bindparam("tenant"), c.c.id == bindparam("callback")))
_READ_DUE = KeyedQuery(
    ("tenant", "id"),
    lambda keys: select(keys.c.tenant, c.c.id, c.c.attempts, c.c.url, c.c.signature).outerjoin_from(
        keys, c, and_(c.c.tenant == keys.c.tenant, c.c.id == keys.c.id)
    ),
)
_BEGIN = Statement(
    update(c)
    .where(c.c.tenant == bindparam("tenant_"), c.c.id == bindparam("callback"))
    .values(attempts=bindparam("number"))
)
_ADD_ATTEMPT = Statement(
    "INSERT INTO attempts (tenant, callback, number, at, began, answer)"
    " VALUES (:tenant, :callback, :number, :at, :began, '')",
    table=a,
)
_END_ATTEMPT = Statement(
    update(a)
    .where(
        a.c.tenant == bindparam("tenant_"), a.c.callback == bindparam("callback_"), a.c.number == bindparam("number_"),
        a.c.began == bindparam("began_"),
    )
    .values(
        status=bindparam("status_"), error=bindparam("error_"), latency=bindparam("latency_"),
        answer=bindparam("answer_"),
    )
)  # fmt: skip
_RULE = Statement("UPDATE callbacks SET rule = :rule WHERE tenant = :tenant AND id = :callback")
_UNATTEMPTED = Statement(
    select(func.count())
    .select_from(c)
    .join(r, and_(r.c.tenant == c.c.tenant, r.c.message == c.c.message, r.c.msisdn == c.c.msisdn))
    .outerjoin(a, and_(a.c.tenant == c.c.tenant, a.c.callback == c.c.id, a.c.number == 1))
    .where(
        r.c.tenant == bindparam("tenant"), r.c.id == bindparam("recipient"), c.c.event == "dlr", a.c.latency.is_(None)
    )
)  # fmt: skip
_STATE = Statement(
    update(c).where(c.c.tenant == bindparam("tenant_"), c.c.id == bindparam("callback")).values(state=bindparam("word"))
)


def add(db: Connection, tenant: int, new: Sequence[NewCallback]) -> int:
    """Add callbacks, and return the first of their consecutive ids. Their attempts are scheduled separately."""
    first = ids.take(db, tenant, "callback", len(new))
    rows = [
        (
            tenant, id_, each.account, each.event, each.url, each.signature, each.message, each.msisdn, WAITING, 0,
            to_micros(each.created), each.rule,
        )
        for id_, each in enumerate(new, first)
    ]  # fmt: skip
    write_all_later(db, _ADD, rows)
    return first


def find_targets(db: Connection, callbacks: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Target]:
    """Return what attempts need to know of callbacks of all tenants, by tenant and id. Those gone are left out."""
    rows = _READ_DUE.rows(db, callbacks)
    return {(tenant, row[0]): Target(*row) for tenant, *row in rows if row[0] is not None}


def begin_attempt(db: Connection, tenant: int, target: Target, at: datetime) -> Target:
    """Record that the next attempt begins. Returns the target with this attempt, whose number is `attempts`."""
    number, began = target.attempts + 1, to_micros(real_now())
    write_later(db, _BEGIN, (tenant, target.callback), (number, tenant, target.callback))
    write_all_later(db, _ADD_ATTEMPT, [(tenant, target.callback, number, to_micros(at), began)])
    return target._replace(attempts=number, began=began)


def find_attempted(db: Connection, outcomes: Sequence[Outcome]) -> dict[tuple[int, int, int], Callback]:
    """Return the callbacks of attempts, by tenant, callback and attempt number.

    They lack their `next_due`. Unknown attempts are left out. An attempt is unknown if its tenant was reset while it
    was under way; the callback's id may then belong to another one.
    """
    keys = [(each.tenant, each.callback, each.number, each.began) for each in outcomes]
    rows = _READ_ATTEMPTED.rows(db, keys)
    return {
        (tenant, row[0], number): _build_callback([*row, None]) for tenant, number, *row in rows if row[0] is not None
    }


def end_attempt(db: Connection, outcome: Outcome) -> None:
    """Record how an attempt ended."""
    key = (outcome.tenant, outcome.callback, outcome.number, outcome.began)
    error = outcome.error and storable(outcome.error)  # the text of a library's error may quote the response
    write_later(db, _END_ATTEMPT, key, (outcome.status, error, outcome.latency, storable(outcome.answer), *key))


def set_rule(db: Connection, tenant: int, callback: int, rule: str) -> None:
    """Set what changed the callback."""
    _RULE.run(db, tenant=tenant, callback=callback, rule=rule)


def are_attempted(db: Connection, tenant: int, recipient: int) -> bool:
    """Return True if the first attempt at each delivery report on a recipient is over."""
    return not _UNATTEMPTED.value(db, tenant=tenant, recipient=recipient)


def set_state(db: Connection, tenant: int, callback: int, state: str) -> None:
    """Set the state of a callback."""
    write_later(db, _STATE, (tenant, callback), (state, tenant, callback))


def read_without_due(db: Connection, tenant: int, callback: int) -> Callback | None:
    """Return a callback without its `next_due`."""
    row = _READ.one(db, tenant=tenant, callback=callback)
    return None if row is None else _build_callback([*row, None])


def read(db: Connection, tenant: int, callback: int) -> Callback | None:
    """Return a callback."""
    row = _READ.one(db, tenant=tenant, callback=callback)
    return None if row is None else _build_callbacks(db, tenant, [row])[0]


def list_page(
    db: Connection,
    tenant: int,
    paging: Paging,
    *,
    event: str | None = None,
    state: str | None = None,
    message: int | None = None,
    msisdn: str | None = None,
) -> Page[Callback]:
    """Return a page of a tenant's callbacks, newest first."""
    query = select(*_COLUMNS).where(c.c.tenant == tenant)
    wanted = {c.c.event: event, c.c.state: state, c.c.message: message, c.c.msisdn: msisdn}
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    page: Page[tuple[Any, ...]] = fetch_page(db, query, paging, tuple, order=(c.c.id.desc(),))
    return Page(_build_callbacks(db, tenant, page.rows), page.total, page.asked)


def _build_callbacks(db: Connection, tenant: int, rows: Sequence[Sequence[Any]]) -> list[Callback]:
    """Return callbacks with their `next_due`, which the timeline has."""
    query = select(timeline.c.ref, timeline.c.due).where(
        timeline.c.tenant == tenant, timeline.c.kind == CALLBACK, timeline.c.ref.in_([row[0] for row in rows])
    )
    due = {row[0]: row[1] for row in db.execute(query)}
    return [_build_callback([*row, due.get(row[0])]) for row in rows]


def attempts_of(db: Connection, tenant: int, callbacks: Sequence[int]) -> dict[int, list[Attempt]]:
    """Return the attempts at each of these callbacks, in order."""
    query = (
        select(a.c.callback, a.c.number, a.c.at, a.c.status, a.c.error, a.c.latency, a.c.answer)
        .where(a.c.tenant == tenant, a.c.callback.in_(callbacks))
        .order_by(a.c.callback, a.c.number)
    )
    attempts: dict[int, list[Attempt]] = {callback: [] for callback in callbacks}
    for callback, number, at, status, error, latency, answer in db.execute(query):
        attempts[callback].append(Attempt(number, from_micros(at), status, error, latency, answer))
    return attempts


def _build_callback(row: Sequence[Any]) -> Callback:
    (id_, account, event, url, signature, message, msisdn, state, attempts, created, rule, due) = row
    when = None if due is None else from_micros(due)
    return Callback(
        id_, account, event, url, signature, message, msisdn, state, attempts, from_micros(created), rule, when
    )
