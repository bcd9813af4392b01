"""The open connections of clients, and which of them is closed for a new one."""

from typing import Protocol


class OpenConnection(Protocol):
    """A connection that can be closed for another."""

    @property
    def is_idle(self) -> bool:
        """True if no request was read from it, or the last one was answered."""
        ...

    @property
    def is_waiting(self) -> bool:
        """True if its client has to send something before it gets an answer."""
        ...

    @property
    def is_fresh(self) -> bool:
        """True if no request was read from it yet."""
        ...

    def drop(self) -> None:
        """Close the connection at once."""
        ...


class OpenConnections:
    """The connections of both listeners, the longest idle first.

    At the limit, a new connection closes the one that has been idle longest; without an idle one, the oldest one that
    waits for its client; and if all are being answered, the new one.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._connections: dict[OpenConnection, None] = {}
        self.dropped_count = 0
        """Number of connections that were closed for others."""

    def __len__(self) -> int:
        return len(self._connections)

    def add(self, connection: OpenConnection) -> None:
        """Add a new connection, and close one if there are too many."""
        self._connections[connection] = None
        if len(self._connections) > self._limit:
            dropped = self._find_dispensable()
            del self._connections[dropped]
            self.dropped_count += 1
            dropped.drop()

    @property
    def any_fresh(self) -> bool:
        """True if a client that has connected may still send its first request."""
        return any(each.is_fresh for each in self._connections)

    def _find_dispensable(self) -> OpenConnection:
        waiting = None
        for each in self._connections:  # the new one, which is idle, comes last
            if each.is_idle:
                break
            if waiting is None and each.is_waiting:
                waiting = each
        newest = next(reversed(self._connections))
        return waiting if each is newest and waiting is not None else each

    def refresh(self, connection: OpenConnection) -> None:
        """Count a connection as idle from now on, because its request was answered."""
        if connection in self._connections:
            del self._connections[connection]
            self._connections[connection] = None

    def remove(self, connection: OpenConnection) -> None:
        """Remove a connection that has ended."""
        self._connections.pop(connection, None)
