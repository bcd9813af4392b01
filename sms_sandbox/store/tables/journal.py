"""Tables of traffic entries, and of the moment since when they are recorded."""

from sqlalchemy import PrimaryKeyConstraint, Table

from .columns import flag, metadata, number, short, text

traffic = Table(  # the journal; its cap limits the rows that a filter scans, so the key is the only index
    "traffic",
    metadata,
    number("tenant"),
    number("id"),
    number("at"),
    short("kind", 8),
    number("account"),
    text("method"),
    text("numbers"),
    text("code"),
    number("status", nullable=True),
    text("rule"),
    number("took", nullable=True),
    number("message"),
    text("verb"),
    text("url"),
    text("text"),
    text("request"),
    text("reply"),
    text("error"),
    text("hints"),
    flag("cut"),
    PrimaryKeyConstraint("tenant", "id"),
)

journals = Table(  # since when (in real time) entries count, the last one cleared, and when ids began with 1
    "journals",
    metadata,
    number("tenant"),
    number("since"),
    number("cleared"),
    number("began"),  # in real time
    PrimaryKeyConstraint("tenant"),
)
