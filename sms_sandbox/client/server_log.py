"""The log of a server that a test run started."""

from pathlib import Path


class ServerLog:
    """The file that a server's standard error goes to. It stays open, because tests may replace the file system."""

    def __init__(self, path: str | Path) -> None:
        """Open the file. Raises OSError."""
        self.path = Path(path)
        self._file = self.path.open("rb")

    def read(self, start: int = 0) -> str:
        """Return the log from a position on."""
        self._file.seek(start)
        return self._file.read().decode(errors="replace")

    def size(self) -> int:
        """Return the position at which the log ends now."""
        return self._file.seek(0, 2)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
