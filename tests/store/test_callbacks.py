"""Callbacks and their attempts."""

from datetime import datetime

import pytest
from sqlalchemy import Connection

from sms_sandbox.store import callbacks, timeline
from sms_sandbox.store.callbacks import DELIVERED, GIVEN_UP, WAITING, NewCallback, Outcome
from sms_sandbox.store.paging import FIRST_PAGE, Paging
from sms_sandbox.store.timeline import Plan
from tests.conftest import FreshTenant
from tests.store.example_rows import HANDSETS, NOON, seconds, stand


def new(event: str = "dlr", message: int = 340000001, msisdn: str = HANDSETS[0], after: float = 0) -> NewCallback:
    return NewCallback(54911, event, "http://localhost/?a=1", "abc", message, msisdn, NOON + seconds(after))


def make(fresh: FreshTenant, *each: NewCallback) -> int:
    with fresh.store.begin() as db:
        return callbacks.add(db, fresh.tenant, each)


def test_a_callback_reads_back_as_it_was_added(fresh: FreshTenant) -> None:
    first = make(fresh, new(), new("reply", after=5))
    with fresh.store.begin() as db:
        one, two = (callbacks.read(db, fresh.tenant, first + index) for index in (0, 1))
        assert callbacks.read(db, fresh.tenant, first + 2) is None
    assert one is not None
    assert two is not None
    assert (one.id, one.account, one.event, one.url, one.signature, one.message, one.msisdn) == (
        first, 54911, "dlr", "http://localhost/?a=1", "abc", 340000001, HANDSETS[0],
    )  # fmt: skip
    assert (one.state, one.attempts, one.created, one.next_due) == (WAITING, 0, NOON, None)
    assert (two.event, two.created) == ("reply", NOON + seconds(5))


def test_a_callback_knows_when_its_next_attempt_is_due(fresh: FreshTenant) -> None:
    made = make(fresh, new())
    with fresh.store.begin() as db:
        stand(db, fresh.tenant)
        timeline.schedule(
            db, fresh.tenant, [Plan(NOON + seconds(60), timeline.CALLBACK, made), Plan(NOON, "send", made)]
        )
        callback = callbacks.read(db, fresh.tenant, made)
    assert callback is not None
    assert callback.next_due == NOON + seconds(60)


def begin(db: Connection, fresh: FreshTenant, callback: int, at: datetime) -> int:
    """Begin the next attempt of a callback, and return its moment of real time."""
    target = callbacks.find_targets(db, [(fresh.tenant, callback)])[fresh.tenant, callback]
    return callbacks.begin_attempt(db, fresh.tenant, target, at).began


def test_attempts_are_numbered_and_end(fresh: FreshTenant) -> None:
    made = make(fresh, new(), new())
    with fresh.store.begin() as db:
        key = (fresh.tenant, made)
        target = callbacks.begin_attempt(db, fresh.tenant, callbacks.find_targets(db, [key])[key], NOON)
        assert target == (made, 1, "http://localhost/?a=1", "abc", target.began)
        assert callbacks.find_targets(db, [key]) == {key: target._replace(began=0)}
        assert callbacks.begin_attempt(db, fresh.tenant, target, NOON + seconds(60)).attempts == 2
        ended_first = Outcome(fresh.tenant, made, 1, target.began, NOON, 500, "answered 500", 1234, "oops é")
        callbacks.end_attempt(db, ended_first)
        attempts = callbacks.attempts_of(db, fresh.tenant, [made, made + 1])
        callback = callbacks.read(db, fresh.tenant, made)
    assert callback is not None
    assert callback.attempts == 2
    assert attempts[made + 1] == []
    ended, under_way = attempts[made]
    assert (ended.number, ended.at, ended.status, ended.error, ended.latency, ended.answer) == (
        1, NOON, 500, "answered 500", 1234, "oops é",
    )  # fmt: skip
    assert (under_way.number, under_way.at, under_way.status, under_way.error, under_way.latency) == (
        2, NOON + seconds(60), None, None, None,
    )  # fmt: skip


def test_a_deleted_callback_is_not_attempted(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        assert callbacks.find_targets(db, [(fresh.tenant, 99)]) == {}
        assert callbacks.attempts_of(db, fresh.tenant, [99]) == {99: []}
        assert callbacks.attempts_of(db, fresh.tenant, []) == {}


def test_the_outcome_of_an_attempt_from_before_a_reset_is_ignored(fresh: FreshTenant) -> None:
    made = make(fresh, new())
    with fresh.store.begin() as db:
        began = begin(db, fresh, made, NOON)
        unknown = [
            Outcome(fresh.tenant, made, 1, began - 1, NOON, 200, None, 1, ""),  # at the same moment of a frozen clock
            Outcome(fresh.tenant, made, 2, began, NOON, 200, None, 1, ""),
            Outcome(fresh.tenant + 1, made, 1, began, NOON, 200, None, 1, ""),
        ]
        known = Outcome(fresh.tenant, made, 1, began, NOON, 200, None, 1, "")
        assert callbacks.find_attempted(db, unknown) == {}
        assert callbacks.find_attempted(db, []) == {}
        attempted = callbacks.find_attempted(db, [*unknown, known] * 6)  # more than one run of the statement takes
        assert {key: each.id for key, each in attempted.items()} == {(fresh.tenant, made, 1): made}


@pytest.mark.parametrize("state", [DELIVERED, GIVEN_UP])
def test_the_state_of_one_callback_changes_alone(fresh: FreshTenant, state: str) -> None:
    made = make(fresh, new(), new())
    with fresh.store.begin() as db:
        callbacks.set_state(db, fresh.tenant, made, state)
        page = callbacks.list_page(db, fresh.tenant, FIRST_PAGE)
    assert [each.state for each in page.rows] == [WAITING, state]


def test_callbacks_are_filtered_and_paged_newest_first(fresh: FreshTenant) -> None:
    first = make(fresh, new(), new("reply"), new(message=2), new(msisdn=HANDSETS[1]))
    every = [first + index for index in range(4)]
    with fresh.store.begin() as db:
        callbacks.set_state(db, fresh.tenant, every[2], DELIVERED)

        def find_ids(**wanted: object) -> list[int]:
            page = callbacks.list_page(db, fresh.tenant, FIRST_PAGE, **wanted)  # type: ignore[arg-type]
            assert page.total == len(page.rows)
            return [each.id for each in page.rows]

        assert find_ids() == every[::-1]
        one = callbacks.read(db, fresh.tenant, every[1])
        assert one is not None
        assert one.id == every[1]
        assert find_ids(event="reply") == [every[1]]
        assert find_ids(message=2) == [every[2]]
        assert find_ids(msisdn=HANDSETS[1]) == [every[3]]
        assert find_ids(state=DELIVERED) == [every[2]]
        assert find_ids(state=DELIVERED, event="reply") == []
        assert callbacks.list_page(db, fresh.tenant + 1, FIRST_PAGE).rows == []
        second = callbacks.list_page(db, fresh.tenant, Paging(2, 3))
    assert ([each.id for each in second.rows], second.total) == ([first], 4)


def test_impossible_characters_do_not_prevent_the_record_of_an_outcome(fresh: FreshTenant) -> None:
    made = make(fresh, new())
    with fresh.store.begin() as db:
        began = begin(db, fresh, made, NOON)
        callbacks.end_attempt(db, Outcome(fresh.tenant, made, 1, began, NOON, None, "no\x00 \udcff", 1, "o\x00"))
        (ended,) = callbacks.attempts_of(db, fresh.tenant, [made])[made]
    assert (ended.error, ended.answer) == ("no\ufffd \ufffd", "o\ufffd")
