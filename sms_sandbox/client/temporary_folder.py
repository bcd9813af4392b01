"""A temporary folder on the real file system, also if tests have replaced it."""

import tempfile
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from .unpatched import Unpatched


class TemporaryFolder:
    """A folder for files. Only `remove` deletes it, so a process that was forked leaves it alone."""

    def __init__(self) -> None:
        """Create the folder, which only this user can read. Raises OSError."""
        self.path = Path(tempfile.gettempdir(), f"sms-sandbox-{token_hex(8)}")
        Unpatched.make_directory(str(self.path), 0o700)

    def remove(self) -> None:
        """Delete the folder and its files. What can't be deleted stays."""
        with suppress(OSError):
            for name in Unpatched.list_directory(str(self.path)):
                Unpatched.remove_file(str(self.path / name))
            Unpatched.remove_directory(str(self.path))
