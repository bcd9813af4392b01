"""The simulated carrier: the final status of a message to one handset."""

from datetime import timedelta
from typing import NamedTuple

PENDING = "pending"
DELIVERED = "delivered"
SOFT_BOUNCE = "soft-bounce"
HARD_BOUNCE = "hard-bounce"
FINAL_STATUSES = (DELIVERED, SOFT_BOUNCE, HARD_BOUNCE)
"""The final statuses of a recipient; a delivery report announces them once."""

DEFAULT_VALIDITY = timedelta(hours=72)
"""Longest time that a message stays pending, and the default (reference 8.5)."""


class Fate(NamedTuple):
    """The status that the carrier reports, and the time after the handover; None means never."""

    status: str
    after: timedelta | None


def effective_validity(validity: timedelta) -> timedelta:
    """Return how long the carrier tries to deliver. A validity of zero means the default."""
    return min(validity, DEFAULT_VALIDITY) if validity else DEFAULT_VALIDITY


def outcome(fate: Fate, validity: timedelta) -> Fate:
    """Return the fate, or a soft bounce if the message expires before it.

    A report that is due exactly when the message expires still counts.
    """
    limit = effective_validity(validity)
    if fate.after is None or fate.after > limit:
        return Fate(SOFT_BOUNCE, limit)
    return fate
