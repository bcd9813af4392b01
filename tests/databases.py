"""Empty databases for tests: their tables are made once and emptied for each test, which costs far less."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from sqlalchemy import Engine, event, text

from sms_sandbox.store import tables
from sms_sandbox.store.database import Store
from sms_sandbox.store.schema import open_store

FILLED_TABLES = [table.name for table in tables.metadata.sorted_tables if table is not tables.meta]

# A truncated table takes new files, which costs more than to delete from it as long as it is small.
EMPTY_TABLES = """
CREATE OR REPLACE FUNCTION empty_tables(names text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name text;
    large text[] := '{}';
BEGIN
    FOREACH name IN ARRAY names LOOP
        IF pg_relation_size(name) > 65536 THEN
            large := large || name;
        ELSIF pg_relation_size(name) > 0 THEN
            EXECUTE 'DELETE FROM ' || name;
        END IF;
    END LOOP;
    IF large <> '{}' THEN
        EXECUTE 'TRUNCATE ' || array_to_string(large, ', ');
    END IF;
    PERFORM setval(quote_ident(sequencename)::regclass, 1, false) FROM pg_sequences WHERE last_value IS NOT NULL;
END $$
"""


def sqlite_engine() -> Engine:
    """Make an engine whose databases, each in memory, have their tables from the start."""
    template = sqlite3.connect(":memory:", check_same_thread=False)
    store = open_store("sqlite://")
    with store.begin() as db:
        made: Any = db.connection.driver_connection
        made.backup(template)
    store.close()

    def copy(connection: sqlite3.Connection, _record: Any) -> None:
        template.backup(connection)

    event.listen(store.engine, "connect", copy)
    return store.engine


def postgres_engine(url: str) -> Engine:
    """Make an engine for a PostgreSQL database, and the function there that empties it."""
    store = open_store(url)
    with store.begin() as db:
        db.execute(text(EMPTY_TABLES.replace(":", r"\:")))
    store.close()
    return store.engine


@contextmanager
def kept_connections(engine: Engine) -> Iterator[None]:
    """Keep an engine's connections when its stores are closed.

    A new connection is a new process of PostgreSQL, which has to read all tables' definitions again. That takes most of
    the time of a short test.
    """
    with patch.object(engine, "dispose"):
        yield
    engine.dispose()


@contextmanager
def empty_store(engine: Engine) -> Iterator[Store]:
    """Open an empty store on an engine.

    The engine remembers compiled statements from one test to the next.
    """
    store = Store(engine)
    if not store.embedded:
        with store.begin() as db:
            db.execute(text("SELECT empty_tables(:names)"), {"names": FILLED_TABLES})
    yield store
    store.close()
