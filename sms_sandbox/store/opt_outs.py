"""Opt-outs: handsets that want no more messages from an account."""

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, select

from .statement import Statement
from .tables import optouts as o
from .unit_of_work import cached, invalidate

_ADD = Statement(
    "INSERT INTO optouts (tenant, account, msisdn) VALUES (:tenant, :account, :msisdn) ON CONFLICT DO NOTHING"
)
_ANY = Statement(
    select(o.c.msisdn).where(o.c.tenant == bindparam("tenant"), o.c.account == bindparam("account")).limit(1)
)


def add(db: Connection, tenant: int, account: int, msisdn: str) -> None:
    """Opt a handset out of the account's messages."""
    invalidate(db, tenant)
    _ADD.run(db, tenant=tenant, account=account, msisdn=msisdn)


def find(db: Connection, tenant: int, account: int, handsets: Collection[str]) -> set[str]:
    """Return the handsets, of those given, that opted out of the account's messages."""
    key = ("any opt-outs", account)
    if not handsets or not cached(db, tenant, key, lambda: _ANY.one(db, tenant=tenant, account=account) is not None):
        return set()
    query = select(o.c.msisdn).where(o.c.tenant == tenant, o.c.account == account, o.c.msisdn.in_(handsets))
    return set(db.scalars(query))
