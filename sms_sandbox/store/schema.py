"""Opening a database: reaching it, and making its tables if it has none."""

import re
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, make_url, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from . import tables
from .database import WORKERS, Store

VERSION = 1
"""Of the tables."""

LOCKED = "database is locked"
"""What SQLite says of a file that another process has open."""


_PASSWORD = re.compile(r":(?!//).*@", re.DOTALL)
"""In a URL, however wrong the rest of it is."""


class StoreError(Exception):
    """The database can't be used; the message is for the person who named it."""


def open_store(url: str) -> Store:
    """Open the database at `url` (SQLAlchemy's form) and make its tables if it has none.

    Raises StoreError when it can't be reached, is not a database, is of another version, or is somebody else's.
    """
    store = Store(_engine(url))
    shown = make_url(url).render_as_string(hide_password=True)
    try:
        with store.begin() as db:
            prepare(db)
    except (StoreError, SQLAlchemyError) as why:
        store.close()
        if isinstance(why, StoreError):
            raise
        reason = str(why.orig if isinstance(why, DBAPIError) else why).strip().partition("\n")[0]
        if reason == LOCKED:
            reason = "another process has it open; several can share a PostgreSQL."
        raise StoreError(f"The database {shown} can't be used: {reason}") from why
    return store


def _engine(url: str) -> Engine:
    try:
        kind = make_url(url).get_backend_name()
        if kind == "sqlite":
            engine = create_engine(
                url, poolclass=StaticPool, isolation_level="AUTOCOMMIT",  # transactions are the store's own affair
                connect_args={"check_same_thread": False, "timeout": 1},
            )  # fmt: skip
            event.listen(engine, "connect", _tune_sqlite)
            return engine
        if kind == "postgresql":
            wanted = make_url(url).set(drivername="postgresql+psycopg")
            return create_engine(wanted, pool_size=WORKERS + 1, max_overflow=4, pool_pre_ping=True, paramstyle="format")
    except (ArgumentError, NoSuchModuleError, ValueError) as why:
        raise StoreError(f"The database URL {_PASSWORD.sub(':***@', url)!r} can't be read: {why}") from why
    except ImportError as why:
        raise StoreError("PostgreSQL needs the extra: pip install 'sms-sandbox[postgres]'.") from why
    raise StoreError(f"The database must be sqlite or postgresql, not {kind!r}.")


def _tune_sqlite(connection: Any, _record: Any) -> None:
    # What a process remembers (accounts, the throttle's windows) holds only while it is alone with the file.
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    connection.execute("PRAGMA journal_mode=WAL")
    # What WAL has written survives the death of the process; only a power cut could take the last commits.
    connection.execute("PRAGMA synchronous=NORMAL")
    # SQLite's own knows the letters of ASCII only, so that filters would not find what they do on PostgreSQL.
    connection.create_function("lower", 1, _lower, deterministic=True)


def _lower(text: str | None) -> str | None:
    """A text in small letters, each whatever stands beside it, as PostgreSQL has it."""
    if text is None or text.isascii():
        return text and text.lower()
    return "".join([each.lower() for each in text])


def lock(db: Connection) -> None:
    """Keep other processes from preparing the same database until the transaction ends."""
    if db.dialect.name == "postgresql":
        db.execute(text("SELECT pg_advisory_xact_lock(7268021)"))


def prepare(db: Connection) -> None:
    """Make the tables of an empty database; StoreError if it holds those of another version."""
    lock(db)
    present = set(inspect(db).get_table_names())
    if tables.meta.name in present:
        found = db.scalar(select(tables.meta.c.version))
        if found != VERSION:
            raise StoreError(f"The database is of version {found}, and this sms-sandbox uses version {VERSION}.")
        return
    if foreign := sorted(present & set(tables.metadata.tables)):
        raise StoreError(
            f"The database holds other tables with our names ({', '.join(foreign)}); give it one of its own."
        )
    tables.metadata.create_all(db, checkfirst=False)
    db.execute(insert(tables.meta).values(version=VERSION))
