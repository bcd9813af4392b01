"""The schema: opens a database, and creates the tables of a new one."""

import re
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, make_url, select, text, update
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import StaticPool
from sqlalchemy.schema import AddConstraint, CreateIndex, CreateTable, DropConstraint

from . import tables
from .connection import unit_of
from .database import CONNECTIONS, Store
from .open_file import OpenFile
from .text import to_lower

VERSION = 10
"""Version of the tables. A database of another version is refused."""

LOCK_TIMEOUT_MS = 200
"""Longest wait of a statement for a lock of another process. Some transactions may wait longer."""

_CONNECTION_TIMEOUTS = {"connect_timeout": 3, "tcp_user_timeout": 5000, "keepalives_idle": 5, "keepalives_interval": 2}
"""Timeouts for a PostgreSQL host that does not answer. The library's own defaults are minutes."""

_REASONS = {
    "database is locked": "another process has it open; several can share a PostgreSQL.",
    "database disk image is malformed": "it is damaged; put a copy in its place, or delete it to start empty.",
    "attempt to write a readonly database": "the file, or its folder, is read-only.",
    "disk I/O error": "its disk has failed to read or write, or its folder is read-only.",
}
"""The meaning of SQLite's messages."""

_PASSWORD = re.compile(r":(?!//).*@", re.DOTALL)
"""The password in a URL, even in one that is wrong otherwise."""


class StoreError(Exception):
    """A database that cannot be used. The message is for the person who named it."""


def open_store(url: str) -> Store:
    """Open the database at a URL, and create its tables if it has none.

    The URL has SQLAlchemy's form. Raises StoreError if the database cannot be reached, is of another version, or has
    other tables of the same names.
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
        reason = _REASONS.get(reason, reason)
        raise StoreError(f"The database {shown} can't be used: {reason}") from why
    if store.embedded and not store.volatile and Path(store.engine.url.database or "").is_file():
        store.file = file = OpenFile(str(Path(store.engine.url.database or "").absolute()))
        event.listen(store.engine, "connect", lambda *_: file.begin_log())
    return store


def _engine(url: str) -> Engine:
    try:
        kind = make_url(url).get_backend_name()
        if kind == "sqlite":
            engine = create_engine(
                url, poolclass=StaticPool, isolation_level="AUTOCOMMIT",  # the store controls transactions itself
                connect_args={"check_same_thread": False, "timeout": 1},
            )  # fmt: skip
            event.listen(engine, "connect", _tune_sqlite)
            return engine
        if kind == "postgresql":
            wanted = make_url(url).set(drivername="postgresql+psycopg")
            engine = create_engine(
                wanted, pool_size=CONNECTIONS, max_overflow=4, pool_pre_ping=True, paramstyle="format",
                connect_args={name: value for name, value in _CONNECTION_TIMEOUTS.items() if name not in wanted.query},
            )  # fmt: skip
            from .patient_connection import connect  # SQLite needs no driver of PostgreSQL

            event.listen(engine, "do_connect", connect)
            event.listen(engine, "connect", _tune_postgresql)
            return engine
    except (ArgumentError, NoSuchModuleError, ValueError) as why:
        raise StoreError(f"The database URL {_PASSWORD.sub(':***@', url)!r} can't be read: {why}") from why
    except ImportError as why:
        raise StoreError("PostgreSQL needs the extra: pip install 'sms-sandbox[postgres]'.") from why
    raise StoreError(f"The database must be sqlite or postgresql, not {kind!r}.")


def _tune_postgresql(connection: Any, _record: Any) -> None:
    # The work of all tenants goes through one connection, so none may wait there for long.
    connection.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")
    # A plan is made once, most likely while the tables are still empty, and would read them whole for a minute after
    # they have grown. Nearly all our statements read few rows by an index (tests/simulation/test_query_plans.py).
    for method in ("seqscan", "hashjoin", "mergejoin"):
        connection.execute(f"SET enable_{method} = off")
    connection.commit()


def _tune_sqlite(connection: Any, _record: Any) -> None:
    if not connection.execute("PRAGMA database_list").fetchone()[2]:
        # In memory, each commit steps over all pages of the database, so these are as large as pays.
        connection.execute("PRAGMA page_size=16384")
    # Cached values (accounts, the throttle's windows) are valid only while no other process uses the file.
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    connection.execute("PRAGMA journal_mode=WAL")
    # Data in the WAL survives the death of the process. Only a power failure could lose the last commits.
    connection.execute("PRAGMA synchronous=NORMAL")
    # To move the WAL's pages into the file takes some 15 ms at this size. With the default of 1,000 pages it would take
    # 8 ms, but a tenth of all the time under load.
    connection.execute("PRAGMA wal_autocheckpoint=4000")
    # SQLite's own function knows ASCII letters only, so filters would not find what they find on PostgreSQL.
    connection.create_function("lower", 1, to_lower, deterministic=True)


_DDL: dict[str, list[str]] = {}
"""The statements that create the tables, by dialect. They take longer to build than to run."""


_UPDATED = (tables.messages, tables.recipients)
"""Tables whose rows a delivery report changes soon after they were added."""

_FILL_FACTOR = 60
"""Percent of a page of an updated table that PostgreSQL fills with new rows.

If the changed row fits on the same page, no index changes.
"""


def _create_tables(db: Connection) -> None:
    """Do what `metadata.create_all` does, in half of its time."""
    if db.dialect.name not in _DDL:
        elements: list[Any] = []
        for table in tables.metadata.sorted_tables:
            elements += [CreateTable(table), *map(CreateIndex, sorted(table.indexes, key=lambda each: str(each.name)))]
            # Of indexes that seem to cost the same, as they do while a table is empty, PostgreSQL takes the newest.
            if db.dialect.name == "postgresql" and table.primary_key.columns:
                elements += [
                    DropConstraint(table.primary_key),
                    AddConstraint(table.primary_key, isolate_from_table=False),
                ]
        _DDL[db.dialect.name] = [str(each.compile(dialect=db.dialect)) for each in elements]
        if db.dialect.name == "postgresql":
            # An option of the table would do the same, but load SQLAlchemy's PostgreSQL for every store.
            _DDL["postgresql"] += [f"ALTER TABLE {table.name} SET (fillfactor = {_FILL_FACTOR})" for table in _UPDATED]
    driver = unit_of(db).prepare_driver()
    for statement in _DDL[db.dialect.name]:
        driver.execute(statement)


def lock(db: Connection) -> None:
    """Lock the preparation of the database until the transaction ends."""
    if db.dialect.name == "postgresql":
        db.execute(text("SELECT pg_advisory_xact_lock(7268021)"))


def prepare(db: Connection) -> None:
    """Create the tables of an empty database. Raises StoreError if it has those of another version."""
    lock(db)
    present = set(inspect(db).get_table_names())
    if tables.meta.name in present:
        version = db.scalar(select(tables.meta.c.version))
        if version != VERSION:
            raise StoreError(f"The database is of version {version}, and this sms-sandbox uses version {VERSION}.")
        if db.dialect.name == "sqlite":  # an unwritable file must be reported now, and not by the first call
            db.execute(update(tables.meta).values(version=VERSION))
        return
    if foreign := sorted(present & set(tables.metadata.tables)):
        raise StoreError(
            f"The database holds other tables with our names ({', '.join(foreign)}); give it one of its own."
        )
    _create_tables(db)
    db.execute(insert(tables.meta).values(version=VERSION))
