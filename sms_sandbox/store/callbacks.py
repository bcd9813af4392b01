"""Callbacks to the user's app: what each says, and every try with its outcome."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, insert, select, update

from ..domain.clock import from_micros, to_micros
from . import ids
from .paging import Page, Paging, fetch_page
from .statement import Statement
from .tables import attempts as y
from .tables import callbacks as t
from .tables import recipients as r
from .tables import timeline
from .text import storable
from .timeline import CALLBACK

WAITING = "waiting"
DELIVERED = "delivered"
GIVEN_UP = "given-up"


@dataclass(frozen=True)
class NewCallback:
    """A call to make: `url` is whole, with the event's parameters; an empty `signature` is no header. `rule` says what
    made it other than it would have been, as `scenario report-twice` or `fault 3`."""

    account: int
    event: str
    url: str
    signature: str
    message: int
    msisdn: str
    created: datetime
    rule: str = ""


@dataclass(frozen=True)
class Attempt:
    """One try: the answer's status or an error, how long it took in microseconds, and the answer's first bytes."""

    number: int
    at: datetime
    status: int | None
    error: str | None
    latency: int | None
    answer: str


@dataclass(frozen=True)
class Callback:
    """A callback as it stands; `next_due` is None when no try is to come."""

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


@dataclass(frozen=True)
class Outcome:
    """How a try ended; `at` is when it began, in its tenant's time."""

    tenant: int
    callback: int
    number: int
    at: datetime
    status: int | None
    error: str | None
    latency: int
    answer: str


_COLUMNS = (
    t.c.id, t.c.account, t.c.event, t.c.url, t.c.signature, t.c.message, t.c.msisdn, t.c.state, t.c.attempts,
    t.c.created, t.c.rule,
)  # fmt: skip
_ADD = Statement(insert(t))
_READ = Statement(select(*_COLUMNS).where(t.c.tenant == bindparam("tenant"), t.c.id == bindparam("callback")))
_BEGIN = Statement(
    update(t)
    .where(t.c.tenant == bindparam("tenant_"), t.c.id == bindparam("callback"))
    .values(attempts=t.c.attempts + 1)
    .returning(t.c.attempts, t.c.url, t.c.signature)
)
_ADD_ATTEMPT = Statement(
    "INSERT INTO attempts (tenant, callback, number, at, answer) VALUES (:tenant, :callback, :number, :at, '')"
)
_END_ATTEMPT = Statement(
    update(y)
    .where(
        y.c.tenant == bindparam("tenant_"), y.c.callback == bindparam("callback_"), y.c.number == bindparam("number_"),
        y.c.at == bindparam("at_"),
    )
    .values(
        status=bindparam("status_"), error=bindparam("error_"), latency=bindparam("latency_"),
        answer=bindparam("answer_"),
    )
)  # fmt: skip
_RULE = Statement("UPDATE callbacks SET rule = :rule WHERE tenant = :tenant AND id = :callback")
_UNATTEMPTED = Statement(
    select(func.count())
    .select_from(t)
    .join(r, and_(r.c.tenant == t.c.tenant, r.c.message == t.c.message, r.c.msisdn == t.c.msisdn))
    .outerjoin(y, and_(y.c.tenant == t.c.tenant, y.c.callback == t.c.id, y.c.number == 1))
    .where(
        r.c.tenant == bindparam("tenant"), r.c.id == bindparam("recipient"), t.c.event == "dlr", y.c.latency.is_(None)
    )
)  # fmt: skip
_STATE = Statement(
    update(t).where(t.c.tenant == bindparam("tenant_"), t.c.id == bindparam("callback")).values(state=bindparam("word"))
)


def add(db: Connection, tenant: int, new: Sequence[NewCallback]) -> int:
    """Write down callbacks to make; the ids run from the one answered. Their tries are put on the timeline apart."""
    first = ids.take(db, tenant, "callback", len(new))
    rows = [
        {
            "tenant": tenant,
            "id": first + index,
            "state": WAITING,
            "attempts": 0,
            **vars(each),
            "created": to_micros(each.created),
        }
        for index, each in enumerate(new)
    ]
    _ADD.many(db, rows)
    return first


def begin_attempt(db: Connection, tenant: int, callback: int, at: datetime) -> tuple[int, str, str] | None:
    """Note that a try begins; its number, the URL and the signature, or None if the callback is gone."""
    row = _BEGIN.one(db, tenant_=tenant, callback=callback)
    if row is None:
        return None
    number, url, signature = row
    _ADD_ATTEMPT.run(db, tenant=tenant, callback=callback, number=number, at=to_micros(at))
    return number, url, signature


def end_attempt(db: Connection, outcome: Outcome) -> bool:
    """Note how a try ended. The answer is no where it is not known: its tenant was reset while it was under way, and
    its callback's id may by now be another's."""
    ended = _END_ATTEMPT.run(
        db,
        tenant_=outcome.tenant,
        callback_=outcome.callback,
        number_=outcome.number,
        at_=to_micros(outcome.at),
        status_=outcome.status,
        error_=outcome.error and storable(outcome.error),  # whatever a library says of what the other side did
        latency_=outcome.latency,
        answer_=storable(outcome.answer),
    )
    return ended == 1


def set_rule(db: Connection, tenant: int, callback: int, rule: str) -> None:
    _RULE.run(db, tenant=tenant, callback=callback, rule=rule)


def are_attempted(db: Connection, tenant: int, recipient: int) -> bool:
    """Return True if the first attempt at each delivery report on a recipient is over."""
    return not _UNATTEMPTED.value(db, tenant=tenant, recipient=recipient)


def set_state(db: Connection, tenant: int, callback: int, state: str) -> None:
    _STATE.run(db, tenant_=tenant, callback=callback, word=state)


def read_without_due(db: Connection, tenant: int, callback: int) -> Callback | None:
    """A callback, without regard to what is to come of it."""
    row = _READ.one(db, tenant=tenant, callback=callback)
    return None if row is None else _callback_of([*row, None])


def read(db: Connection, tenant: int, callback: int) -> Callback | None:
    found = list_page(db, tenant, Paging(1, 1), callback=callback).rows
    return found[0] if found else None


def list_page(
    db: Connection,
    tenant: int,
    paging: Paging,
    *,
    callback: int | None = None,
    event: str | None = None,
    state: str | None = None,
    message: int | None = None,
    msisdn: str | None = None,
) -> Page[Callback]:
    """Callbacks of a tenant, newest first."""
    attempt_to_come = and_(timeline.c.tenant == t.c.tenant, timeline.c.kind == CALLBACK, timeline.c.ref == t.c.id)
    query = select(*_COLUMNS, timeline.c.due).outerjoin(timeline, attempt_to_come).where(t.c.tenant == tenant)
    wanted = {t.c.id: callback, t.c.event: event, t.c.state: state, t.c.message: message, t.c.msisdn: msisdn}
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    return fetch_page(db, query.order_by(t.c.id.desc()), paging, _callback_of)


def attempts_of(db: Connection, tenant: int, callbacks: Sequence[int]) -> dict[int, list[Attempt]]:
    """Every try of these callbacks, in order."""
    query = (
        select(y.c.callback, y.c.number, y.c.at, y.c.status, y.c.error, y.c.latency, y.c.answer)
        .where(y.c.tenant == tenant, y.c.callback.in_(callbacks))
        .order_by(y.c.callback, y.c.number)
    )
    found: dict[int, list[Attempt]] = {callback: [] for callback in callbacks}
    for callback, number, at, status, error, latency, answer in db.execute(query):
        found[callback].append(Attempt(number, from_micros(at), status, error, latency, answer))
    return found


def _callback_of(row: Sequence[Any]) -> Callback:
    (id_, account, event, url, signature, message, msisdn, state, attempts, created, rule, due) = row
    when = None if due is None else from_micros(due)
    return Callback(
        id_, account, event, url, signature, message, msisdn, state, attempts, from_micros(created), rule, when
    )
