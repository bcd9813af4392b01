"""Operations on the traffic: list it, verify expectations, and wait until they are met."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Connection

from ..journal import entries, queries, sent_messages
from ..journal.queries import EntryFilter
from ..journal.writer import RECHECK_SECONDS
from ..services.bulk_deletion import clear_most_traffic
from ..store.paging import Page, Paging
from .conversion import number_forms, page_info, parse_reply, shape_of
from .declare import Call, LongCall, operation
from .errors import ControlError
from .mismatch import describe_difference
from .server_sent_events import until_disconnect
from .shapes import traffic as shapes
from .shapes.primitives import Id

KINDS = {"calls": entries.CALL, "callbacks": entries.CALLBACK, "inbound": entries.INBOUND, "messages": None}
"""The kind of entry for each value of `of`. Messages have none: they are read from the sent messages."""

_MAX_WAIT_ENTRIES = 100
"""Most entries in the answer to a wait."""

_MAX_COMPARED_ENTRIES = 200
"""Most entries among which the nearest is searched."""

_MAX_SHOWN_ENTRIES = 10
"""Most entries that a failed expectation shows."""

_WAIT_IDLE_FACTOR = 10
"""Pause between two checks of a wait, as a multiple of a check's own time."""

_MAX_LISTENERS = 1000
"""Most streams and waits at once."""


@operation("GET", "/traffic")
def list_traffic(call: Call, query: shapes.TrafficQuery) -> shapes.Traffic:
    """List traffic entries, newest first: calls, callback attempts, handsets' messages, and delivery reports."""
    wanted = build_filter(query, query.kind)._replace(failed=query.failed)
    page = queries.list_page(call.db, call.tenant.id, wanted, Paging(query.page, query.max))
    dropped = queries.count_dropped(call.db, call.tenant.id)
    return shapes.Traffic(page_info(page), dropped, [build_entry(row) for row in page.rows])


@operation("GET", "/traffic/count")
def count_traffic(call: Call, query: shapes.TrafficFilter) -> shapes.TrafficCount:
    """Count the traffic entries that match a filter."""
    count = queries.count(call.db, call.tenant.id, build_filter(query, query.kind))
    return shapes.TrafficCount(count, queries.count_dropped(call.db, call.tenant.id))


@operation("GET", "/traffic/{entry}")
def read_entry(call: Call, entry: Id) -> shapes.Entry:
    """Return a traffic entry by its id."""
    row = queries.read(call.db, call.tenant.id, entry)
    if row is None:
        raise ControlError("not_found", f"There is no entry {entry}; it may have been dropped for newer ones.")
    return build_entry(row)


@operation("DELETE", "/traffic")
async def clear_traffic(call: LongCall) -> shapes.ClearedTraffic:
    """Delete all traffic entries. The ids of later entries continue."""
    cleared = await clear_most_traffic(call.context.store, call.tenant.id)
    return await call.transact_exclusively(
        lambda call: shapes.ClearedTraffic(cleared + queries.clear(call.db, call.tenant.id))
    )


@operation("POST", "/verify", is_recorded=False)
def verify(call: Call, body: shapes.Expectation) -> shapes.VerifyResult:
    """Check that as many entries as expected match, and if not, describe the difference."""
    check = _check_expectation(call, body)
    return shapes.VerifyResult(check.ok, check.page.total, "" if check.ok else _difference(call, body, check))


@operation("POST", "/wait", is_recorded=False)
async def wait(call: LongCall, body: shapes.TimedExpectation) -> shapes.WaitResult:
    """Wait until as many entries as expected match, earlier ones included, or until the timeout."""
    return await until_disconnect(call.receive, _wait(call, body))


class _Check(NamedTuple):
    """The result of checking an expectation once: the entries that match, and whether that is enough or too many."""

    page: Page[queries.Entry]
    wanted: EntryFilter
    ok: bool
    too_many: bool


async def _wait(call: LongCall, body: shapes.TimedExpectation) -> shapes.WaitResult:
    journal = call.context.journal
    until = time.monotonic() + body.timeout_seconds
    # The listener is not woken by sent messages, or by entries of other processes.
    polls = not call.context.store.embedded or body.of == "messages"
    check_capacity(call)
    with journal.listen(call.tenant.id) as listener:
        while True:
            await journal.flush()
            began = time.monotonic()
            check = await call.transact(partial(_check_expectation, body=body))
            now = time.monotonic()
            if check.ok or check.too_many or now >= until or journal.is_closing:
                return await call.transact(partial(_result, body=body, check=check))
            await listener.wait(min(until - now, RECHECK_SECONDS) if polls else until - now)
            idle_until = min(until, now + _WAIT_IDLE_FACTOR * (now - began))
            await asyncio.sleep(max(0.0, idle_until - time.monotonic()))


def check_capacity(call: LongCall) -> None:
    """Raise ControlError if too many streams and waits are open."""
    if call.context.journal.listener_count + call.context.feeds.reader_count >= _MAX_LISTENERS:
        raise ControlError("conflict", f"{_MAX_LISTENERS} waits and streams are open; end some of them first.")


def _check_expectation(call: Call, body: shapes.Expectation) -> _Check:
    """Check an expectation once. Raises ControlError if it needs a field that messages do not have."""
    wanted = build_filter(body.where, KINDS[body.of])._replace(
        params={name: str(value) for name, value in body.params.items()}
    )
    if body.of == "messages":
        if unknown := [name for name in ("method", "rule") if getattr(body.where, name) is not None]:
            raise ControlError("invalid", f"`where` has {unknown[0]!r}, which messages do not have.")
        if unknown := sorted(wanted.params.keys() - sent_messages.PARAMS):
            raise ControlError(
                "invalid", f"`params` of messages are {', '.join(sent_messages.PARAMS)}, not {unknown[0]!r}."
            )
    page = _query(body)(call.db, call.tenant.id, wanted, Paging(1, _MAX_WAIT_ENTRIES))
    too_many = body.max_count is not None and page.total > body.max_count
    return _Check(page, wanted, page.total >= body.min_count and not too_many, too_many)


def _query(body: shapes.Expectation) -> Callable[[Connection, int, EntryFilter, Paging], Page[queries.Entry]]:
    return sent_messages.list_page if body.of == "messages" else queries.list_page


def _others(call: Call, body: shapes.Expectation, wanted: EntryFilter) -> list[queries.Entry]:
    """Return entries of the same kind and time, whether they match or not."""
    wide = EntryFilter(kind=wanted.kind, after=wanted.after, since=wanted.since, until=wanted.until)
    return list(_query(body)(call.db, call.tenant.id, wide, Paging(1, _MAX_COMPARED_ENTRIES)).rows)


def _difference(call: Call, body: shapes.Expectation, check: _Check) -> str:
    ids = [row.id for row in check.page.rows[:_MAX_SHOWN_ENTRIES]]
    others = _others(call, body, check.wanted)
    return describe_difference(body.of, check.wanted, check.page.total, body.min_count, body.max_count, others, ids)


def _result(call: Call, body: shapes.TimedExpectation, check: _Check) -> shapes.WaitResult:
    """Return the answer to a wait."""
    matching = [build_entry(row) for row in check.page.rows]
    if check.ok:
        return shapes.WaitResult(True, check.page.total, "", matching, [])
    difference = _difference(call, body, check)
    if call.context.journal.is_closing:
        difference += " The sandbox is being stopped."
    seen = [build_entry(row) for row in _others(call, body, check.wanted)[:_MAX_SHOWN_ENTRIES]]
    return shapes.WaitResult(False, check.page.total, difference, matching, seen)


def build_filter(where: shapes.TrafficMatch, kind: str | None) -> EntryFilter:
    """Convert a filter. Raises ControlError if its number can't be read."""
    return EntryFilter(
        kind, where.method, number_forms(where.number), where.code, where.text, where.rule, where.after,
        where.since, where.until, message=where.message,
    )  # fmt: skip


def build_entry(row: queries.Entry) -> shapes.Entry:
    """Return an entry as control shows it."""
    return shape_of(
        shapes.Entry,
        row,
        account_id=row.account or None,
        method=row.method or None,
        number=row.numbers[0] if row.numbers else None,
        rule=row.rule or None,
        took_ms=None if row.took is None else row.took / 1000,
        verb=row.verb or None,
        url=row.url or None,
        request=dict(row.request),
        reply=_reply(row),
        error=row.error or None,
        message_id=row.message or None,
        hints=list(row.hints),
        by=row.text if row.kind == entries.CONTROL else None,
    )


def _reply(row: queries.Entry) -> Any:
    """Return the reply to a call as data. A reply that was cut, or that an app gave, is text."""
    if row.kind == entries.CALLBACK or not row.reply:
        return row.reply or None
    return parse_reply(row.reply)


OPERATIONS = (list_traffic, count_traffic, read_entry, clear_traffic, verify, wait)
