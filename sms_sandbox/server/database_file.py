"""The permissions of a database file, which holds secrets and messages."""

import os
import re
from pathlib import Path

from ..store.schema import StoreError

_MODE = 0o600
_FILE_URL = re.compile(r"sqlite(?:\+\w+)?:///(?!:memory:|file:)([^?]+)")
_SUFFIXES = ("", "-wal", "-shm")
"""Suffixes of SQLite's files. New ones beside a database get its mode."""


def make_private(url: str) -> None:
    """Make a SQLite file readable for its owner only; create it if it is missing.

    Raises StoreError if the file is another user's.
    """
    match = _FILE_URL.match(url)
    if match is None:
        return
    path = Path(match[1])
    if not path.exists() and path.parent.is_dir():
        try:
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, _MODE))
        except OSError as error:
            raise StoreError(f"The database {path} can't be created: {error.strerror or error}.") from error
    for suffix in _SUFFIXES:
        file = Path(f"{path}{suffix}")
        try:
            if file.is_file() and file.stat().st_mode & 0o077:
                file.chmod(_MODE)
        except OSError as error:
            why = error.strerror or error
            raise StoreError(f"The database {file} holds secrets and can't be made private: {why}.") from error
