"""The table of totals, by which long periods are counted."""

from sqlalchemy import Index, PrimaryKeyConstraint, Table

from .columns import metadata, number, short

totals = Table(  # what an account has of a kind in a stretch of ids, between the moments `first_at` and `last_at`
    "totals",
    metadata,
    number("tenant"),
    short("kind", 16),
    number("account"),
    number("stretch"),
    number("first_at"),
    number("last_at"),
    number("total"),
    number("recipients"),
    number("parts"),
    PrimaryKeyConstraint("tenant", "kind", "account", "stretch"),
    Index("totals_by_stretch", "tenant", "kind", "stretch"),
)
