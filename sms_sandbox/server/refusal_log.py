"""The log of invalid requests.

Any client can send thousands a second.
"""

import asyncio
import logging
from typing import Any

INTERVAL_SECONDS = 1.0
"""Shortest time between two lines."""


class RefusalLog:
    """A logger that writes at most one warning a second, with the number of requests.

    uvicorn logs each invalid request of a connection as a warning. Everything else is passed on as it is.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._last = ""
        self._unlogged = 0
        self._is_quiet = False

    def warning(self, reason: str) -> None:
        """Log why a request was refused, now or together with others."""
        if self._is_quiet:
            self._last = reason
            self._unlogged += 1
        else:
            self._logger.warning(reason)
            self._be_quiet()

    def _be_quiet(self) -> None:
        self._is_quiet = True
        asyncio.get_running_loop().call_later(INTERVAL_SECONDS, self.flush)

    def flush(self) -> None:
        """Log the warnings since the last line as one."""
        self._is_quiet = False
        if self._unlogged == 1:
            self._logger.warning(self._last)
        elif self._unlogged:
            self._logger.warning("%s (%d requests like this)", self._last, self._unlogged)
        if self._unlogged:
            self._unlogged = 0
            self._be_quiet()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._logger, name)
