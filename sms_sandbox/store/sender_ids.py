"""Words an account has registered to send from."""

from sqlalchemy import Connection, delete, select

from .statement import Statement
from .tables import sender_ids as t

_ADD = Statement(
    "INSERT INTO sender_ids (tenant, account, word) VALUES (:tenant, :account, :word) ON CONFLICT DO NOTHING"
)


def add(db: Connection, tenant: int, account: int, word: str) -> None:
    """Register a word, spelled as it will be sent."""
    _ADD.run(db, tenant=tenant, account=account, word=word)


def remove(db: Connection, tenant: int, account: int, word: str) -> bool:
    """Whether the word was registered, which it is no more."""
    which = delete(t).where(t.c.tenant == tenant, t.c.account == account, t.c.word == word)
    return db.execute(which).rowcount > 0


def is_registered(db: Connection, tenant: int, account: int, word: str) -> bool:
    query = select(t.c.word).where(t.c.tenant == tenant, t.c.account == account, t.c.word == word)
    return db.scalar(query) is not None


def list_words(db: Connection, tenant: int, account: int) -> list[str]:
    """The account's words, in order."""
    query = select(t.c.word).where(t.c.tenant == tenant, t.c.account == account).order_by(t.c.word)
    return list(db.scalars(query))
