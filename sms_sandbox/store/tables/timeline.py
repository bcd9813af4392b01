"""The tables of everything that will happen, and of what failed when it was due."""

from sqlalchemy import Index, PrimaryKeyConstraint, Table

from .columns import metadata, number, serial, short, text

timeline = Table(
    "timeline",
    metadata,
    serial(),
    number("tenant"),
    number("due"),
    number("wake", nullable=True),
    short("kind", 16),
    number("ref"),
    text("lane"),
    text("data"),
    Index("timeline_by_wake", "wake", "id"),
    Index("timeline_by_due", "tenant", "due", "id"),
    Index("timeline_by_ref", "tenant", "kind", "ref"),
)

failed_events = Table(
    "failed_events",
    metadata,
    number("tenant"),
    number("id"),
    number("failed_at"),  # the tenant's time
    number("due"),
    short("kind", 16),
    number("ref"),
    text("lane"),
    text("data"),
    text("error"),
    PrimaryKeyConstraint("tenant", "id"),
)
