"""Group commit: one transaction carries all the work that waits, and is committed once.

No work waits for a fuller transaction: alone, it has one of its own. Work that raises is undone alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from time import perf_counter_ns
from typing import TypeVar

from sqlalchemy import Connection

from ..domain.histogram import Histogram
from .group_runner import BeginTransaction, GroupRunner
from .pieces import Piece, settle_all

T = TypeVar("T")

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


class ThreadedGroupCommit(Figures):
    """Runs work on a thread, since the database is another process and answers take time."""

    def __init__(self, begin: BeginTransaction) -> None:
        super().__init__()
        self._begin = begin
        self._queue: SimpleQueue[Piece | None] = SimpleQueue()
        self._runner = GroupRunner(lambda tenants: self._begin(tenants), self._settle, self._take)
        self._is_open = True
        self._thread: Thread | None = None

    @property
    def waiting_count(self) -> int:
        """The number of pieces that wait for a transaction."""
        return len(self._runner.waiting) + self._queue.qsize()

    def run(self, work: Callable[[Connection], T], tenants: Collection[int]) -> Awaitable[T]:
        """Run work in the next transaction. The result can be awaited."""
        if self._thread is None:
            self._is_open = True
            self._thread = Thread(target=self._run_thread, name="store", daemon=True)
            self._thread.start()
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put(Piece(work, tenants, future))
        return future

    def finish(self) -> None:
        """Do nothing, since other transactions have connections of their own."""

    def _run_thread(self) -> None:
        runner = self._runner
        while self._is_open or runner.waiting or runner.is_committing:
            if not runner.waiting and not runner.is_committing:
                self._wait_for_work(None)
            while (piece := self._take()) is not None:
                runner.waiting.append(piece)
            if not runner.waiting:
                runner.look_for_answer()
                continue
            waiting = len(runner.waiting)
            runner.run()
            if runner.is_held_up and len(runner.waiting) == waiting and not runner.is_committing:
                self._wait_for_work(CHECK_SECONDS)

    def _take(self) -> Piece | None:
        """Return the next piece that was given, if there is one."""
        with suppress(Empty):
            piece = self._queue.get_nowait()
            self._is_open = self._is_open and piece is not None
            return piece
        return None

    def _wait_for_work(self, seconds: float | None) -> None:
        with suppress(Empty):
            piece = self._queue.get(timeout=seconds)
            if piece is None:
                self._is_open = False
            else:
                self._runner.waiting.append(piece)

    def _settle(self, pieces: Sequence[Piece], began: int) -> None:
        self.count(len(pieces), began)
        settle_all(pieces)

    def close(self) -> None:
        """Finish the work that waits, and end the thread."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None
