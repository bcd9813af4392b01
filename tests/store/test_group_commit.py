"""Group commit: many pieces of work in one transaction are as if each had one of its own."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from sms_sandbox.services import ledger
from sms_sandbox.store import accounts, balances, group_runner, ids, opt_outs, tenant_rows, transactions
from sms_sandbox.store.database import Store
from sms_sandbox.store.pieces import Piece
from sms_sandbox.store.schema import open_store
from sms_sandbox.store.unit_of_work import scope, write_all_later
from tests.conftest import FreshTenant, make_tenant
from tests.store.example_rows import HANDSETS, NOON
from tests.store.group_work import run_pieces
from tests.timing import DEADLINE_SECONDS


class UndoneError(Exception):
    pass


STEP = st.one_of(
    st.tuples(st.just("take ids"), st.integers(1, 3)),
    st.tuples(st.just("charge"), st.sampled_from([1, 7_000, 60_000_000])),
    st.tuples(st.sampled_from(["opt out", "set price", "balance", "fail", "bad row", "fail inside"])),
)
WORK = st.lists(st.lists(STEP, max_size=4), max_size=8)
"""Pieces of work, each a few steps, some of which fail."""


def do(db: Connection, tenant: FreshTenant, steps: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Do the steps of a piece, and return the result of each."""
    results: list[Any] = []
    account = accounts.read(db, tenant.tenant, tenant.account.id)
    assert account is not None
    for what, *args in steps:
        match what:
            case "take ids":
                results.append(ids.take(db, tenant.tenant, "message", args[0]))
            case "charge":
                results.append(ledger.charge(db, account, args[0], transactions.FEE, "test", NOON))
            case "opt out":
                opt_outs.add(db, tenant.tenant, account.id, HANDSETS[0])
                results.append(opt_outs.find(db, tenant.tenant, account.id, HANDSETS))
            case "set price":
                accounts.change(db, tenant.tenant, account.id, {"price": account.price + 1})
            case "balance":
                results.append(balances.read(db, tenant.tenant, account.id))
            case "fail":
                raise UndoneError
            case "fail inside":
                results.append(fail_inside(db, tenant))
            case "bad row":
                write_all_later(db, transactions._ADD, [(None,) * 10])
    return results


def fail_inside(db: Connection, tenant: FreshTenant) -> str:
    try:
        with scope(db):
            ids.take(db, tenant.tenant, "message", 5)
            ledger.book(db, tenant.tenant, tenant.account.id, -9, transactions.FEE, "test", NOON)
            do(db, tenant, [("fail",)])
    except UndoneError:
        return "undone"
    return "done"


def kind_of(error: BaseException) -> object:
    """Return the kind of an error. A row may be refused when it is written alone or with others, by other classes."""
    return type(error) if isinstance(error, UndoneError) else "refused by the database"


def compared(results: Sequence[Any], work: Sequence[Sequence[tuple[Any, ...]]]) -> list[Any]:
    """Return the results of pieces, in a form to compare."""
    doomed = [{("bad row",), ("fail",)} <= set(steps) for steps in work]
    return [
        "failed" if doubly and (each is UndoneError or each == "refused by the database") else each
        for each, doubly in zip(results, doomed, strict=True)
    ]


def run_together(store: Store, pieces: Sequence[Callable[[Connection], Any]], tenant: int) -> list[Any]:
    """Run pieces as the store does. Returns the result, or the kind of error, of each."""
    if store.embedded:
        results = asyncio.run(run_in_one_turn(store, pieces, tenant))
        return [kind_of(each) if isinstance(each, BaseException) else each for each in results]

    async def futures() -> list[Piece]:
        loop = asyncio.get_running_loop()
        return [Piece(work, [tenant], loop.create_future()) for work in pieces]

    waiting = asyncio.run(futures())
    run_pieces(store, waiting[:2], waiting[2:5], waiting[5:])
    return [piece.result if piece.error is None else kind_of(piece.error) for piece in waiting]


async def run_in_one_turn(store: Store, pieces: Sequence[Callable[[Connection], Any]], tenant: int) -> list[Any]:
    return await asyncio.gather(*(store.run(work, [tenant]) for work in pieces), return_exceptions=True)


def run_alone(store: Store, pieces: Sequence[Callable[[Connection], Any]]) -> list[Any]:
    """Run each piece in a transaction of its own."""
    results: list[Any] = []
    for work in pieces:
        try:
            with store.begin() as db:
                result = work(db)
            results.append(result)
        except Exception as error:  # noqa: BLE001 (compared with what the group tells)
            results.append(kind_of(error))
    return results


def stored(store: Store, tenant: int) -> dict[str, list[Any]]:
    """Return the rows of the tenant, without what is different in each tenant: its key and the times of its making."""
    with store.begin() as db:
        rows = tenant_rows.read(db, tenant)
    names = ("counters", "accounts", "transactions", "optouts")
    return {name: [{**row, "key": None, "created": None} for row in rows[name]] for name in names}


numbers = iter(range(10**9))


def two_tenants(store: Store) -> tuple[FreshTenant, FreshTenant]:
    """Make two tenants that differ in nothing but their key."""
    name = f"law-{next(numbers)}"
    return tuple(make_tenant(store, f"{name}-{n}", name=f"{name}-{n}") for n in "ab")  # type: ignore[return-value]


@settings(max_examples=40)
@given(WORK)
def test_work_in_one_transaction_is_as_if_each_piece_had_its_own(store: Store, work: list[list[Any]]) -> None:
    together, alone = two_tenants(store)
    pieces = [lambda db, steps=steps: do(db, together, steps) for steps in work]
    singles = [lambda db, steps=steps: do(db, alone, steps) for steps in work]
    assert compared(run_together(store, pieces, together.tenant), work) == compared(run_alone(store, singles), work)
    assert stored(store, together.tenant) == stored(store, alone.tenant)


@pytest.fixture
def second(store: Store) -> Iterator[Store]:
    """A second store on the same database, as another process has it."""
    other = open_store(store.engine.url.render_as_string(hide_password=False))
    yield other
    other.close()


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
@settings(max_examples=25)
@given(st.lists(st.tuples(st.booleans(), WORK), max_size=5))
def test_two_processes_with_caches_are_as_good_as_one(
    store: Store, second: Store, turns: list[tuple[bool, list[list[Any]]]]
) -> None:
    together, alone = two_tenants(store)
    results: list[Any] = []
    for is_second, work in turns:
        pieces = [lambda db, steps=steps: do(db, together, steps) for steps in work]
        results += run_together(second if is_second else store, pieces, together.tenant)
    everything = [steps for _, work in turns for steps in work]
    singles = [lambda db, steps=steps: do(db, alone, steps) for steps in everything]
    assert compared(results, everything) == compared(run_alone(store, singles), everything)
    assert stored(store, together.tenant) == stored(store, alone.tenant)


@pytest.mark.anyio
async def test_work_that_waits_is_committed_once(fresh: FreshTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_runner, "MAX_SECONDS", 60.0)
    commits: list[object] = []
    commit = fresh.store._begin_group

    def begin(tenants: Any) -> Any:
        commits.append(tenants)
        return commit(tenants)

    fresh.store._group._begin = begin
    begun, held = threading.Event(), threading.Event()

    def block(_: Connection) -> bool:
        begun.set()
        return held.wait(DEADLINE_SECONDS)

    if not fresh.store.embedded:  # so that the others wait
        blocked = asyncio.ensure_future(fresh.store.run(block))
        assert await asyncio.to_thread(begun.wait, DEADLINE_SECONDS)
    works = [fresh.store.run(lambda db: ids.take(db, fresh.tenant, "message"), [fresh.tenant]) for _ in range(10)]
    tasks = [asyncio.ensure_future(work) for work in works]
    await asyncio.sleep(0)
    held.set()
    assert sorted(await asyncio.gather(*tasks)) == list(range(ids.FIRST["message"], ids.FIRST["message"] + 10))
    if not fresh.store.embedded:
        await blocked
    assert len(commits) == (1 if fresh.store.embedded else 2)


@pytest.mark.anyio
@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_work_that_only_reads_does_not_wait_for_a_turn_of_the_loop(fresh: FreshTenant) -> None:
    turns: list[str] = []
    asyncio.get_running_loop().call_soon(turns.append, "a turn")
    assert await fresh.store.run(lambda db: balances.read(db, fresh.tenant, fresh.account.id)) == 100_000_000
    with pytest.raises(UndoneError):
        await fresh.store.run(lambda db: do(db, fresh, [("fail",)]))
    assert not turns
    await fresh.store.run(lambda db: ids.take(db, fresh.tenant, "message"))
    assert turns


@pytest.mark.anyio
@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_work_that_reads_after_a_write_in_its_turn_waits_for_the_commit(fresh: FreshTenant) -> None:
    written = fresh.store.run(lambda db: ids.take(db, fresh.tenant, "message"))
    read = fresh.store.run(lambda db: ids.take(db, fresh.tenant, "message", 0))
    assert isinstance(read, asyncio.Future)
    assert not read.done()
    with fresh.store.begin():  # another transaction commits the turn first
        assert read.done()
    assert [await written, await read] == [ids.FIRST["message"], ids.FIRST["message"] + 1]


@pytest.mark.anyio
@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_nested_work_is_refused(fresh: FreshTenant) -> None:
    def nested(db: Connection) -> None:
        ids.take(db, fresh.tenant, "message")
        fresh.store.run(lambda _: None, [])

    with pytest.raises(RuntimeError, match="inside of other work"):
        await fresh.store.run(nested)
    assert await fresh.store.run(lambda db: ids.take(db, fresh.tenant, "message")) == ids.FIRST["message"]


@pytest.mark.anyio
async def test_a_transaction_takes_no_more_than_it_can_do_in_time(
    fresh: FreshTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_runner, "MAX_SECONDS", 0.0)
    monkeypatch.setattr(group_runner, "MAX_PIECES", 3)
    works = [fresh.store.run(lambda db: ids.take(db, fresh.tenant, "message")) for _ in range(7)]
    assert len(set(await asyncio.gather(*works))) == 7


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_work_continues_after_the_connection_was_lost(fresh: FreshTenant) -> None:
    async def run() -> None:
        take = lambda db: ids.take(db, fresh.tenant, "message")  # noqa: E731
        await fresh.store.run(take)
        with fresh.store.begin() as db:
            db.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                    " AND datname = current_database()"
                )
            )
        assert await fresh.store.run(take) == ids.FIRST["message"] + 1

    asyncio.run(run())


@pytest.mark.anyio
@pytest.mark.parametrize("pieces", [1, 3])
async def test_a_database_that_takes_no_connection_fails_the_work_and_nothing_else(
    fresh: FreshTenant, monkeypatch: pytest.MonkeyPatch, pieces: int
) -> None:
    def refuse(_: object) -> None:
        raise ConnectionRefusedError

    with monkeypatch.context() as down:
        down.setattr(fresh.store._group, "_begin", refuse)
        async with asyncio.timeout(DEADLINE_SECONDS):
            works = [fresh.store.run(lambda _: None) for _ in range(pieces)]
            errors = await asyncio.gather(*works, return_exceptions=True)
    assert [type(error) for error in errors] == [ConnectionRefusedError] * pieces
    async with asyncio.timeout(DEADLINE_SECONDS):
        assert await fresh.store.run(lambda _: "works again") == "works again"
