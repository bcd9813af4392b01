"""Table of the sessions of browsers that have signed in."""

from sqlalchemy import Index, PrimaryKeyConstraint, Table

from .columns import metadata, number, short

sessions = Table(  # of no tenant, so that a reset does not sign its people out
    "sessions",
    metadata,
    short("digest", 64),
    short("key", 255),
    short("proof", 64),
    number("expires"),
    PrimaryKeyConstraint("digest"),
    Index("sessions_by_expiry", "expires"),
)
