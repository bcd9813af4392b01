"""Connections to PostgreSQL that end when it says nothing for long.

The limits of the network do not end the wait for a database that is frozen: its host still confirms what it receives.
"""

import logging
from collections.abc import Generator
from time import monotonic
from typing import Any, TypeVar

from psycopg import Connection, Error, OperationalError

logging.getLogger("psycopg").setLevel(logging.ERROR)
"""psycopg warns of each lost session. Callers get an error for it, and log one line a second."""

T = TypeVar("T")

MAX_SILENCE_SECONDS = 10.0
"""Longest wait for a part of an answer. It is longer than any statement takes, or waits for a lock."""

_CHECK_SECONDS = 0.1


class PatientConnection(Connection[Any]):
    """A connection that is closed when the database has said nothing for MAX_SILENCE_SECONDS."""

    def wait(
        self, gen: Generator[Any, Any, T], interval: float = _CHECK_SECONDS, timeout: float | None = None
    ) -> T:  # fmt: skip
        """Wait until the client library has what it waits for. Raises OperationalError, and closes, after silence."""
        return super().wait(self._limited(gen), interval, timeout)

    def _limited(self, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        """Pass on what the library waits for, until that takes too long."""
        try:
            wanted = next(gen)
            silent_since = monotonic()
            while True:
                ready = yield wanted
                if ready:
                    silent_since = monotonic()
                elif monotonic() - silent_since > MAX_SILENCE_SECONDS:
                    self.pgconn.finish()
                    raise OperationalError(f"the database has said nothing for {MAX_SILENCE_SECONDS:.0f} seconds")
                wanted = gen.send(ready)
        except StopIteration as end:
            result: T = end.value
            return result


def connect(_dialect: object, _record: object, arguments: Any, options: Any) -> PatientConnection:
    """Connect for SQLAlchemy."""
    try:
        return PatientConnection.connect(*arguments, **options)
    except Error as error:
        # The traceback and the attempt refer to each other, so the attempt would stay open until the garbage collector
        # ran. A database that was only frozen would then have a session for each attempt.
        raise error.with_traceback(None) from None
