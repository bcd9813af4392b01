"""Tables of callbacks, and of the attempts at them."""

from sqlalchemy import Index, PrimaryKeyConstraint, Table

from .columns import metadata, number, short, text

callbacks = Table(
    "callbacks",
    metadata,
    number("tenant"),
    number("id"),
    number("account"),
    short("event", 12),
    text("url"),
    text("signature"),
    number("message"),
    short("msisdn", 16),
    short("state", 12),
    number("attempts"),
    number("created"),
    text("rule"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("callbacks_by_message", "tenant", "message", "id"),
    Index("callbacks_by_handset", "tenant", "msisdn", "id"),
    Index("callbacks_by_state", "tenant", "state", "id"),
    Index("callbacks_by_event", "tenant", "event", "id"),
)

attempts = Table(
    "attempts",
    metadata,
    number("tenant"),
    number("callback"),
    number("number"),
    number("at"),
    number("began"),  # in real time
    number("status", nullable=True),
    text("error", nullable=True),
    number("latency", nullable=True),
    text("answer"),
    PrimaryKeyConstraint("tenant", "callback", "number"),
)
