"""Pieces of work that wait for their transaction, and how their callers get the results."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy import Connection


class Piece:
    """A piece of work that waits for its transaction, and its result."""

    __slots__ = ("error", "future", "held_since", "result", "runs_alone", "tenants", "work")

    def __init__(
        self, work: Callable[[Connection], Any], tenants: Collection[int], future: asyncio.Future[Any] | None = None
    ) -> None:
        self.work = work
        self.tenants = tenants
        self.future = future
        self.result: Any = None
        self.error: BaseException | None = None
        self.held_since = 0.0
        """The moment from which it waits for a tenant that another process has locked; 0 if it does not."""
        self.runs_alone = False
        """True if it needs a transaction of its own, because one with others has failed."""

    def settle(self) -> None:
        """Give the result, or the error, to the caller."""
        if self.future is None or self.future.done():  # there is no caller, or it was cancelled
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


def settle_all(pieces: Sequence[Piece]) -> None:
    """Settle pieces on the loops that wait for them, with one call for each loop."""
    loops: dict[asyncio.AbstractEventLoop, list[Piece]] = {}
    for piece in pieces:
        if piece.future is not None:
            loops.setdefault(piece.future.get_loop(), []).append(piece)
    for loop, own in loops.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle_each, own)


def _settle_each(pieces: Sequence[Piece]) -> None:
    for piece in pieces:
        piece.settle()
