"""Failures of the database itself, unlike errors of statements."""

import sqlite3

from sqlalchemy import exc

from .tenant_versions import TenantBusyError
from .text import storable

_PASSING_CLASSES = ("08", "40", "53", "55", "57", "58")
"""PostgreSQL's classes of errors for lost connections, rollbacks, resources, locks, shutdowns and system errors."""

_PASSING_STATES = ("25006", "28000", "28P01", "3D000", "42501", "42P01", "XX001", "XX002")
"""PostgreSQL's codes for a read-only database, missing rights, missing tables and damaged data.

An operator causes them for all work, for example by a fail-over, or while a copy is restored.
"""

_ENDS_OF_SESSIONS = ("08", "57P")
"""The beginnings of codes after which a session has ended: lost connections and shutdowns."""

_LOCK_NOT_AVAILABLE = "55P03"

_DAMAGES = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

_SENTENCES = {
    sqlite3.SQLITE_CORRUPT: "The database file is damaged; put a copy in its place, or delete it to start empty.",
    sqlite3.SQLITE_NOTADB: "The database file is no longer a database; put a copy in its place, or delete it.",
    sqlite3.SQLITE_READONLY: "The database file, or the folder or disk it is on, is read-only.",
    sqlite3.SQLITE_CANTOPEN: "The database file can't be opened; its folder must exist and be writable.",
    sqlite3.SQLITE_FULL: "The disk with the database file is full.",
    sqlite3.SQLITE_IOERR: "The disk with the database file has failed to read or write.",
}
"""The meaning of SQLite's error codes for the operator of the server."""

_STATE_SENTENCES = {
    "25006": "The database is read-only, as a standby is.",
    "42501": "The database does not let its user write to the tables.",
    "42P01": "The database has lost its tables; restore a copy, or restart the server to begin with empty ones.",
    "XX001": "The database is damaged; restore a copy.",
    "XX002": "The database is damaged; restore a copy.",
}
"""The meaning of PostgreSQL's error codes for the operator of the server."""

_MAX_CHARACTERS = 500
"""Longest text of an error that is kept."""


DATABASE_IS_AWAY = "The sandbox can't reach its database at the moment. Try again later."
"""The answer to clients while the database fails."""


class DatabaseFileError(sqlite3.OperationalError):
    """The database file was deleted or replaced under the server. The message is a sentence."""


def is_database_failure(error: BaseException) -> bool:
    """Return True if the database failed. The same work may succeed later.

    Examples are a lost connection, a full disk, a lock that timed out, and a transaction ended by a deadlock.
    """
    if isinstance(error, exc.TimeoutError | exc.DisconnectionError | TenantBusyError):
        return True
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, sqlite3.Error):
        return isinstance(cause, sqlite3.OperationalError) or _code_of(cause) in _DAMAGES
    if not type(cause).__module__.startswith("psycopg"):
        return False
    state: str | None = getattr(cause, "sqlstate", None)
    if state is not None:
        return state[:2] in _PASSING_CLASSES or state in _PASSING_STATES
    return _is_loss(cause)


def ends_session(error: BaseException) -> bool:
    """Return True if PostgreSQL, or psycopg, has ended the session. Whether a commit under way was done is unknown."""
    cause = getattr(error, "orig", None) or error
    state: str | None = getattr(cause, "sqlstate", None)
    return _is_loss(cause) if state is None else state.startswith(_ENDS_OF_SESSIONS)


def _is_loss(error: BaseException) -> bool:
    """Return True if psycopg reports a lost connection, or one that could not be made.

    Its error then has no code of the database.
    """
    return any(kind.__name__ in ("OperationalError", "InterfaceError") for kind in type(error).__mro__)


def _code_of(error: BaseException) -> int:
    """Return SQLite's code of an error, without its details. 0 if there is none."""
    return int(getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def explain_failure(error: BaseException) -> str:
    """Return a sentence for the operator: why the database does not work."""
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, DatabaseFileError):
        return str(cause)
    known = _SENTENCES.get(_code_of(cause)) or _STATE_SENTENCES.get(getattr(cause, "sqlstate", None) or "")
    return known or "The database does not answer."


def is_lock_timeout(error: BaseException) -> bool:
    """Return True if a statement has waited too long for a lock of another transaction."""
    return getattr(getattr(error, "orig", error), "sqlstate", None) == _LOCK_NOT_AVAILABLE


def describe_failure(error: BaseException) -> str:
    """Return an error in one line, without the parameters of a statement that failed."""
    cause = getattr(error, "orig", None) or error
    return storable(" ".join(f"{type(cause).__name__}: {cause}".split()))[:_MAX_CHARACTERS]
