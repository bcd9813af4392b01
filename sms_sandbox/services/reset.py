"""Resets: a part of a tenant is emptied, by kind, so that what is left still fits together.

Balances and transactions stay. Work that is under way at that moment finds its row gone when it ends, and leaves
nothing behind.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from ..domain.clock import Clock
from ..journal import queries
from ..store import accounts, deletion, rules, tenants
from ..store.tenants import Tenant
from . import new_tenant


class _Reset(NamedTuple):
    """A reset of a tenant: at which moment of its time, and the tenant's own account."""

    db: Connection
    tenant: int
    now: datetime
    owner: int


def _reset_clock(reset: _Reset) -> None:
    # Events keep their times, even if these are later than real time.
    tenants.set_clock(reset.db, reset.tenant, Clock())


def _reset_clients(reset: _Reset) -> None:
    deletion.delete_clients(reset.db, reset.tenant, reset.owner)


def _reset_messages(reset: _Reset) -> None:
    deletion.delete_messages(reset.db, reset.tenant)


def _reset_contacts(reset: _Reset) -> None:
    deletion.delete_contacts(reset.db, reset.tenant)


def _reset_numbers(reset: _Reset) -> None:
    # Keywords go, since they belong to numbers.
    deletion.delete_numbers(reset.db, reset.tenant)
    deletion.delete_keywords(reset.db, reset.tenant)
    new_tenant.add_numbers(reset.db, reset.tenant, reset.owner, reset.now)


def _reset_keywords(reset: _Reset) -> None:
    deletion.delete_keywords(reset.db, reset.tenant)


def _reset_rules(reset: _Reset) -> None:
    deletion.delete_rules(reset.db, reset.tenant, {rules.CARRIER})


def _reset_faults(reset: _Reset) -> None:
    deletion.delete_rules(reset.db, reset.tenant, {rules.API, rules.CALLBACK})


def _reset_mails(reset: _Reset) -> None:
    deletion.delete_mails(reset.db, reset.tenant)


def _reset_traffic(reset: _Reset) -> None:
    queries.clear(reset.db, reset.tenant)


KINDS: Mapping[str, Callable[[_Reset], None]] = {
    "clock": _reset_clock,
    "clients": _reset_clients,
    "messages": _reset_messages,
    "contacts": _reset_contacts,
    "numbers": _reset_numbers,
    "keywords": _reset_keywords,
    "rules": _reset_rules,
    "faults": _reset_faults,
    "mails": _reset_mails,
    "traffic": _reset_traffic,
}
"""The kinds that can be reset, in the order it is done."""


def reset(db: Connection, tenant: Tenant, kinds: Collection[str], real: datetime) -> None:
    """Reset the data of these kinds. Waits for running calls, whose changes are reset too."""
    tenants.lock(db, tenant.id)
    owner = accounts.find_first(db, tenant.id)
    assert owner is not None
    now = (Clock() if "clock" in kinds else tenant.clock).now(real)
    for kind, reset_kind in KINDS.items():
        if kind in kinds:
            reset_kind(_Reset(db, tenant.id, now, owner.id))
