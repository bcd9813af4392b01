"""Sender IDs: the words an account has registered to send from."""

from sqlalchemy import Connection, delete, select

from .statement import Statement
from .tables import sender_ids as t

_ADD = Statement(
    "INSERT INTO sender_ids (tenant, account, word) VALUES (:tenant, :account, :word) ON CONFLICT DO NOTHING"
)


def add(db: Connection, tenant: int, account: int, word: str) -> None:
    """Register a word, in the spelling it is sent in."""
    _ADD.run(db, tenant=tenant, account=account, word=word)


def remove(db: Connection, tenant: int, account: int, word: str) -> bool:
    """Remove a registered word. False if it was not registered."""
    query = delete(t).where(t.c.tenant == tenant, t.c.account == account, t.c.word == word)
    return db.execute(query).rowcount > 0


def is_registered(db: Connection, tenant: int, account: int, word: str) -> bool:
    query = select(t.c.word).where(t.c.tenant == tenant, t.c.account == account, t.c.word == word)
    return db.scalar(query) is not None


def list_words(db: Connection, tenant: int, account: int) -> list[str]:
    """Return the account's words, in alphabetical order."""
    query = select(t.c.word).where(t.c.tenant == tenant, t.c.account == account).order_by(t.c.word)
    return list(db.scalars(query))
