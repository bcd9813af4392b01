"""Group commit within a process: all that one turn of the event loop has written is committed once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Generator, Sequence
from time import monotonic, perf_counter_ns
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

from .group_commit import Figures
from .group_runner import MAX_PIECES, MAX_SECONDS, BeginTransaction
from .pieces import Piece
from .unit_of_work import has_failed, has_written, scope

log = logging.getLogger(__name__)

T = TypeVar("T")


class _Done(Generic[T]):
    """The result of a piece that is done, to be awaited."""

    __slots__ = ("_piece",)

    def __init__(self, piece: Piece) -> None:
        self._piece = piece

    def __await__(self) -> Generator[None, None, T]:
        if self._piece.error is not None:
            raise self._piece.error
        result: T = self._piece.result
        return result
        yield  # makes this a generator


class TurnCommit(Figures):
    """Runs work at once, on the event loop's own thread.

    Work that writes is committed at the end of the loop's turn, together with all other work of the turn. Work that
    only reads does not wait.
    """

    def __init__(self, begin: BeginTransaction) -> None:
        super().__init__()
        self._begin = begin
        self._transaction: Any = None
        """The transaction of this turn, if there is one."""
        self._db: Any = None
        self._pieces: list[Piece] = []
        """The pieces that wait for the commit."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._began = 0
        self._ends_at = 0.0
        self._is_running = False

    @property
    def waiting_count(self) -> int:
        """The number of pieces that wait for a commit."""
        return len(self._pieces)

    def run(self, work: Callable[[Connection], T], tenants: Collection[int]) -> Awaitable[T]:
        """Run work in the transaction of this turn. The result can be awaited.

        Raises RuntimeError inside of other work.
        """
        if self._is_running:
            raise RuntimeError("Work cannot run inside of other work.")
        loop = asyncio.get_running_loop()
        if self._pieces and self._is_over(loop):
            self.finish()
        piece = Piece(work, tenants)
        try:
            must_start_over = not self._attempt(piece)
        except BaseException:
            if not self._pieces:
                self._roll_back()
            raise
        if must_start_over:
            self._start_over(piece)
        elif self._pieces or has_written(self._db):
            return self._wait(piece, loop)
        else:
            self._commit([piece])
        return _Done(piece)

    def _is_over(self, loop: asyncio.AbstractEventLoop) -> bool:
        return len(self._pieces) >= MAX_PIECES or self._loop is not loop or monotonic() > self._ends_at

    def _attempt(self, piece: Piece) -> bool:
        """Run a piece in the transaction of this turn. False if the whole transaction has failed with it."""
        self._is_running = True
        try:
            if self._transaction is None:
                self._began = perf_counter_ns()
                self._transaction = self._begin(piece.tenants)
                self._db = self._transaction.__enter__()
            with scope(self._db):
                piece.result = piece.work(self._db)
        except Exception as error:  # noqa: BLE001 (raised where the result is awaited)
            piece.error = error
            return self._db is not None and not has_failed(self._db, error)
        finally:
            self._is_running = False
        return True

    def _wait(self, piece: Piece, loop: asyncio.AbstractEventLoop) -> Awaitable[Any]:
        """Return a future for the result of a piece, which the commit completes."""
        future: asyncio.Future[Any] = loop.create_future()
        piece.future = future
        if not self._pieces:
            self._loop, self._ends_at = loop, monotonic() + MAX_SECONDS
            loop.call_soon(self._end_turn, self._transaction)
        self._pieces.append(piece)
        return future

    def _end_turn(self, transaction: object) -> None:
        if self._transaction is transaction:
            self.finish()

    def finish(self) -> None:
        """Commit what has been written, and give the results to those who wait."""
        if self._pieces and not self._is_running:
            pieces = self._pieces
            self._commit(pieces)
            _settle(pieces)

    def _commit(self, pieces: Sequence[Piece]) -> None:
        transaction = self._forget()
        try:
            transaction.__exit__(None, None, None)
        except Exception as error:
            if len(pieces) == 1:
                pieces[0].error = error
            else:
                log.debug("A transaction failed as a whole, so its parts run again one by one.", exc_info=error)
                self._run_each(pieces)
        self.count(len(pieces), self._began)

    def _start_over(self, last: Piece) -> None:
        """Undo the transaction of this turn, and run its pieces one by one."""
        pieces = self._pieces
        self._roll_back()
        self._run_each([*pieces, last])
        _settle(pieces)

    def _roll_back(self) -> None:
        has_begun = self._db is not None
        transaction = self._forget()
        if has_begun:
            transaction.__exit__(RuntimeError, None, None)

    def _forget(self) -> Any:
        transaction = self._transaction
        self._transaction, self._db, self._pieces = None, None, []
        return transaction

    def _run_each(self, pieces: Sequence[Piece]) -> None:
        for piece in pieces:
            piece.result = piece.error = None
            try:
                with self._begin(piece.tenants) as db:
                    piece.result = piece.work(db)
            except Exception as error:  # noqa: BLE001 (raised where the result is awaited)
                piece.error = error

    def close(self) -> None:
        """Commit what has been written."""
        self.finish()


def _settle(pieces: Sequence[Piece]) -> None:
    for piece in pieces:
        if piece.future is not None and not piece.future.get_loop().is_closed():
            piece.settle()
