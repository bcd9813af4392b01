"""A log of what can happen thousands of times a second: invalid requests, and calls while the database fails."""

import asyncio
import logging
from typing import Any

INTERVAL_SECONDS = 1.0
"""Shortest time between two lines."""


class GroupedLog:
    """A logger that groups warnings: it writes one a second at most, with their number.

    Everything else is passed on as it is.
    """

    def __init__(self, logger: logging.Logger, noun: str) -> None:
        """`noun` says what is counted, in the plural."""
        self._logger = logger
        self._noun = noun
        self._last = ""
        self._unlogged = 0
        self._timer: asyncio.TimerHandle | None = None
        """The end of the pause; None if the next warning is written at once."""

    def warning(self, reason: str) -> None:
        """Log what happened, now or together with others. Needs a running event loop."""
        if self._timer is None:
            self._logger.warning("%s", reason)
            self._pause()
        else:
            self._last = reason
            self._unlogged += 1

    def _pause(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(INTERVAL_SECONDS, self._go_on)

    def _go_on(self) -> None:
        if self.flush():
            self._pause()

    def flush(self) -> bool:
        """Log the warnings since the last line as one. True if there were any. The next one is written at once."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        count, self._unlogged = self._unlogged, 0
        if count == 1:
            self._logger.warning("%s", self._last)
        elif count:
            self._logger.warning("%s (%d %s like this)", self._last, count, self._noun)
        return count > 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._logger, name)
