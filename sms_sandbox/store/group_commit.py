"""Group commit: one transaction carries all the work that waits, and is committed once.

No work waits for a fuller transaction: alone, it has one of its own. Work that raises is undone alone.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic, perf_counter_ns
from typing import Any, TypeVar

from sqlalchemy import Connection

from ..domain.histogram import Histogram
from .failures import is_lock_timeout
from .pieces import Piece, settle_all
from .shared_transaction import StaleCacheError
from .tenant_versions import TenantBusyError
from .unit_of_work import has_failed, scope

log = logging.getLogger(__name__)

T = TypeVar("T")

MAX_PIECES = 64
"""Pieces of work in one transaction."""

MAX_SECONDS = 0.02
"""Time after which a transaction takes no more work. Its finished work must not wait for the rest."""


MAX_LOCK_SECONDS = 5.0
"""Longest wait for a tenant that another process keeps locked. Then the work fails."""

_LOCK_PAUSE_SECONDS = 1.0
"""Pause before a locked tenant is tried again. Each attempt may hold up other work for `LOCK_TIMEOUT_MS`."""

CHECK_SECONDS = 0.01
"""Time between two looks for work, while other processes hold up everything that waits."""


class Figures:
    """Figures of transactions."""

    def __init__(self) -> None:
        self.sizes = Histogram()
        """Pieces of work that transactions have done."""
        self.times = Histogram()
        """Times of transactions, in microseconds."""

    def count(self, pieces: int, began: int) -> None:
        """Count a transaction that began at a moment of `perf_counter_ns`."""
        self.sizes.add(pieces)
        self.times.add((perf_counter_ns() - began) // 1000)


BeginTransaction = Callable[[Collection[int]], Any]
"""Begins a transaction with some tenants locked."""


def run_group(begin: BeginTransaction, waiting: "deque[Piece]", blocked: dict[int, float]) -> list[Piece]:
    """Run waiting pieces in one transaction, and return those that are done. Leaves the others waiting.

    If the transaction fails as a whole, each of its pieces runs again, in a transaction of its own. `blocked` has the
    tenants that another process keeps locked, with the moment to try again: only their pieces wait.
    """
    pieces, given_up = _choose(waiting, blocked)
    if len(pieces) <= 1:
        return [*given_up, *(_run_alone(begin, pieces[0], waiting, blocked) if pieces else ())]
    tenants: Collection[int] = {tenant for piece in pieces for tenant in piece.tenants}
    while True:
        transaction = None
        try:
            transaction = begin(tenants)
            done, again = _run_together(transaction, pieces, blocked)
        except Exception as error:
            if transaction is None:
                return [*given_up, *_fail_all([*pieces, *_take_all(waiting)], error)]
            if transaction.is_uncertain:
                return [*given_up, *_fail_all(pieces, error)]
            if isinstance(error, StaleCacheError):
                continue  # nothing of these tenants is cached any more
            if tenants and is_lock_timeout(error):
                tenants = ()  # so that each piece shows if its tenant is locked elsewhere
                continue
            log.debug("A transaction failed as a whole, so its parts run again one by one.", exc_info=error)
            waiting.extendleft(reversed(pieces[1:]))
            return [*given_up, *_run_alone(begin, pieces[0], waiting, blocked)]
        waiting.extendleft(reversed(again))
        return [*given_up, *done]


def _choose(waiting: "deque[Piece]", blocked: dict[int, float]) -> tuple[list[Piece], list[Piece]]:
    """Remove from `waiting` the pieces that can run now, and those that waited too long."""
    if not blocked:
        return [waiting.popleft() for _ in range(min(len(waiting), MAX_PIECES))], []
    now = monotonic()
    for tenant in [tenant for tenant, until in blocked.items() if until <= now]:
        del blocked[tenant]
    ready: list[Piece] = []
    given_up, held = ready.copy(), ready.copy()
    while waiting and len(ready) < MAX_PIECES:
        piece = waiting.popleft()
        busy = next((tenant for tenant in piece.tenants if tenant in blocked), None)
        if busy is None:
            ready.append(piece)
            continue
        piece.held_since = piece.held_since or now
        if now - piece.held_since > MAX_LOCK_SECONDS:
            piece.error = TenantBusyError(busy)
            given_up.append(piece)
        else:
            held.append(piece)
    waiting.extendleft(reversed(held))
    return ready, given_up


def _block(piece: Piece, tenants: Collection[int], blocked: dict[int, float]) -> bool:
    """Put off all work of the tenants, which another process has locked.

    Returns False if the piece has waited too long.
    """
    piece.held_since = piece.held_since or monotonic()
    blocked.update(dict.fromkeys(tenants, monotonic() + _LOCK_PAUSE_SECONDS))
    return monotonic() - piece.held_since <= MAX_LOCK_SECONDS


def _run_alone(
    begin: BeginTransaction, piece: Piece, waiting: "deque[Piece]", blocked: dict[int, float]
) -> list[Piece]:
    """Run a piece in its own transaction.

    Repeats it if the connection was lost before the commit, or if the piece used values that were not right.
    """
    for may_repeat in (True, False):
        transaction = None
        piece.result = piece.error = None
        try:
            transaction = begin(piece.tenants)
            with transaction as db:
                piece.result = piece.work(db)
        except TenantBusyError as busy:
            piece.tenants = {*piece.tenants, busy.tenant}
            waiting.appendleft(piece)
            return []
        except Exception as error:  # noqa: BLE001 (raised where the work was given)
            if transaction is None:
                return _fail_all([piece, *_take_all(waiting)], error)
            if may_repeat and (transaction.was_lost or isinstance(error, StaleCacheError)):
                continue
            if is_lock_timeout(error) and _block(piece, piece.tenants, blocked):
                waiting.appendleft(piece)
                return []
            piece.error = error
        break
    return [piece]


def _take_all(waiting: "deque[Piece]") -> list[Piece]:
    """Take all that wait. Without a connection, each attempt to get one can take seconds."""
    taken = list(waiting)
    waiting.clear()
    return taken


def _fail_all(pieces: Sequence[Piece], error: Exception) -> list[Piece]:
    for piece in pieces:
        piece.error = error
    return [*pieces]


def _run_together(
    transaction: Any, pieces: Sequence[Piece], blocked: dict[int, float]
) -> tuple[list[Piece], list[Piece]]:
    """Run pieces in one transaction. Returns those that are done, and those to run in the next one."""
    done: list[Piece] = []
    again: list[Piece] = []
    ends_at = monotonic() + MAX_SECONDS
    with transaction as db:
        for position, piece in enumerate(pieces):
            if done and monotonic() > ends_at:
                again += pieces[position:]
                break
            piece.result = piece.error = None
            try:
                with scope(db):
                    piece.result = piece.work(db)
            except TenantBusyError as busy:
                if busy.tenant in piece.tenants:
                    _block(piece, [busy.tenant], blocked)
                piece.tenants = {*piece.tenants, busy.tenant}
                again.append(piece)
                continue
            except Exception as error:
                if has_failed(db, error):
                    raise
                if is_lock_timeout(error) and _block(piece, (), blocked):
                    again.append(piece)
                    continue
                piece.error = error
            done.append(piece)
    return done, again


class ThreadedGroupCommit(Figures):
    """Runs work on a thread, since the database is another process and answers take time."""

    def __init__(self, begin: BeginTransaction) -> None:
        super().__init__()
        self._begin = begin
        self._waiting: deque[Piece] = deque()
        self._blocked: dict[int, float] = {}
        self._queue: SimpleQueue[Piece | None] = SimpleQueue()
        self._thread: Thread | None = None

    @property
    def waiting_count(self) -> int:
        """The number of pieces that wait for a transaction."""
        return len(self._waiting) + self._queue.qsize()

    def run(self, work: Callable[[Connection], T], tenants: Collection[int]) -> Awaitable[T]:
        """Run work in the next transaction. The result can be awaited."""
        if self._thread is None:
            self._thread = Thread(target=self._run_thread, name="store", daemon=True)
            self._thread.start()
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put(Piece(work, tenants, future))
        return future

    def finish(self) -> None:
        """Do nothing, since other transactions have connections of their own."""

    def _run_thread(self) -> None:
        is_open = True
        while is_open or self._waiting:
            if not self._waiting:
                is_open = self._take(self._queue.get())
            while not self._queue.empty():
                is_open = self._take(self._queue.get()) and is_open
            if self._waiting:
                began = perf_counter_ns()
                done = run_group(self._begin, self._waiting, self._blocked)
                self.count(len(done), began)
                settle_all(done)
                if not done and self._blocked:
                    with suppress(Empty):
                        is_open = self._take(self._queue.get(timeout=CHECK_SECONDS)) and is_open

    def _take(self, piece: Piece | None) -> bool:
        if piece is not None:
            self._waiting.append(piece)
        return piece is not None

    def close(self) -> None:
        """Finish the work that waits, and end the thread."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None
