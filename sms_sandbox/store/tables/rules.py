"""The table of carrier rules and faults."""

from sqlalchemy import Index, PrimaryKeyConstraint, Table

from .columns import metadata, number, short, text

rules = Table(
    "rules",
    metadata,
    number("tenant"),
    number("id"),
    short("kind", 12),
    number("position"),
    text("spec"),
    number("seen"),
    number("used"),
    number("until", nullable=True),
    PrimaryKeyConstraint("tenant", "id"),
    Index("rules_by_position", "tenant", "kind", "position", "id"),
)
