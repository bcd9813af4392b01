"""The journal: what happened, whether it is what was expected, and waiting until it is."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Connection

from ..domain.rule_match import to_international
from ..journal import entries, queries, sent_messages
from ..journal.queries import Wanted
from ..journal.writer import GLANCE
from ..store.paging import Page, Paging
from .declare import Call, Later, Streamed, operation
from .errors import ControlError
from .mismatch import difference
from .server_sent_events import while_there
from .shapes import traffic as s
from .shapes.primitives import Id, page_of

KINDS = {"calls": entries.CALL, "callbacks": entries.CALLBACK, "inbound": entries.INBOUND, "messages": None}
"""What `of` means in the journal; messages are looked at as they are sent."""

TOLD = Paging(1, 100)
"""Entries that an answer to a wait holds at most."""

NEAR = Paging(1, 200)
"""Entries among which the nearest is looked for."""

SEEN = 10
"""Entries told of what happened instead."""

REST = 10
"""Looking takes a tenth of the time of who waits, at most."""

MOST_LISTENING = 1000
"""Streams and waits at once."""

HEARTBEAT = 15.0
"""Seconds after which a quiet stream says that it is alive."""

BATCH = 100
"""Entries of a stream that are read at once."""


@operation("GET", "/traffic")
def list_traffic(call: Call, query: s.TrafficFilter) -> s.Traffic:
    """What happened, newest first: calls, tries of callbacks, handsets' messages, and the carrier's reports."""
    found = queries.page(call.db, call.tenant.id, wanted_of(query, query.kind), Paging(query.page, query.max))
    dropped = queries.dropped(call.db, call.tenant.id)
    return s.Traffic(page_of(found), dropped, [entry_of(each) for each in found.rows])


@operation("GET", "/traffic/count")
def count_traffic(call: Call, query: s.Filter) -> s.Counted:
    """How many entries fit a filter."""
    found = queries.count(call.db, call.tenant.id, wanted_of(query, query.kind))
    return s.Counted(found, queries.dropped(call.db, call.tenant.id))


@operation("GET", "/traffic/{entry}")
def read_entry(call: Call, entry: Id) -> s.Entry:
    """An entry by its id."""
    found = queries.read(call.db, call.tenant.id, entry)
    if found is None:
        raise ControlError("not_found", f"There is no entry {entry}; it may have been dropped for newer ones.")
    return entry_of(found)


@operation("DELETE", "/traffic")
def clear_traffic(call: Call) -> s.Cleared:
    """Delete every entry. Later ones are numbered on."""
    return s.Cleared(queries.clear(call.db, call.tenant.id))


@operation("POST", "/verify")
def verify(call: Call, body: s.Check) -> s.Verdict:
    """Tell whether as much happened as was expected, and if not, what did."""
    found = look(call, body)
    return s.Verdict(found.ok, found.found.total, "" if found.ok else in_words(call, body, found))


@operation("POST", "/wait")
async def wait(later: Later, body: s.Wait) -> s.Waited:
    """Wait until as much happened as is expected, what happened before included, or until the time is over."""
    return await while_there(later.receive, waited(later, body))


async def waited(later: Later, body: s.Wait) -> s.Waited:
    journal = later.desk.journal
    until = time.monotonic() + body.timeout_seconds
    glances = not later.desk.store.embedded or body.of == "messages"
    check_room(later)
    with journal.listen(later.tenant.id) as listener:
        while True:
            await journal.flush()
            began = time.monotonic()
            found = await later.do(partial(look, body=body))
            now = time.monotonic()
            if found.ok or found.too_many or now >= until or journal.closing:
                return await later.do(partial(outcome, body=body, found=found))
            await listener.wait(min(until - now, GLANCE) if glances else until - now)
            await asyncio.sleep(max(0.0, min(until, now + REST * (now - began)) - time.monotonic()))


@operation("GET", "/events")
async def stream_events(later: Later, query: s.EventFilter) -> AsyncIterator[Streamed]:
    """What happens, as it happens, as Server-Sent Events.

    The event is the kind, the data is the entry as JSON, and the id is its id, by which a stream is resumed (the header
    Last-Event-ID, or `after`). `dropped` tells of entries that were dropped before they could be told of.
    """
    journal = later.desk.journal
    check_room(later)
    with journal.listen(later.tenant.id) as listener:
        position, quiet_since = query.after, time.monotonic()
        if position is None:
            position = await later.do(lambda call: queries.last(call.db, call.tenant.id))
        yield Streamed("")
        while not journal.closing:
            await journal.flush()
            news = await later.do(partial(following, position=position, query=query))
            if news.missed:
                yield Streamed("dropped", s.Dropped(news.missed))
            for each in news.found:
                yield Streamed(each.kind, entry_of(each), each.id)
            position = news.position
            if news.found:
                quiet_since = time.monotonic()
            elif (left := quiet_since + HEARTBEAT - time.monotonic()) > 0:
                await listener.wait(left if later.desk.store.embedded else min(left, GLANCE))
            else:
                yield Streamed("")
                quiet_since = time.monotonic()


def check_room(later: Later) -> None:
    if later.desk.journal.listening >= MOST_LISTENING:
        raise ControlError("conflict", f"{MOST_LISTENING} waits and streams are under way; end some of them first.")


# Looking


class Found(NamedTuple):
    """What a look found."""

    found: Page[queries.Entry]
    wanted: Wanted
    ok: bool
    too_many: bool


class News(NamedTuple):
    """What is new behind a position in a journal, the position behind it, and how much was dropped in between."""

    found: list[queries.Entry]
    position: int
    missed: int


def look(call: Call, body: s.Check) -> Found:
    wanted = wanted_of(body.where, KINDS[body.of])._replace(
        params={name: str(each) for name, each in body.params.items()}
    )
    if body.of == "messages":
        if strange := [name for name in ("method", "rule") if getattr(body.where, name) is not None]:
            raise ControlError("invalid", f"`where` has {strange[0]!r}, which messages have not.")
        if strange := sorted(wanted.params.keys() - sent_messages.PARTS):
            raise ControlError(
                "invalid", f"`params` of messages are {', '.join(sent_messages.PARTS)}, not {strange[0]!r}."
            )
    found = pages(body)(call.db, call.tenant.id, wanted, TOLD)
    too_many = body.most is not None and found.total > body.most
    return Found(found, wanted, found.total >= body.least and not too_many, too_many)


def pages(body: s.Check) -> Callable[[Connection, int, Wanted, Paging], Page[queries.Entry]]:
    return sent_messages.page if body.of == "messages" else queries.page


def others(call: Call, body: s.Check, wanted: Wanted) -> list[queries.Entry]:
    """What happened of the kind in the same time."""
    wide = Wanted(kind=wanted.kind, after=wanted.after, since=wanted.since, until=wanted.until)
    return list(pages(body)(call.db, call.tenant.id, wide, NEAR).rows)


def in_words(call: Call, body: s.Check, found: Found) -> str:
    near = others(call, body, found.wanted)
    ids = [each.id for each in found.found.rows[:SEEN]]
    return difference(body.of, found.wanted, found.found.total, body.least, body.most, near, ids)


def outcome(call: Call, body: s.Wait, found: Found) -> s.Waited:
    """What a wait is answered."""
    fitting = [entry_of(each) for each in found.found.rows]
    if found.ok:
        return s.Waited(True, found.found.total, "", fitting, [])
    words = in_words(call, body, found)
    if call.desk.journal.closing:
        words += " The sandbox is being stopped."
    seen = [entry_of(each) for each in others(call, body, found.wanted)[:SEEN]]
    return s.Waited(False, found.found.total, words, fitting, seen)


def following(call: Call, position: int, query: s.EventFilter) -> News:
    ends = queries.ends(call.db, call.tenant.id)
    if ends.last < position:
        position = 0  # the tenant was reset, and its journal begins anew
    missed = 0 if ends.first is None else max(0, ends.first - 1 - max(position, ends.cleared))
    wanted = Wanted(kind=query.kind, method=query.method, after=position)
    found = queries.following(call.db, call.tenant.id, wanted, BATCH)
    return News(found, found[-1].id if len(found) == BATCH else ends.last, missed)


def wanted_of(where: s.Where, kind: str | None) -> Wanted:
    """What a filter asks for."""
    try:
        numbers = () if where.number is None else forms(where.number)
    except ValueError as why:
        raise ControlError("invalid", f"`number`: {why}.") from why
    return Wanted(
        kind, where.method, numbers, where.code, where.text, where.rule, where.after, where.since, where.until
    )  # fmt: skip


def forms(written: str) -> tuple[str, ...]:
    """A number in international form, and as it was written."""
    plain = "".join(char for char in written if char not in " -.()")
    digits = to_international(plain)
    return tuple(dict.fromkeys((digits, plain.removeprefix("+"))))


def entry_of(each: queries.Entry) -> s.Entry:
    return s.Entry(
        id=each.id,
        at=each.at,
        kind=each.kind,
        account_id=each.account or None,
        method=each.method or None,
        number=each.numbers[0] if each.numbers else None,
        code=each.code,
        status=each.status,
        rule=each.rule or None,
        took_ms=None if each.took is None else each.took / 1000,
        verb=each.verb or None,
        url=each.url or None,
        request=dict(each.request),
        reply=reply_of(each),
        error=each.error or None,
        message_id=each.message or None,
        hints=list(each.hints),
        cut=each.cut,
    )


def reply_of(each: queries.Entry) -> Any:
    """A reply as data; one that was cut, or an app's, is its text."""
    if each.kind == entries.CALLBACK or not each.reply:
        return each.reply or None
    try:
        return json.loads(each.reply)
    except ValueError:
        return each.reply


OPERATIONS = (list_traffic, count_traffic, read_entry, clear_traffic, verify, wait, stream_events)
