"""The database file that a server has open, and its log."""

import os

from .failures import DatabaseFileError

_LOG_SUFFIX = "-wal"


class OpenFile:
    """A database file. After it is deleted or cut, SQLite would keep answering from memory, and lose what it writes.

    The same holds for SQLite's write-ahead log, which has what the file does not have yet. Neither ever becomes shorter
    while it is open.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._file = _Part(path, "put it back, or restart the server")
        self._log = _Part(
            path + _LOG_SUFFIX, "end the server with SIGTERM, which saves its content, and start it again"
        )
        self._file.begin()
        self.begin_log()

    def begin_log(self) -> None:
        """Look at the log, because SQLite has opened it again. It has none before it writes."""
        self._log.begin()

    def check(self) -> None:
        """Raise DatabaseFileError if a part is gone, replaced, or shorter than it was."""
        self._file.check()
        if self._log.identity is None:
            self._log.begin()
        else:
            self._log.check()


class _Part:
    """A file that is open, as it was when it was last looked at."""

    def __init__(self, path: str, remedy: str) -> None:
        self._path = path
        self._remedy = remedy
        self.identity: tuple[int, int] | None = None
        self._size = 0

    def begin(self) -> None:
        try:
            status = os.stat(self._path)  # noqa: PTH116 (half the time of a Path's, in each transaction)
        except FileNotFoundError:
            self.identity = None
        else:
            self.identity, self._size = (status.st_dev, status.st_ino), status.st_size

    def check(self) -> None:
        try:
            status = os.stat(self._path)  # noqa: PTH116
        except OSError as error:
            raise DatabaseFileError(
                f"The database file {self._path} is gone ({error.strerror}); {self._remedy}."
            ) from error
        if (status.st_dev, status.st_ino) != self.identity:
            raise DatabaseFileError(f"The database file {self._path} was replaced; restart the server.")
        if status.st_size < self._size:
            raise DatabaseFileError(
                f"The database file {self._path} was cut by another program; put a copy in its place, and restart "
                "the server."
            )
        self._size = status.st_size
