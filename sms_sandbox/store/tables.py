"""Every table. What a client can see is numbered for each tenant by itself, so that ids tell nothing of others.

Times are microseconds since 1970 in UTC, money is thousandths of a cent, texts of several values are JSON.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
)

metadata = MetaData()


def _number(name: str, default: int | None = 0, nullable: bool = False) -> "Column[int]":
    return Column(name, BigInteger, nullable=nullable, default=None if nullable else default)


def _flag(name: str) -> "Column[int]":
    return Column(name, SmallInteger, nullable=False, default=0)


def _text(name: str, nullable: bool = False) -> "Column[str]":
    return Column(name, Text, nullable=nullable, default=None if nullable else "")


def _serial() -> "Column[int]":
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)


meta = Table("meta", metadata, Column("version", Integer, primary_key=True))

tenants = Table(
    "tenants",
    metadata,
    _serial(),
    Column("name", String(64), nullable=False, unique=True),
    _text("seed"),
    _number("created"),
    _number("clock_offset"),
    _number("frozen_at", nullable=True),
    _flag("moving"),
    _text("profile"),
    _number("delivery_delay"),
    _flag("strict_senders"),
    sqlite_autoincrement=True,
)

counters = Table(
    "counters",
    metadata,
    _number("tenant"),
    Column("kind", String(16), nullable=False),
    _number("value"),
    PrimaryKeyConstraint("tenant", "kind"),
)

accounts = Table(
    "accounts",
    metadata,
    _number("tenant"),
    _number("id"),
    Column("key", String(255), nullable=False, unique=True),
    _text("secret", nullable=True),
    _text("name"),
    _text("currency"),
    _number("balance"),
    _number("price"),
    _flag("credit_based"),
    _number("throttle"),
    _number("page_size"),
    _text("dlr_url", nullable=True),
    _text("reply_url", nullable=True),
    _text("link_hits_url", nullable=True),
    _flag("suspended"),
    _number("created"),
    PrimaryKeyConstraint("tenant", "id"),
)

numbers = Table(
    "numbers",
    metadata,
    _number("tenant"),
    Column("number", String(16), nullable=False),
    _number("account", nullable=True),
    _flag("shared"),
    _number("price"),
    _flag("auto_renew"),
    _number("next_charge", nullable=True),
    _text("status"),
    _text("forward_url"),
    PrimaryKeyConstraint("tenant", "number"),
    Index("numbers_by_account", "tenant", "account", "number"),
)

messages = Table(
    "messages",
    metadata,
    _number("tenant"),
    _number("id"),
    _number("account"),
    _text("text"),
    _text("sender"),
    _number("send_at"),
    _number("created"),
    _number("validity"),
    _number("list_id"),
    _text("list_name"),
    _number("recipients"),
    _number("parts"),
    _number("cost"),
    _text("status"),
    _text("dlr_url", nullable=True),
    _text("reply_url", nullable=True),
    _text("link_hits_url", nullable=True),
    _text("tracked_url", nullable=True),
    _text("replies_to_email", nullable=True),
    _number("delivered"),
    _number("soft_bounced"),
    _number("hard_bounced"),
    _number("responses"),
    _number("optouts"),
    _number("link_hits"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("messages_by_time", "tenant", "account", "send_at", "id"),
)

recipients = Table(
    "recipients",
    metadata,
    _number("tenant"),
    _number("id"),
    _number("message"),
    _number("account"),
    Column("msisdn", String(16), nullable=False),
    _text("text", nullable=True),
    _number("sent_at"),
    Column("status", String(12), nullable=False),
    _number("reported_at", nullable=True),
    _flag("optout"),
    _number("link_hits"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("recipients_by_message", "tenant", "message", "id"),
    Index("recipients_by_handset", "tenant", "msisdn", "sent_at", "id"),
    Index("recipients_by_time", "tenant", "account", "sent_at", "id"),
)

links = Table(
    "links",
    metadata,
    _serial(),
    Column("code", String(8), nullable=False),
    _number("tenant"),
    _number("recipient"),
    _text("target", nullable=True),
    Index("links_by_code", "code", "id"),
    Index("links_by_tenant", "tenant"),
)

lists = Table(
    "lists",
    metadata,
    _number("tenant"),
    _number("id"),
    _number("account"),
    _text("name"),
    _number("created", nullable=True),
    _text("fields"),
    _number("members_active"),
    _number("members_total"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("lists_by_account", "tenant", "account", "id"),
    Index("lists_by_name", "tenant", "account", "name"),
)

members = Table(
    "members",
    metadata,
    _number("tenant"),
    _number("list_id"),
    Column("msisdn", String(16), nullable=False),
    _text("first_name", nullable=True),
    _text("last_name", nullable=True),
    _text("fields"),
    _number("created"),
    Column("status", String(8), nullable=False),
    Column("reason", String(8), nullable=True),
    PrimaryKeyConstraint("tenant", "list_id", "msisdn"),
    Index("members_by_status", "tenant", "list_id", "status", "msisdn"),
)

optouts = Table(
    "optouts",
    metadata,
    _number("tenant"),
    _number("account"),
    Column("msisdn", String(16), nullable=False),
    PrimaryKeyConstraint("tenant", "account", "msisdn"),
)

responses = Table(
    "responses",
    metadata,
    _number("tenant"),
    _number("id"),
    _number("account"),
    _number("message"),
    _number("recipient", nullable=True),
    _number("list_id"),
    Column("msisdn", String(16), nullable=False),
    _text("text"),
    Column("longcode", String(16), nullable=False),
    _number("received_at"),
    _flag("is_optout"),
    Column("keyword", String(255), nullable=True),
    _number("keyword_id"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("responses_by_message", "tenant", "message", "id"),
    Index("responses_by_time", "tenant", "account", "received_at", "id"),
)

timeline = Table(
    "timeline",
    metadata,
    _serial(),
    _number("tenant"),
    _number("due"),
    _number("wake", nullable=True),
    Column("kind", String(16), nullable=False),
    _number("ref"),
    _text("lane"),
    _text("data"),
    Index("timeline_by_wake", "wake", "id"),
    Index("timeline_by_due", "tenant", "due", "id"),
    Index("timeline_by_ref", "tenant", "kind", "ref"),
)

callbacks = Table(
    "callbacks",
    metadata,
    _number("tenant"),
    _number("id"),
    _number("account"),
    Column("event", String(12), nullable=False),
    _text("url"),
    _text("signature"),
    _number("message"),
    Column("msisdn", String(16), nullable=False),
    Column("state", String(12), nullable=False),
    _number("tries"),
    _number("created"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("callbacks_by_message", "tenant", "message", "id"),
)

tries = Table(
    "tries",
    metadata,
    _number("tenant"),
    _number("callback"),
    _number("number"),
    _number("at"),
    _number("status", nullable=True),
    _text("error", nullable=True),
    _number("latency", nullable=True),
    _text("answer"),
    PrimaryKeyConstraint("tenant", "callback", "number"),
)

throttle = Table(  # used on PostgreSQL only: an embedded store is throttled in memory
    "throttle",
    metadata,
    _number("tenant"),
    _number("account"),
    Column("recent", Text().with_variant(ARRAY(BigInteger), "postgresql")),
    PrimaryKeyConstraint("tenant", "account"),
)

OF_A_TENANT = tuple(table for table in metadata.sorted_tables if "tenant" in table.c)
