"""The story of a failed test's tenant, in a file for people."""

import os
import re
from hashlib import blake2b
from pathlib import PurePath
from typing import TYPE_CHECKING

from ..client.unpatched import Unpatched

if TYPE_CHECKING:
    from .sandbox import Sandbox

_MAX_NAME_CHARACTERS = 120


def write_story(tenant: "Sandbox", directory: PurePath, test: str) -> PurePath:
    """Write the story of a tenant into a folder, under the name of a test. Raises OSError and SandboxError.

    It goes to the real file system, although the test may have replaced it and has not ended yet.
    """
    content = tenant.fetch_report().encode()
    _make_directory(directory)
    file = directory / _file_name(test)
    descriptor = Unpatched.open(str(file), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o644)
    try:
        while content:
            content = content[Unpatched.write(descriptor, content) :]
    finally:
        Unpatched.close(descriptor)
    return file


def _make_directory(path: PurePath) -> None:
    """Create a folder and those above it, if they do not exist. Raises OSError."""
    try:
        Unpatched.make_directory(str(path))
    except FileExistsError:
        return
    except FileNotFoundError:
        _make_directory(path.parent)
        Unpatched.make_directory(str(path))


def _file_name(test: str) -> str:
    """Return a file name for a test. A short hash tells tests with similar names apart."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", test.replace("::", ".")).strip("-")
    if plain == test and len(plain) <= _MAX_NAME_CHARACTERS:
        return f"{plain}.html"
    return f"{plain[:_MAX_NAME_CHARACTERS]}-{blake2b(test.encode('utf-8', 'replace'), digest_size=3).hexdigest()}.html"
