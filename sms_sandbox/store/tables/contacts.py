"""Tables of lists, their members, imports into them, and opt-outs."""

from sqlalchemy import Index, PrimaryKeyConstraint, Table

from .columns import flag, metadata, number, short, text

lists = Table(
    "lists",
    metadata,
    number("tenant"),
    number("id"),
    number("account"),
    text("name"),
    number("created", nullable=True),
    text("fields"),
    text("automation_url"),
    number("members_active"),
    number("members_total"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("lists_by_account", "tenant", "account", "id"),
    Index("lists_by_name", "tenant", "account", "name"),
)

members = Table(
    "members",
    metadata,
    number("tenant"),
    number("list_id"),
    short("msisdn", 16),
    text("first_name", nullable=True),
    text("last_name", nullable=True),
    text("fields"),
    number("created"),
    short("status", 8),
    short("reason", 8, nullable=True),
    number("import_id", nullable=True),
    PrimaryKeyConstraint("tenant", "list_id", "msisdn"),
    Index("members_by_status", "tenant", "list_id", "status", "msisdn"),
)

imports = Table(
    "imports",
    metadata,
    number("tenant"),
    number("id"),
    number("account"),
    number("list_id"),
    flag("made_list"),
    text("url"),
    short("country", 2, nullable=True),
    text("fields"),
    short("status", 12),
    text("error"),
    number("importlength"),
    number("completed"),
    number("duplicates"),
    number("skipped"),
    number("optout"),
    number("imported"),
    short("holder", 32),
    number("held_until"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("imports_by_list", "tenant", "list_id", "id"),
)

optouts = Table(
    "optouts",
    metadata,
    number("tenant"),
    number("account"),
    short("msisdn", 16),
    PrimaryKeyConstraint("tenant", "account", "msisdn"),
)
