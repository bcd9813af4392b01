"""Groups of work on PostgreSQL: each is one transaction, and the next one begins while the database commits.

The database and this process so work at the same time. The next group begins with the cached values that the commit
will leave. If the commit fails, that group is undone, and all its work runs again.
"""

import logging
from collections import deque
from collections.abc import Callable, Collection, Sequence
from time import monotonic, perf_counter_ns
from typing import Any

from .failures import is_lock_timeout
from .pieces import Piece
from .shared_transaction import StaleCacheError
from .tenant_versions import TenantBusyError
from .unit_of_work import has_failed, scope

log = logging.getLogger(__name__)

MAX_PIECES = 64
"""Pieces of work in one transaction."""

MAX_SECONDS = 0.02
"""Time after which a transaction takes no more work. Its finished work must not wait for the rest."""

MAX_LOCK_SECONDS = 5.0
"""Longest wait for a tenant that another process keeps locked. Then the work fails."""

_LOCK_PAUSE_SECONDS = 1.0
"""Pause before a locked tenant is tried again. Each attempt may hold up other work for `LOCK_TIMEOUT_MS`."""

_ANSWER_SECONDS = 0.001
"""Time between two looks for more work while the database commits."""

BeginTransaction = Callable[[Collection[int]], Any]
"""Begins a transaction with some tenants locked."""


class GroupRunner:
    """Runs the pieces of work that wait, in groups of one transaction each.

    `take` returns the next piece that was given meanwhile, if there is one. `end` gets pieces that are done, and the
    moment of `perf_counter_ns` at which their transaction began.
    """

    def __init__(
        self, begin: BeginTransaction, end: Callable[[Sequence[Piece], int], None], take: Callable[[], Piece | None]
    ) -> None:
        self.waiting: deque[Piece] = deque()
        self._begin = begin
        self._end = end
        self._take = take
        self._blocked: dict[int, float] = {}
        """Tenants that another process keeps locked, with the moment to try again: only their pieces wait."""
        self._sent: Any = None
        """The transaction whose commit was sent, if its answer is still to come."""
        self._sent_pieces: Sequence[Piece] = ()
        self._began = 0

    @property
    def is_committing(self) -> bool:
        """True if the answer to a commit is still to come."""
        return self._sent is not None

    @property
    def is_held_up(self) -> bool:
        """True if other processes hold up all work that waits."""
        return bool(self._blocked)

    def run(self) -> None:
        """Run waiting pieces in one transaction. Leaves the others waiting.

        If the transaction fails as a whole, each of its pieces runs again, in a transaction of its own.
        """
        began = perf_counter_ns()
        pieces = self._choose()
        if len(pieces) == 1 and (pieces[0].runs_alone or self._sent is None):
            self.finish_commit()
            self._run_alone(pieces[0], began)
        elif pieces:
            self._run_group(pieces, began)
        else:
            self.look_for_answer()

    def finish_commit(self) -> bool:
        """Wait for the answer to the commit that was sent. False if it failed, so that its pieces wait again."""
        if self._sent is None:
            return True
        sent, self._sent = self._sent, None
        pieces, self._sent_pieces = self._sent_pieces, ()
        try:
            sent.finish_commit()
        except Exception as error:  # noqa: BLE001 (raised where the work was given, or it runs again)
            if sent.is_uncertain:
                self._fail(pieces, error, self._began)
            else:
                self._repeat_alone(pieces, error)
            return False
        self._end(pieces, self._began)
        return True

    def look_for_answer(self) -> None:
        """Wait a moment for the answer to the commit, and take it."""
        if self._sent is not None and self._sent.is_answered(_ANSWER_SECONDS):
            self.finish_commit()

    def _choose(self) -> list[Piece]:
        """Remove from `waiting` the pieces that can run now. Those that waited too long fail."""
        now = monotonic()
        for tenant in [tenant for tenant, until in self._blocked.items() if until <= now]:
            del self._blocked[tenant]
        ready: list[Piece] = []
        held: list[Piece] = []
        while self.waiting and len(ready) < MAX_PIECES and not (ready and self.waiting[0].runs_alone):
            piece = self.waiting.popleft()
            busy = next((tenant for tenant in piece.tenants if tenant in self._blocked), None)
            if busy is None:
                ready.append(piece)
                if piece.runs_alone:
                    break
                continue
            piece.held_since = piece.held_since or now
            if now - piece.held_since > MAX_LOCK_SECONDS:
                self._fail([piece], TenantBusyError(busy), perf_counter_ns())
            else:
                held.append(piece)
        self.waiting.extendleft(reversed(held))
        return ready

    def _run_group(self, pieces: list[Piece], began: int) -> None:
        tenants: Collection[int] = {tenant for piece in pieces for tenant in piece.tenants}
        while True:
            transaction = None
            try:
                transaction = self._begin(tenants)
                done, again = self._run_pieces(transaction, pieces, tenants)
            except Exception as error:  # noqa: BLE001 (raised where the work was given, or it runs again)
                if transaction is None:
                    self._fail([*pieces, *self._take_all()], error, began)
                elif transaction.is_uncertain:
                    self._fail(pieces, error, began)
                elif isinstance(error, StaleCacheError):
                    self._wait_again(pieces)  # nothing of these tenants is cached any more
                elif tenants and is_lock_timeout(error):
                    tenants = ()  # so that each piece shows if its tenant is locked elsewhere
                    continue
                else:
                    self._repeat_alone(pieces, error)
                return
            self._sent, self._sent_pieces, self._began = transaction, done, began
            self.waiting.extendleft(reversed(again))
            return

    def _run_pieces(
        self, transaction: Any, pieces: list[Piece], tenants: Collection[int]
    ) -> tuple[list[Piece], list[Piece]]:
        """Run pieces, and send the commit. While the commit before is not answered, more pieces are added.

        Returns those that are done, and those to run in the next transaction.
        """
        done: list[Piece] = []
        again: list[Piece] = []
        ends_at = monotonic() + MAX_SECONDS
        transaction.follow(self.finish_commit)
        with transaction.sent_at_end() as db:
            for position, piece in enumerate(pieces):
                if done and monotonic() > ends_at:
                    again += pieces[position:]
                    break
                (done if self._run_piece(db, piece) else again).append(piece)
            while self._sent is not None and monotonic() < ends_at and len(done) + len(again) < MAX_PIECES:
                if self._sent.is_answered(_ANSWER_SECONDS):
                    break
                more = self._take()
                if more is not None:
                    pieces.append(more)
                    is_ours = more.tenants and tenants and set(more.tenants) <= set(tenants)
                    (done if is_ours and self._run_piece(db, more) else again).append(more)
        return done, again

    def _run_piece(self, db: Any, piece: Piece) -> bool:
        """Run a piece in a transaction with others. False if it has to run in another one."""
        piece.result = piece.error = None
        try:
            with scope(db):
                piece.result = piece.work(db)
        except TenantBusyError as busy:
            if busy.tenant in piece.tenants:
                self._block(piece, [busy.tenant])
            piece.tenants = {*piece.tenants, busy.tenant}
            return False
        except Exception as error:
            if has_failed(db, error):
                raise
            if is_lock_timeout(error) and self._block(piece, ()):
                return False
            piece.error = error
        return True

    def _run_alone(self, piece: Piece, began: int) -> None:
        """Run a piece in its own transaction.

        Repeats it if the connection was lost before the commit, or if the piece used values that were not right.
        """
        for may_repeat in (True, False):
            transaction = None
            piece.result = piece.error = None
            try:
                transaction = self._begin(piece.tenants)
                with transaction as db:
                    piece.result = piece.work(db)
            except TenantBusyError as busy:
                piece.tenants = {*piece.tenants, busy.tenant}
                self.waiting.appendleft(piece)
                return
            except Exception as error:  # noqa: BLE001 (raised where the work was given)
                if transaction is None:
                    self._fail([piece, *self._take_all()], error, began)
                    return
                if may_repeat and (transaction.was_lost or isinstance(error, StaleCacheError)):
                    continue
                if is_lock_timeout(error) and self._block(piece, piece.tenants):
                    self.waiting.appendleft(piece)
                    return
                piece.error = error
            break
        self._end([piece], began)

    def _block(self, piece: Piece, tenants: Collection[int]) -> bool:
        """Put off all work of the tenants, which another process has locked.

        Returns False if the piece has waited too long.
        """
        piece.held_since = piece.held_since or monotonic()
        self._blocked.update(dict.fromkeys(tenants, monotonic() + _LOCK_PAUSE_SECONDS))
        return monotonic() - piece.held_since <= MAX_LOCK_SECONDS

    def _repeat_alone(self, pieces: Sequence[Piece], error: Exception) -> None:
        log.debug("A transaction failed as a whole, so its parts run again one by one.", exc_info=error)
        for piece in pieces:
            piece.runs_alone = True
        self.waiting.extendleft(reversed(pieces))

    def _wait_again(self, pieces: Sequence[Piece]) -> None:
        """Put pieces back, behind those of the commit before if that has failed."""
        before: list[Piece] = []
        while self.waiting and self.waiting[0].runs_alone:
            before.append(self.waiting.popleft())
        self.waiting.extendleft(reversed([*before, *pieces]))

    def _take_all(self) -> list[Piece]:
        """Take all that wait. Without a connection, each attempt to get one can take seconds."""
        taken = list(self.waiting)
        self.waiting.clear()
        return taken

    def _fail(self, pieces: Sequence[Piece], error: Exception, began: int) -> None:
        for piece in pieces:
            piece.error = error
        self._end(pieces, began)
