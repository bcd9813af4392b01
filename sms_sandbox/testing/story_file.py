"""The story of a failed test's tenant, in a file for people."""

import re
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .sandbox import Sandbox

_MAX_NAME_CHARACTERS = 120


def write_story(tenant: "Sandbox", directory: str, test: str) -> Path:
    """Write the story of a tenant into a folder, under the name of a test. Raises OSError and SandboxError."""
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / _file_name(test)
    file.write_text(tenant.fetch_report(), encoding="utf-8")
    return file


def _file_name(test: str) -> str:
    """Return a file name for a test. A short hash tells tests with similar names apart."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", test.replace("::", ".")).strip("-")
    if plain == test and len(plain) <= _MAX_NAME_CHARACTERS:
        return f"{plain}.html"
    return f"{plain[:_MAX_NAME_CHARACTERS]}-{blake2b(test.encode('utf-8', 'replace'), digest_size=3).hexdigest()}.html"
