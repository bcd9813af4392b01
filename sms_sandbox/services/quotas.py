"""Quotas of a server that people share: how many tenants it has, and how much each may hold."""

from collections.abc import Callable, Mapping

from msgspec import Struct
from sqlalchemy import Connection

from ..store import ids, tenant_use


class QuotaError(Exception):
    """A quota is reached; the message says which, and how to go on."""


class Quotas(Struct, frozen=True):
    """Numbers that may not be passed; None is no limit. Messages and accounts are counted for each tenant."""

    tenants: int | None = None
    messages: int | None = None
    accounts: int | None = None

    def check_tenants(self, db: Connection) -> None:
        """Raise QuotaError if no more tenants may be created."""
        if self.tenants is not None and tenant_use.count_tenants(db) >= self.tenants:
            raise QuotaError(
                f"This sandbox has its {self.tenants} tenants (--max-tenants); the operator can delete one that is "
                "no longer used."
            )

    def check(self, db: Connection, tenant: int, kind: str) -> None:
        """Raise QuotaError if the tenant may hold no more messages or accounts."""
        limit: int | None = getattr(self, kind)
        if limit is not None and _COUNTS[kind](db, tenant, limit) >= limit:
            raise QuotaError(
                f"A tenant of this sandbox holds at most {limit} {kind} (--max-{kind}); reset its {_RESETS[kind]}, or "
                "ask the operator for more."
            )

    def check_rows(self, rows: Mapping[str, int]) -> None:
        """Raise QuotaError if a tenant with these numbers of rows may not be created."""
        for kind in _COUNTS:
            limit: int | None = getattr(self, kind)
            if limit is not None and rows.get(kind, 0) > limit:
                raise QuotaError(f"A tenant of this sandbox holds at most {limit} {kind} (--max-{kind}).")


def _count_messages(db: Connection, tenant: int, limit: int) -> int:
    # Ids are counted on, so there can't be more messages than ids, and most calls need not count the rows.
    given = ids.count_given(db, tenant, "message")
    return given if given < limit else tenant_use.count_messages(db, tenant)


def _count_accounts(db: Connection, tenant: int, limit: int) -> int:  # noqa: ARG001 (as that of messages)
    return tenant_use.count_accounts(db, tenant)


_COUNTS: Mapping[str, Callable[[Connection, int, int], int]] = {
    "messages": _count_messages,
    "accounts": _count_accounts,
}
_RESETS = {"messages": "messages", "accounts": "clients"}
"""The kind of data that a reset must empty."""
