"""Sessions of browsers, in the database so that every process knows them."""

from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, select

from .statement import Statement
from .tables.sessions import sessions as s


class Session(NamedTuple):
    """A session: a digest of its token, the key that signed in ("" is the operator), and a proof of the secret."""

    digest: str
    key: str
    proof: str
    expires: int


_ADD = Statement(insert(s))
_FIND = Statement(select(s).where(s.c.digest == bindparam("digest_"), s.c.expires > bindparam("now")))
_REMOVE = Statement(delete(s).where(s.c.digest == bindparam("digest_")))
_REMOVE_EXPIRED = Statement(delete(s).where(s.c.expires <= bindparam("now")))


def add(db: Connection, session: Session, now: int) -> None:
    """Add a session, and remove those that have expired."""
    _REMOVE_EXPIRED.run(db, now=now)
    _ADD.run(db, **session._asdict())


def find(db: Connection, digest: str, now: int) -> Session | None:
    """Return a session that has not expired."""
    row = _FIND.one(db, digest_=digest, now=now)
    return None if row is None else Session(*row)


def remove(db: Connection, digest: str) -> None:
    """Remove a session, if it exists."""
    _REMOVE.run(db, digest_=digest)
