"""The simulated carrier: what becomes of a message on its way to one handset."""

from datetime import timedelta
from typing import NamedTuple

PENDING = "pending"
DELIVERED = "delivered"
SOFT_BOUNCE = "soft-bounce"
HARD_BOUNCE = "hard-bounce"
FINAL_STATUSES = (DELIVERED, SOFT_BOUNCE, HARD_BOUNCE)
"""The states a recipient ends in; each is told in one delivery report."""

DEFAULT_VALIDITY = timedelta(hours=72)
"""How long a message without a validity of its own stays pending (reference 8.5)."""


class Fate(NamedTuple):
    """What the carrier will report, and how long after it took the message; None is never."""

    status: str
    after: timedelta | None


def effective_validity(validity: timedelta) -> timedelta:
    """How long the carrier tries; a validity of zero is its own patience."""
    return min(validity, DEFAULT_VALIDITY) if validity else DEFAULT_VALIDITY


def outcome(fate: Fate, validity: timedelta) -> Fate:
    """The report that comes: the fate, or a soft bounce when the message expires before it.

    A report due at the very moment of expiry still counts.
    """
    limit = effective_validity(validity)
    if fate.after is None or fate.after > limit:
        return Fate(SOFT_BOUNCE, limit)
    return fate
