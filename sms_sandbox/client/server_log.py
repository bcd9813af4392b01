"""The log of a server that a test run started."""

import os
from pathlib import Path

from .unpatched import Unpatched

_BINARY = getattr(os, "O_BINARY", 0)


class ServerLog:
    """The file that a server's standard error goes to. It stays open, because tests may replace the file system."""

    def __init__(self, path: str | Path) -> None:
        """Open the file. Raises OSError."""
        self.path = Path(path)
        self._file: int | None = Unpatched.open(str(path), os.O_RDONLY | _BINARY)

    def read(self, start: int = 0) -> str:
        """Return the log from a position on. Raises ValueError if it is closed."""
        file = self._opened()
        Unpatched.seek(file, start, os.SEEK_SET)
        content = b""
        while more := Unpatched.read(file, 65536):
            content += more
        return content.decode(errors="replace")

    def size(self) -> int:
        """Return the position at which the log ends now. Raises ValueError if it is closed."""
        position: int = Unpatched.seek(self._opened(), 0, os.SEEK_END)
        return position

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            Unpatched.close(self._file)
            self._file = None

    def _opened(self) -> int:
        if self._file is None:
            raise ValueError("The log is closed.")
        return self._file


def create_log(path: Path) -> int:
    """Create the file of a log, and return its descriptor to write to. Raises OSError."""
    descriptor: int = Unpatched.open(str(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
    return descriptor
