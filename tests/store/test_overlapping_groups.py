"""On PostgreSQL, a group of work begins while the group before it is committed."""

from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import Connection

from sms_sandbox.store import group_runner, ids
from sms_sandbox.store.group_runner import GroupRunner
from sms_sandbox.store.pieces import Piece
from sms_sandbox.store.shared_transaction import SharedTransaction
from sms_sandbox.store.statement import Statement
from sms_sandbox.store.tables import transactions
from sms_sandbox.store.unit_of_work import write_all_later
from tests.conftest import FreshTenant
from tests.store.group_work import run_pieces

pytestmark = pytest.mark.parametrize("store", ["postgresql"], indirect=True)

FIRST = ids.FIRST["message"]

BAD = Statement(
    "INSERT INTO transactions (tenant, id) VALUES (:tenant, :id + length(CAST(pg_sleep(0.05) AS text)))",
    table=transactions,
)
"""A row that the database refuses, but only after it was sent with its commit."""


def take(tenant: FreshTenant) -> Callable[[Connection], int]:
    return lambda db: ids.take(db, tenant.tenant, "message")


def take_and_fail(tenant: FreshTenant) -> Callable[[Connection], int]:
    """Return work whose row the database refuses when it is written with the commit."""

    def work(db: Connection) -> int:
        write_all_later(db, BAD, [(tenant.tenant, 1)])
        return ids.take(db, tenant.tenant, "message")

    return work


def pieces_of(tenant: FreshTenant, *works: Callable[[Connection], object]) -> list[Piece]:
    return [Piece(work, [tenant.tenant]) for work in works]


def results(pieces: Sequence[Piece]) -> list[object]:
    return [piece.result if piece.error is None else type(piece.error).__name__ for piece in pieces]


def test_a_group_begins_before_the_commit_is_answered(fresh: FreshTenant) -> None:
    seen: list[bool] = []

    def look(db: Connection) -> int:
        seen.append(runner.is_committing)
        return ids.take(db, fresh.tenant, "message")

    runner = GroupRunner(fresh.store._begin_group, lambda *_: None, lambda: None)
    run_pieces(fresh.store, pieces_of(fresh, take(fresh)))  # so that the tenant is cached
    for works in ([take(fresh), take(fresh)], [look, look]):
        runner.waiting.extend(pieces_of(fresh, *works))
        runner.run()
    assert seen == [True, True]
    assert runner.finish_commit()
    with fresh.store.begin() as db:
        assert ids.take(db, fresh.tenant, "message") == FIRST + 5


def test_work_after_a_failed_commit_runs_again_after_its_pieces(fresh: FreshTenant) -> None:
    first = pieces_of(fresh, take_and_fail(fresh), take(fresh))
    second = pieces_of(fresh, take(fresh), take(fresh))
    run_pieces(fresh.store, first, second)
    assert results([*first, *second]) == ["NotNullViolation", FIRST, FIRST + 1, FIRST + 2]
    with fresh.store.begin() as db:
        assert ids.take(db, fresh.tenant, "message") == FIRST + 3


def test_work_without_a_statement_waits_for_the_commit_before(fresh: FreshTenant) -> None:
    ended: list[Piece] = []
    runner = GroupRunner(fresh.store._begin_group, lambda pieces, _: ended.extend(pieces), lambda: None)
    writing, idle = pieces_of(fresh, take(fresh), take(fresh)), [Piece(lambda _: "done", []) for _ in range(2)]
    for group in (writing, idle):
        runner.waiting.extend(group)
        runner.run()
    assert ended == writing
    runner.finish_commit()
    assert ended == [*writing, *idle]


@pytest.mark.parametrize("fails", [True, False])
def test_work_joins_a_group_that_waits_for_the_commit_before(
    fresh: FreshTenant, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    left = pieces_of(fresh, *[take(fresh)] * 3)
    joining = list(left)
    ended: list[Piece] = []
    runner = GroupRunner(
        fresh.store._begin_group, lambda pieces, _: ended.extend(pieces), lambda: left.pop(0) if left else None
    )
    monkeypatch.setattr(SharedTransaction, "is_answered", lambda *_: not left)
    monkeypatch.setattr(group_runner, "MAX_SECONDS", 60.0)  # on a busy machine, the work may take long
    first = pieces_of(fresh, take_and_fail(fresh) if fails else take(fresh), take(fresh))
    second = pieces_of(fresh, take(fresh))
    for group in (first, second):
        runner.waiting.extend(group)
        runner.run()
    assert not left
    while runner.waiting or runner.is_committing:
        runner.run()
        runner.finish_commit()
    everything = [*first, *second, *joining]
    assert ended == everything
    taken = [*range(FIRST, FIRST + 6 - fails)]
    assert results(everything) == ["NotNullViolation", *taken] if fails else taken
