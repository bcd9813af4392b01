"""The tenant that `sms-sandbox tenant use` chose, kept in a small file.

Only its owner can read the file. It is beside the ready file, or else in the folder where programs of this user keep
their settings.
"""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

import click


@dataclass(frozen=True)
class RememberedTenant:
    """A tenant by its name, and the credentials of its account if they are known."""

    name: str
    key: str | None = None
    secret: str | None = None


def file_of(ready_file: str | None, http: str) -> Path:
    """Return the file of a server by its ready file or its address."""
    if ready_file is not None:
        return Path(f"{ready_file}.tenant")
    return Path(click.get_app_dir("sms-sandbox"), f"tenant-{re.sub('[^0-9A-Za-z.]+', '-', http)}.json")


def read(file: Path) -> RememberedTenant | None:
    """Return the tenant, or None if none was chosen."""
    try:
        return RememberedTenant(**json.loads(file.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def remember(file: Path, tenant: RememberedTenant) -> None:
    """Write the file. Raises OSError."""
    from ..server.atomic_files import replace_file  # here, because most commands write nothing

    file.parent.mkdir(parents=True, exist_ok=True)
    replace_file(file.absolute(), json.dumps(asdict(tenant)).encode(), mode=0o600)


def forget(file: Path) -> None:
    """Remove the file, if there is one. Raises OSError."""
    file.unlink(missing_ok=True)
