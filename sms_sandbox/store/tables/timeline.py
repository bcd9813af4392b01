"""The table of everything that will happen."""

from sqlalchemy import Index, Table

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
