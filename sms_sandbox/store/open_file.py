"""The database file that a server has open."""

import os

from .failures import DatabaseFileError


class OpenFile:
    """A database file. After it is deleted, SQLite would keep writing to a file that nobody can find."""

    def __init__(self, path: str) -> None:
        self._path = path
        status = os.stat(path)  # noqa: PTH116 (half the time of a Path's, in each transaction)
        self._identity = status.st_dev, status.st_ino

    def check(self) -> None:
        """Raise DatabaseFileError if the file is gone, or another one is in its place."""
        try:
            status = os.stat(self._path)  # noqa: PTH116
        except OSError as error:
            raise DatabaseFileError(
                f"The database file {self._path} is gone ({error.strerror}); put it back, or restart the server."
            ) from error
        if (status.st_dev, status.st_ino) != self._identity:
            raise DatabaseFileError(f"The database file {self._path} was replaced; restart the server.")
