"""Writing, limiting and filtering the journal, on each database."""

from datetime import timedelta

import pytest

from sms_sandbox.domain.clock import to_micros
from sms_sandbox.journal import entries, queries, sent_messages
from sms_sandbox.journal.entries import NewEntry, build_entry
from sms_sandbox.journal.queries import Entry, EntryFilter
from sms_sandbox.store import tables, tenants
from sms_sandbox.store.database import Store
from sms_sandbox.store.paging import Paging
from sms_sandbox.store.real_time import real_now
from tests.conftest import FreshTenant, make_tenant
from tests.store.example_rows import HANDSETS, NOON, send

ALL = Paging(1, 1000)


def test_an_entry_is_the_columns_of_its_table() -> None:
    """Entries are written and read by position."""
    columns = [column.name for column in tables.traffic.c]
    assert columns == ["tenant", "id", *NewEntry._fields[1:]]
    assert tuple(columns[1:]) == Entry._fields


def note(fresh: FreshTenant, *new: NewEntry, most: int = 1000, at: int | None = None) -> None:
    moment = to_micros(real_now()) if at is None else at
    with fresh.store.begin() as db:
        entries.add(db, fresh.tenant, [(moment, each) for each in new], most)


def calls(fresh: FreshTenant, *texts: str) -> list[NewEntry]:
    return [
        build_entry(fresh.tenant, NOON + timedelta(seconds=index), "call", account=1, method="send-sms", text=text,
             request={"message": text})
        for index, text in enumerate(texts)
    ]  # fmt: skip


def matching_ids(fresh: FreshTenant, **asked: object) -> list[int]:
    """Return the ids of the entries that a filter finds."""
    with fresh.store.begin() as db:
        asking = EntryFilter(**asked)  # type: ignore[arg-type]
        rows = queries.list_page(db, fresh.tenant, asking, ALL).rows
        assert queries.count(db, fresh.tenant, asking) == len(rows)
    return [each.id for each in rows]


def test_no_entry_is_listed_as_new_twice(fresh: FreshTenant) -> None:
    """Another process may write entries in between: after this one has read the last id, before it reads them."""
    note(fresh, *calls(fresh, "one", "two", "three"))
    with fresh.store.begin() as db:
        read, position, is_last = queries.list_new(db, fresh.tenant, 0, last=2, most=10)
        assert ([each.id for each in read], position, is_last) == ([1, 2, 3], 3, True)
        assert queries.list_new(db, fresh.tenant, position, last=3, most=10) == ([], 3, True)
        read, position, is_last = queries.list_new(db, fresh.tenant, 0, last=3, most=2)
        assert ([each.id for each in read], position, is_last) == ([1, 2], 2, False)
        assert queries.list_new(db, fresh.tenant, 3, last=7, most=10) == ([], 7, True)  # four were lost or cleared


def test_an_entry_reads_back_as_it_was_written(fresh: FreshTenant) -> None:
    new = build_entry(
        fresh.tenant, NOON, "call", account=54911, method="send-sms", numbers=("61491570156", "61491570112"),
        code="SUCCESS", status=200, rule="fault 3", took=1234, message=340000001, verb="POST", url="/send-sms.json",
        text="Grüße", request={"message": "Grüße", "to": "61491570156"}, reply='{"a":1}', error="no", hints=("a",),
    )  # fmt: skip
    note(fresh, new)
    with fresh.store.begin() as db:
        read = queries.read(db, fresh.tenant, 1)
        assert queries.read(db, fresh.tenant, 2) is None
    assert read == Entry(
        1, NOON, "call", 54911, "send-sms", ["61491570156", "61491570112"], "SUCCESS", 200, "fault 3", 1234, 340000001,
        "POST", "/send-sms.json", "Grüße", {"message": "Grüße", "to": "61491570156"}, '{"a":1}', "no", ["a"], False,
    )  # fmt: skip


def test_impossible_characters_are_replaced_and_long_values_are_cut(fresh: FreshTenant) -> None:
    strange = "a\x00b\ud800c"
    long = "x" * (entries.MAX_VALUE_CHARS + 1)
    many = {f"f{index}": "y" * 5000 for index in range(20)}
    note(
        fresh,
        build_entry(fresh.tenant, NOON, "call", text=strange, request={"m": strange, strange: "n"}, hints=[strange],
             url=strange, reply=strange, error=strange, method=strange),
        build_entry(fresh.tenant, NOON, "call", request={"m": long}),
        build_entry(fresh.tenant, NOON, "call", request=many),
        build_entry(fresh.tenant, NOON, "call", reply="z" * (entries.MAX_REPLY_CHARS + 1)),
    )  # fmt: skip
    with fresh.store.begin() as db:
        odd, one, several, reply = queries.list_next(db, fresh.tenant, EntryFilter(), 10)
    assert (odd.text, odd.url, odd.reply, odd.hints) == ("a\ufffdb\ufffdc",) * 3 + (["a\x00b\ufffdc"],)
    assert odd.request["m"] == "a\x00b\ufffdc"
    assert not odd.cut
    assert one.request["m"] == "x" * (entries.MAX_VALUE_CHARS - 1) + "…"
    assert sum(map(len, several.request.values())) <= entries.MAX_REQUEST_CHARS
    assert len(reply.reply) == entries.MAX_REPLY_CHARS
    assert one.cut
    assert several.cut
    assert reply.cut


def test_entries_are_filtered(fresh: FreshTenant) -> None:
    mobile, number = "61491570156", "61491570112"
    note(
        fresh,
        build_entry(
            fresh.tenant,
            NOON,
            "call",
            method="send-sms",
            numbers=(mobile,),
            code="SUCCESS",
            text="50% off",
            request={"a": "50%"},
        ),
        build_entry(
            fresh.tenant, NOON + timedelta(seconds=1), "call", method="get-sms", code="NOT_FOUND", rule="fault 12"
        ),
        build_entry(
            fresh.tenant,
            NOON + timedelta(seconds=2),
            "inbound",
            method="reply",
            numbers=(mobile, number),
            text="Grüße Über",
        ),
        build_entry(
            fresh.tenant,
            NOON + timedelta(seconds=3),
            "call",
            method="send-sms",
            numbers=("6149157015",),
            request={"a": 'x","b":"y'},
        ),
    )
    assert matching_ids(fresh) == [4, 3, 2, 1]
    assert matching_ids(fresh, kind="inbound") == [3]
    assert matching_ids(fresh, method="send-sms") == [4, 1]
    assert matching_ids(fresh, numbers=(mobile,)) == [3, 1]
    assert matching_ids(fresh, numbers=("0", number)) == [3]
    assert matching_ids(fresh, code="NOT_FOUND") == [2]
    assert matching_ids(fresh, text="% OFF") == [1]
    assert matching_ids(fresh, text="_") == []
    assert matching_ids(fresh, text="ber") == [3]
    assert matching_ids(fresh, rule="FAULT 1") == [2]
    assert matching_ids(fresh, after=2) == [4, 3]
    assert matching_ids(fresh, since=NOON + timedelta(seconds=1), until=NOON + timedelta(seconds=2)) == [3, 2]
    assert matching_ids(fresh, params={"a": "50%"}) == [1]
    assert matching_ids(fresh, params={"a": "50"}) == []
    assert matching_ids(fresh, params={"A": "50%"}) == []
    assert matching_ids(fresh, params={"b": "y"}) == []
    assert matching_ids(fresh, params={"a": 'x","b":"y'}) == [4]
    assert matching_ids(fresh, kind="call", method="send-sms", after=1) == [4]


def test_the_oldest_are_dropped_and_counted(fresh: FreshTenant) -> None:
    for batch in range(4):
        note(fresh, *calls(fresh, *(f"{batch} {index}" for index in range(3))), most=5)
    with fresh.store.begin() as db:
        assert queries.count_dropped(db, fresh.tenant) == 7
        assert queries.find_bounds(db, fresh.tenant).last == 12
    assert matching_ids(fresh) == [12, 11, 10, 9, 8]
    note(fresh, *calls(fresh, *map(str, range(20))), most=5)
    assert matching_ids(fresh) == [32, 31, 30, 29, 28]
    with fresh.store.begin() as db:
        assert queries.count_dropped(db, fresh.tenant) == 27


def test_few_deletions_search_from_the_first_id_on(fresh: FreshTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    deleted: list[object] = []
    monkeypatch.setattr(entries, "write_later", lambda _, statement, *__: deleted.append(statement))
    for _ in range(100):
        note(fresh, *calls(fresh, *"0123456789"), most=5)
    assert deleted.count(entries._DELETE) == 2
    assert deleted.count(entries._DELETE_NEAR) == 98


@pytest.mark.parametrize("restarted_with", [3, 600])
def test_entries_are_deleted_after_the_limit_changed(fresh: FreshTenant, restarted_with: int) -> None:
    for _ in range(70):
        note(fresh, *calls(fresh, *"0123456789"), most=650)
    for _ in range(100):
        note(fresh, *calls(fresh, *"0123456789"), most=restarted_with)
    assert matching_ids(fresh) == [*range(1700, 1700 - restarted_with, -1)]


def test_ids_continue_after_clearing_and_the_dropped_count_is_reset(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        assert queries.clear(db, fresh.tenant) == 0
        assert queries.find_bounds(db, fresh.tenant).last == 0
    note(fresh, *calls(fresh, "a", "b", "c"), most=2)
    early = to_micros(real_now())
    with fresh.store.begin() as db:
        assert queries.clear(db, fresh.tenant) == 2
        assert queries.count_dropped(db, fresh.tenant) == 0
        assert queries.find_bounds(db, fresh.tenant).last == 3
    note(fresh, *calls(fresh, "noted before it was cleared"), at=early)
    note(fresh, *calls(fresh, "d", "e", "f"), most=2)
    assert matching_ids(fresh) == [6, 5]
    with fresh.store.begin() as db:
        assert queries.count_dropped(db, fresh.tenant) == 1


def test_a_deleted_or_reset_tenant_gets_no_old_entries(fresh: FreshTenant) -> None:
    other = make_tenant(fresh.store, "other", "secret", name="other")
    early = to_micros(real_now())
    with fresh.store.begin() as db:
        tenants.remove(db, other.tenant)
        tenants.empty(db, fresh.tenant)
        entries.begin(db, fresh.tenant)
    note(other, *calls(other, "gone"))
    note(fresh, *calls(fresh, "of a tenant before"), at=early)
    assert matching_ids(fresh) == matching_ids(other) == []
    note(fresh, *calls(fresh, "of this one"))
    assert matching_ids(fresh) == [1]


def test_an_entry_without_a_time_has_that_of_its_recording(fresh: FreshTenant) -> None:
    moment = real_now()
    note(fresh, build_entry(None, None, "call"), at=to_micros(moment))
    with fresh.store.begin() as db:
        (read,) = queries.list_next(db, fresh.tenant, EntryFilter(), 5)
    assert read.at == moment


@pytest.fixture
def neighbour(store: Store, fresh: FreshTenant) -> FreshTenant:
    return make_tenant(store, "other", "secret", name="other")


def test_tenants_see_their_own_entries_numbered_by_themselves(fresh: FreshTenant, neighbour: FreshTenant) -> None:
    note(fresh, *calls(fresh, "a", "b"))
    note(neighbour, *calls(neighbour, "c"))
    assert matching_ids(fresh) == [2, 1]
    assert matching_ids(neighbour) == [1]
    with fresh.store.begin() as db:
        queries.clear(db, neighbour.tenant)
    assert matching_ids(fresh) == [2, 1]


def test_sent_messages_are_filtered_as_entries_are(fresh: FreshTenant, neighbour: FreshTenant) -> None:
    with fresh.store.begin() as db:
        message, first = send(db, fresh, HANDSETS[:2], status="sent", text="Hello")
        send(db, fresh, HANDSETS[:1], text="not sent yet", status="scheduled")
        send(db, neighbour, HANDSETS[:1], status="sent")

        def ids(**asked: object) -> list[int]:
            rows = sent_messages.list_page(db, fresh.tenant, EntryFilter(**asked), ALL).rows  # type: ignore[arg-type]
            assert all(each.kind == "message" and each.message == message for each in rows)
            return [each.id for each in rows]

        assert ids() == [first + 1, first]
        assert ids(numbers=HANDSETS[:1]) == [first]
        assert ids(numbers=("61491570112",)) == [first + 1, first]
        assert ids(code="delivered") == []
        assert ids(code="pending", text="ELL") == [first + 1, first]
        assert ids(params={"to": HANDSETS[1], "text": "Hello", "from": "61491570112"}) == [first + 1]
        assert ids(params={"text": "hello"}) == []
        assert ids(after=first) == [first + 1]
        assert (ids(message=message), ids(message=message + 1)) == ([first + 1, first], [])
        assert ids(since=NOON + timedelta(seconds=1)) == []


def test_refused_credentials_do_not_displace_other_entries(fresh: FreshTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such entries have their own limit."""
    monkeypatch.setattr(entries, "MAX_REFUSED_CALLS", 3)
    good = [each._replace(code="SUCCESS") for each in calls(fresh, *(f"good {number}" for number in range(8)))]
    bad = [each._replace(code="AUTH_FAILED") for each in calls(fresh, *["bad"] * 50)]
    note(fresh, *good[:4], most=5)
    for each in bad:
        note(fresh, each, most=5)
    assert matching_ids(fresh, text="good") == [4, 3, 2, 1]
    assert matching_ids(fresh, text="bad") == [54, 53, 52]
    note(fresh, *good[4:], most=5)
    assert matching_ids(fresh, text="good") == [58, 57, 56, 55, 4]
    assert matching_ids(fresh, text="bad") == [54, 53, 52]
