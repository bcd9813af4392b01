"""Tables of the built-in receiver: how it answers, and the requests that it got."""

from sqlalchemy import Index, PrimaryKeyConstraint, Table

from .columns import metadata, number, serial, short, text

receivers = Table(
    "receivers",
    metadata,
    number("tenant"),
    short("name", 64),
    number("status"),
    text("body"),
    number("delay"),
    PrimaryKeyConstraint("tenant", "name"),
)

received = Table(
    "received",
    metadata,
    serial(),
    number("tenant"),
    short("name", 64),
    number("at"),
    short("verb", 16),
    text("url"),
    text("headers"),
    text("body"),
    number("status"),
    Index("received_by_tenant", "tenant", "id"),  # a tenant has few of them, so the name needs no index
)
