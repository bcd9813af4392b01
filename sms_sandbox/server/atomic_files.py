"""Atomic replacement of files, and a lock on a directory."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl


def replace_file(path: Path, content: bytes, mode: int) -> None:
    """Replace a file at once. Only its owner can read it until it has its mode."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def lock_directory(directory: Path) -> Iterator[None]:
    """Keep other processes that call this out of a directory; on Windows, do nothing."""
    with (directory / ".lock").open("ab") as file:
        if sys.platform != "win32":
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
