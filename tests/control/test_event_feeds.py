"""Streams share one look at the traffic, and a stream that is not read ends."""

from typing import Any

import pytest

from sms_sandbox.control import all_events, event_feeds, event_streams
from sms_sandbox.control.event_feeds import Batch, Position, Reader
from sms_sandbox.domain.clock import to_micros
from sms_sandbox.journal import entries, queries
from sms_sandbox.journal.entries import build_entry
from sms_sandbox.store.real_time import real_now
from tests.conftest import FreshTenant, reset_tenant
from tests.control.traffic_client import Stream
from tests.sandbox import Account
from tests.store.example_rows import NOON

STREAMS = 20
CALLS = 5


def batch(*ids: int, began: int = 1) -> Batch:
    return Batch(Position(began, ids[-1]), [(id_, f"{id_};".encode()) for id_ in ids])


def count_looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that gets an element whenever new entries are read."""
    looks, real = list[int](), queries.list_next

    def list_next(*args: Any) -> Any:
        looks.append(1)
        return real(*args)

    monkeypatch.setattr(queries, "list_next", list_next)
    return looks


def add_entries(fresh: FreshTenant, count: int) -> None:
    entry = build_entry(tenant=fresh.tenant, at=NOON, kind="call", method="get-balance")
    with fresh.store.begin() as db:
        entries.add(db, fresh.tenant, [(to_micros(real_now()), entry)] * count, 100)


def test_a_reset_is_noticed_however_much_happened_after_it(fresh: FreshTenant) -> None:
    """Another process may have added more entries than before when this one looks again."""
    add_entries(fresh, 2)
    read = event_streams._entry_reader(fresh.tenant)
    with fresh.store.begin() as db:
        ends = queries.find_bounds(db, fresh.tenant)
        position, positions = Position(ends.began, ends.last), {fresh.tenant: (ends.began, ends.last)}
        assert not read(db, position, False).entries
        assert not all_events._read_new(db, positions)
    reset_tenant(fresh)
    add_entries(fresh, 3)
    with fresh.store.begin() as db:
        news = read(db, position, False)
        assert [each.entry.id for each in news.entries] == [1, 2, 3]
        assert news.position.last == 3
        assert [event.data.entry.id for event in all_events._read_new(db, positions)] == [1, 2, 3]
        assert not read(db, news.position, False).entries
        assert not all_events._read_new(db, positions)


def test_many_streams_share_one_look_at_the_database(tenant: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    streams = [Stream(tenant).__enter__() for _ in range(STREAMS)]
    looks = count_looks(monkeypatch)
    for _ in range(CALLS):
        tenant.api("get-balance")
    for stream in streams:
        assert [stream.next()["id"] for _ in range(CALLS)] == list(range(1, CALLS + 1))
        stream.__exit__()
    assert 1 <= len(looks) < STREAMS


def test_streams_with_other_filters_share_a_look_at_the_database(
    tenant: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = [Stream(tenant, text=f"text {number} ").__enter__() for number in range(STREAMS)]
    looks = count_looks(monkeypatch)
    for number in range(STREAMS):
        tenant.api_ok("send-sms", message=f"This is Text {number} of many", to="61491570156")
    for number, stream in enumerate(streams):
        assert f"Text {number} " in stream.next()["data"]["request"]["message"]
        stream.__exit__()
    assert 1 <= len(looks) < 3 * STREAMS  # fewer than one for each stream and call


def test_a_stream_that_begins_later_gets_only_newer_events(tenant: Account) -> None:
    with Stream(tenant) as first:
        tenant.api("get-balance")
        with Stream(tenant) as second, Stream(tenant, after=0) as whole:
            tenant.api("get-lists")
            assert [first.next()["id"], first.next()["id"]] == [1, 2]
            assert second.next()["id"] == 2
            assert [whole.next()["id"], whole.next()["id"]] == [1, 2]


def test_a_stream_that_is_not_read_ends_with_a_reason(tenant: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    with Stream(tenant) as stream:
        monkeypatch.setattr(event_feeds, "MAX_WAITING_EVENTS", 0)
        tenant.api("get-balance")
        event = stream.next()
        assert (event["event"], event["data"]) == ("too-slow", {"limit": 1_000})
        assert stream.response.read() == b""
    monkeypatch.undo()
    with Stream(tenant, after=0) as again:
        assert again.next()["id"] == 1


@pytest.mark.anyio
async def test_a_reader_gets_each_event_once() -> None:
    reader = Reader(Position(1, 2))
    reader.add(batch(1, 2, 3))
    reader.add(batch(4))
    assert await reader.next(0) == b"3;4;"
    assert await reader.next(0) == b""
    reader.add(batch(1, began=2))
    assert await reader.next(0) == b"1;"
    reader.add(batch(1, 2, 3, 4, 5, began=3))
    assert await reader.next(0) == b"1;2;3;4;5;"


@pytest.mark.anyio
async def test_a_reader_that_is_too_slow_holds_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_feeds, "MAX_WAITING_EVENTS", 2)
    reader = Reader(Position(1, 0))
    reader.add(batch(1, 2))
    assert not reader.is_over
    reader.add(batch(3))
    assert (reader.is_too_slow, reader.is_over, reader.has_events) == (True, True, False)
