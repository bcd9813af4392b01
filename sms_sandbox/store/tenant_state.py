"""The state of tenants: what each send changes, which is the counters of ids and the balances.

A transaction that takes tenants over from another process reads their state together, in one round trip.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from msgspec import Struct

State: TypeAlias = dict[Hashable, Any]
"""The state of a tenant: its counters under `COUNTERS`, and purses that were read under the ids of their accounts."""

COUNTERS: Hashable = "counters"
"""The key of the counters of ids, which are a dictionary by kind."""

_READ_COUNTERS = "SELECT tenant, kind, value FROM counters WHERE tenant = ANY(%s)"
_READ_PURSES = (
    "SELECT tenant, id, balance, credit_based FROM accounts"
    " WHERE (tenant, id) IN (SELECT * FROM UNNEST(%s::bigint[], %s::bigint[]))"
)


class Purse(Struct):
    """The current balance of an account."""

    units: int
    is_credit_based: bool

    def can_pay(self, cost: int) -> bool:
        """Return True if the cost can be paid. A cost of 0 always can, even by an account in debt."""
        return self.units >= cost or cost == 0 or self.is_credit_based


def ask(driver: Any, tenants: Sequence[int], before: Mapping[int, State]) -> Callable[[], Iterable[Any]]:
    """Ask for the state of tenants: for their counters, and for the purses that were known before.

    Returns a function that waits for the answer, whose rows are for `keep`.
    """
    purses = [(tenant, key) for tenant, state in before.items() for key in state if key != COUNTERS]
    cursors = [driver.execute(_READ_COUNTERS, ([*tenants],))]
    if purses:
        cursors.append(driver.execute(_READ_PURSES, ([tenant for tenant, _ in purses], [key for _, key in purses])))
    return lambda: [row for cursor in cursors for row in cursor.fetchall()]


def keep(rows: Iterable[Any], states: Mapping[int, State]) -> None:
    """Keep the state of locked tenants, of which no other may change now."""
    for state in states.values():
        state[COUNTERS] = {}
    for tenant, *values in rows:
        if tenant not in states:
            continue  # work that knew a deleted tenant may have left rows of it
        match values:
            case (kind, value):
                states[tenant][COUNTERS][kind] = value
            case (account, balance, is_credit_based):
                states[tenant][account] = Purse(balance, bool(is_credit_based))
